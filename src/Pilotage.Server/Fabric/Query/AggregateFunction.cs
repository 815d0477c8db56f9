using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Query;

/// <summary>What a window is told by.</summary>
internal enum AggregateFunction
{
    Avg,
    Min,
    Max,
    Sum,
    Count,
    First,
    Last,
}

internal static class AggregateFunctions
{
    /// <summary>Their names, as queries give them.</summary>
    public static IReadOnlyList<string> Names { get; } = ["avg", "min", "max", "sum", "count", "first", "last"];

    /// <summary>Whether it needs the first or the last point of a window.</summary>
    public static bool IsOfAnEnd(this AggregateFunction function) => function is AggregateFunction.First or AggregateFunction.Last;

    public static bool TryParse(string name, out AggregateFunction function)
    {
        for (var i = 0; i < Names.Count; i++)
        {
            if (Names[i] == name)
            {
                function = (AggregateFunction)i;
                return true;
            }
        }

        function = default;
        return false;
    }

    public static string NameOf(AggregateFunction function) => Names[(int)function];

    /// <summary>What a window comes to; null of an end whose point is gone.</summary>
    public static double? Of(this AggregateFunction function, WindowAggregate window) => function switch
    {
        AggregateFunction.Avg => window.Mean,
        AggregateFunction.Min => window.Min,
        AggregateFunction.Max => window.Max,
        AggregateFunction.Sum => window.Sum,
        AggregateFunction.Count => window.Count,
        AggregateFunction.First => window.First?.Value,
        AggregateFunction.Last => window.Last?.Value,
        _ => throw new ArgumentOutOfRangeException(nameof(function), function, "no such function"),
    };
}
