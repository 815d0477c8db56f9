using Pilotage.Core.Units;
using Pilotage.Server.Fabric.Retention;
using Pilotage.Server.Hosting;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Query;

/// <summary>One group of an answer.</summary>
/// <param name="Group">The device's id, or what else makes the group; empty for all series together.</param>
/// <param name="Rank">What it was ranked by, where the first of many were asked for.</param>
/// <param name="Points">[start of the window in ms since 1970 UTC, a value for each function]; null where a window has none.</param>
/// <param name="Unit">What its values are in, where that is not the same for all groups; absent where it is, or where nothing says so.</param>
internal sealed record AggregateRow(string Group, double? Rank, IReadOnlyList<double?[]> Points, string? Unit = null);

/// <summary>Runs a query of aggregates over the store, one series at a time.</summary>
internal static class AggregateRun
{
    /// <summary>Points read at most: a second or so of one processor.</summary>
    public const long PointsMax = 100_000_000;

    /// <summary>Values given at most.</summary>
    public const long ValuesMax = 500_000;

    /// <summary>Windows held at most, of all groups together: some 150 MB.</summary>
    public const int WindowsMax = 1_500_000;

    // Long enough to be worth a turn of another processor, and one query never takes all of a large machine.
    private const int SeriesEach = 32;
    private const int ProcessorsMax = 4;

    /// <exception cref="OperationCanceledException">Whoever asked has gone.</exception>
    public static Outcome<IReadOnlyList<AggregateRow>> Run(
        TimeSeriesStore store, RollUps rollUps, AggregateQuery query, CancellationToken cancellation, long pointsMax = PointsMax, int windowsMax = WindowsMax)
    {
        var touched = query.Sources.Sum(source => store.PointsTouched(source.Key, query.FromNs, query.ToNs - 1));
        if (touched > pointsMax)
        {
            return TooCostly($"would read about {touched:N0} points; {pointsMax:N0} are the most");
        }

        if (Groups(rollUps, query, windowsMax, cancellation) is not { } groups)
        {
            return TooCostly($"would hold more than {windowsMax:N0} windows");
        }

        var filled = groups.Values.Where(group => group.Windows.Count > 0).OrderBy(group => group.Key, StringComparer.Ordinal).ToList();
        var ranked = Ranked(filled, query);
        var values = ranked.Aggregate(Int128.Zero, (sum, each) => sum + WindowsOf(each.Group, query)) * query.Functions.Count;
        return values > ValuesMax
            ? TooCostly($"would give {values:N0} values; {ValuesMax:N0} are the most")
            : (Outcome<IReadOnlyList<AggregateRow>>)ranked.ConvertAll(each => new AggregateRow(each.Group.Key, each.Rank, Points(each.Group, query), query.Units.GetValueOrDefault(each.Group.Key)));
    }

    /// <summary>What the answer cannot tell, in a sentence; null where it tells all.</summary>
    public static string? NoteOf(RollUps rollUps, AggregateQuery query)
    {
        var missing = query.Sources.Select(source => rollUps.LeftOut(source.Key, query.FromNs, query.WindowNs)).FirstOrDefault(length => length is not null) is { } left
            ? $"Of a part of the time, windows of {left} are all that retention left, and what was asked for is no whole number of them: that part is missing. Ask for a whole number of {left}."
            : null;
        var cut = query.Sources.Select(source => rollUps.Cut(source.Key, query.FromNs, query.ToNs, query.WindowNs)).FirstOrDefault(length => length is not null) is { } whole
            ? $"Of a part of the time, windows of {whole} are all that retention left, and those that the time asked for cuts at its ends are left out. Begin and end at whole windows of {whole}."
            : null;
        string[] notes = [.. new[] { query.Note, missing, cut }.OfType<string>()];
        return notes.Length == 0 ? null : string.Join(' ', notes);
    }

    /// <summary>The refusal of a query for what it would cost.</summary>
    public static Refusal TooCostly(string says) =>
        new("fabric.query.cost", $"The query {says}. Ask for a shorter time, longer windows, or fewer devices.");

    /// <summary>The windows of all groups, by several processors where there are many series; null where they are too many to hold.</summary>
    private static Dictionary<string, AggregateGroup>? Groups(
        RollUps rollUps, AggregateQuery query, int windowsMax, CancellationToken cancellation)
    {
        var parts = new Dictionary<string, AggregateGroup>[(query.Sources.Count + SeriesEach - 1) / SeriesEach];
        long held = 0;
        var spread = new ParallelOptions { CancellationToken = cancellation, MaxDegreeOfParallelism = Math.Min(Environment.ProcessorCount, ProcessorsMax) };
        var result = Parallel.For(0, parts.Length, spread, (part, state) =>
        {
            var groups = parts[part] = new Dictionary<string, AggregateGroup>(StringComparer.Ordinal);
            foreach (var source in query.Sources.Skip(part * SeriesEach).Take(SeriesEach))
            {
                cancellation.ThrowIfCancellationRequested();
                var windows = Windows(rollUps, query, source).Take(windowsMax + 1).ToList();
                if (Interlocked.Add(ref held, GroupOf(groups, source.Group).Add(windows)) > windowsMax)
                {
                    state.Stop();
                    return;
                }
            }
        });
        if (!result.IsCompleted)
        {
            return null;
        }

        // In their order, so that sums come out the same each time.
        var all = new Dictionary<string, AggregateGroup>(StringComparer.Ordinal);
        foreach (var group in parts.SelectMany(part => part.Values))
        {
            _ = GroupOf(all, group.Key).Add(group.Windows);
        }

        return all;
    }

    private static AggregateGroup GroupOf(Dictionary<string, AggregateGroup> groups, string key)
    {
        if (!groups.TryGetValue(key, out var group))
        {
            groups.Add(key, group = new AggregateGroup(key));
        }

        return group;
    }

    private static IEnumerable<WindowAggregate> Windows(RollUps rollUps, AggregateQuery query, AggregateSource source)
    {
        var windows = rollUps.Aggregate(source.Key, query.FromNs, query.ToNs, query.WindowNs, query.WithEnds);
        return source.Conversion is { IsIdentity: false } conversion ? windows.Select(window => In(conversion, window)) : windows;
    }

    /// <summary>A window in another unit, before it is put together with those of devices that measure in a third.</summary>
    private static WindowAggregate In(UnitConversion conversion, WindowAggregate window) => window with
    {
        Min = conversion.Of(window.Min),
        Max = conversion.Of(window.Max),
        Sum = conversion.OfSum(window.Sum, window.Count),
        First = window.First is { } first ? first with { Value = conversion.Of(first.Value) } : null,
        Last = window.Last is { } last ? last with { Value = conversion.Of(last.Value) } : null,
    };

    private static List<(AggregateGroup Group, double? Rank)> Ranked(List<AggregateGroup> groups, AggregateQuery query)
    {
        if (query.Top is not { } top)
        {
            return groups.ConvertAll(group => (group, (double?)null));
        }

        var ranks = groups.ConvertAll(group => (Group: group, Rank: query.By.Of(group.Whole)));
        ranks.RemoveAll(each => each.Rank is null);
        var ordered = query.Ascending ? ranks.OrderBy(each => each.Rank) : ranks.OrderByDescending(each => each.Rank);
        return [.. ordered.Take(top)];
    }

    private static Int128 WindowsOf(AggregateGroup group, AggregateQuery query)
    {
        if (query.Fill == Fill.None || query.WindowNs is not { } length)
        {
            return group.Windows.Count;
        }

        var (first, last) = Span(group, query, length);
        return (((Int128)last - first) / length) + 1;
    }

    /// <summary>The first and last window that is told: those of the time asked for, or where there is none of the data.</summary>
    private static (long First, long Last) Span(AggregateGroup group, AggregateQuery query, long length) => (
        query.FromNs == long.MinValue ? group.Windows[0].StartNs : WindowAggregate.StartOf(Math.Max(query.FromNs, long.MinValue + length), length),
        query.ToNs == long.MaxValue ? group.Windows[^1].StartNs : WindowAggregate.StartOf(query.ToNs - 1, length));

    private static List<double?[]> Points(AggregateGroup group, AggregateQuery query)
    {
        if (query.Fill == Fill.None || query.WindowNs is not { } length)
        {
            return [.. group.Windows.Select(window => Told(window.StartNs, query, function => function.Of(window)))];
        }

        var points = new List<double?[]>();
        var first = Span(group, query, length).First;
        var windows = (long)WindowsOf(group, query);
        var next = 0;
        for (var i = 0L; i < windows; i++)
        {
            var start = first + (i * length);
            if (next < group.Windows.Count && group.Windows[next].StartNs == start)
            {
                var window = group.Windows[next++];
                points.Add(Told(start, query, function => function.Of(window)));
            }
            else
            {
                points.Add(Told(start, query, function => Between(group.Windows, next, start, function, query.Fill)));
            }
        }

        return points;
    }

    /// <summary>What stands in a window without points; <paramref name="next"/> is the first window after it.</summary>
    private static double? Between(IReadOnlyList<WindowAggregate> windows, int next, long startNs, AggregateFunction function, Fill fill)
    {
        if (fill == Fill.Null || next == 0)
        {
            return null;
        }

        var before = windows[next - 1];
        if (fill == Fill.Previous)
        {
            return function.Of(before);
        }

        if (next == windows.Count)
        {
            return null;
        }

        var (low, high) = (function.Of(before), function.Of(windows[next]));
        return low + ((high - low) * ((double)(startNs - before.StartNs) / (windows[next].StartNs - before.StartNs)));
    }

    private static double?[] Told(long startNs, AggregateQuery query, Func<AggregateFunction, double?> value) =>
        [startNs == long.MinValue ? null : Clock.ToMs(startNs), .. query.Functions.Select(function => Finite(value(function)))];

    // A sum can leave what a double holds; JSON has no word for that.
    private static double? Finite(double? value) => value is { } number && double.IsFinite(number) ? number : null;
}
