using Pilotage.Streams.Expressions;

namespace Pilotage.Streams.Windows;

/// <summary>Windows of one kind that keep their rows once: the longest holds them, the shorter ones look at its
/// end.</summary>
internal sealed class SharedRows
{
    private SharedRows(FrameKind kind, IReadOnlyList<WindowSpec> windows)
    {
        Kind = kind;
        var union = new WindowSpec(new(kind, windows.Max(window => window.Frame.Preceding)));
        Preceding = union.Frame.Preceding;
        Parts = [.. windows.Select(window => new Part(window.Frame.Preceding, Moved(window, union)))];
        Columns = [.. union.Columns];
        TextColumns = [.. union.TextColumns];
    }

    public FrameKind Kind { get; }

    /// <summary>How far back the longest of them reaches, in rows or nanoseconds.</summary>
    public long Preceding { get; }

    public Scalar[] Columns { get; }

    /// <summary>The columns that hold texts.</summary>
    public int[] TextColumns { get; }

    public Part[] Parts { get; }

    // Values kept for each unit of length. The time of a row counts as one where it is kept.
    private double Cost => (Preceding + 1.0) * (Columns.Length + (Kind == FrameKind.Range ? 1 : 0));

    /// <summary>The bounded windows among these, each kind together if that keeps no more than each window by
    /// itself.</summary>
    public static IReadOnlyList<SharedRows> Of(IEnumerable<WindowSpec> windows)
    {
        var rows = new List<SharedRows>();
        foreach (var kind in windows.Where(window => window.Frame.Kind != FrameKind.Unbounded).GroupBy(window => window.Frame.Kind))
        {
            // A window of rows that keeps no columns is a mere count and best alone, however long.
            var free = kind.Where(window => kind.Key == FrameKind.Rows && window.Columns.Count == 0).ToArray();
            var keeping = kind.Except(free).ToArray();
            rows.AddRange(free.Select(window => new SharedRows(kind.Key, [window])));
            if (keeping.Length == 0)
            {
                continue;
            }

            var apart = keeping.Select(window => new SharedRows(kind.Key, [window])).ToArray();
            var together = new SharedRows(kind.Key, keeping);
            rows.AddRange(together.Cost <= apart.Sum(window => window.Cost) ? [together] : apart);
        }

        return rows;
    }

    public SlidingBuffer NewBuffer() => new(Columns.Length, timed: Kind == FrameKind.Range);

    private static AggregateCall[] Moved(WindowSpec window, WindowSpec union) =>
    [
        .. window.Calls.Select(call => call with
        {
            Column = call.Column < 0 ? -1 : union.ColumnOf(window.Columns[call.Column], window.TextColumns.Contains(call.Column)),
            Second = call.Second < 0 ? -1 : union.ColumnOf(window.Columns[call.Second], isText: false),
        }),
    ];

    /// <summary>One of the windows: how far back it reaches and what it computes from the shared columns.</summary>
    internal readonly record struct Part(long Preceding, AggregateCall[] Calls);
}
