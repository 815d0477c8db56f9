using System.Globalization;
using Pilotage.Streams.Expressions;

namespace Pilotage.Streams.Windows;

/// <summary>One window of a query: the values it keeps per row and the aggregates computed over them.</summary>
internal sealed class WindowSpec(WindowFrame frame)
{
    private readonly List<string> _described = [];

    public WindowFrame Frame => frame;

    public List<Scalar> Columns { get; } = [];

    /// <summary>The columns that hold texts.</summary>
    public List<int> TextColumns { get; } = [];

    public List<AggregateCall> Calls { get; } = [];

    /// <summary>The column that keeps this expression; two aggregates over one expression share it.</summary>
    public int ColumnOf(Scalar scalar, bool isText)
    {
        var described = scalar.Describe();
        var found = _described.IndexOf(described);
        if (found >= 0)
        {
            return found;
        }

        _described.Add(described);
        Columns.Add(scalar);
        if (isText)
        {
            TextColumns.Add(Columns.Count - 1);
        }

        return Columns.Count - 1;
    }

    /// <summary>Whether an aggregate holds a text: which one was first or last, not how many there were.</summary>
    public bool HoldsText(AggregateCall call) => call.Function is AggregateFunction.First or AggregateFunction.Last && TextColumns.Contains(call.Column);

    public string Describe() =>
        $"{frame.Kind} {frame.Preceding} [{string.Join(", ", _described)}] {string.Join(", ", Calls.Select(Described))}";

    // Functions without arguments are spelled as before there were any, so that their state is taken over.
    private static string Described(AggregateCall call)
    {
        var arguments = call is { Argument: 0, Low: 0, High: 0 } ? "" : string.Create(CultureInfo.InvariantCulture, $" of {call.Argument:R} {call.Low:R} {call.High:R}");
        return $"{call.Function}({call.Column}, {call.Second}, {call.Offset}){arguments}@{call.Slot}";
    }
}
