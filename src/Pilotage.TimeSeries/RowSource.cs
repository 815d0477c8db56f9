using Pilotage.TimeSeries.Head;
using Pilotage.TimeSeries.Query;
using Pilotage.TimeSeries.Segments;

namespace Pilotage.TimeSeries;

/// <summary>Rows of one shape, in memory or in a block, that a merge opens when it gets there.</summary>
internal sealed record RowSource
{
    private readonly RowSpan? _rows;
    private readonly IReadOnlyList<Tombstone> _hiding;

    /// <summary>Rows in memory, by time or by arrival.</summary>
    public RowSource(RowSpan rows, int[] columns, IReadOnlyList<Tombstone> tombstones, bool byTime)
    {
        _hiding = Hiding(tombstones, tombstone => tombstone.Touches(rows), columns, rows.Shape);
        _rows = rows;
        Columns = columns;
        Count = rows.Count;
        (First, Last) = byTime ? rows.Span : (rows.Arrivals[0], rows.Arrivals[rows.Count - 1]);
    }

    /// <summary>Rows in a block, by time or by arrival. No columns: all of them.</summary>
    public RowSource(BlockRef block, int[]? columns, IReadOnlyList<Tombstone> tombstones, bool byTime)
    {
        _hiding = Hiding(tombstones, tombstone => tombstone.Touches(block), columns, block.Shape);
        Block = block;
        Columns = columns;
        Count = block.Rows;
        (First, Last) = byTime ? (block.FirstNs, block.LastNs) : (block.FirstArrival, block.LastArrival);
    }

    /// <summary>The block they are in; null of rows in memory.</summary>
    public BlockRef? Block { get; }

    /// <summary>The least key in it: time or arrival, as the merge goes.</summary>
    public long First { get; }

    /// <summary>The greatest one.</summary>
    public long Last { get; }

    /// <summary>How many there are.</summary>
    public int Count { get; }

    /// <summary>Where each property asked for stands in the shape; -1 where it has none.</summary>
    public int[]? Columns { get; }

    /// <summary>Which rows of a block are wanted; others may be there too.</summary>
    public TimeRange Range { get; init; } = TimeRange.All;

    /// <summary>Whether something of it was deleted since it was written.</summary>
    public bool IsHidden => _hiding.Count > 0;

    /// <summary>Whether it was damaged when somebody tried to load it.</summary>
    public bool IsDamaged { get; private set; }

    /// <summary>The one column asked for as a run, where what is kept of its block gives it at once; null where it has to be loaded.</summary>
    public ColumnRun? KeptRun() => Block is { } block && Columns is [>= 0 and var column] && !IsHidden ? block.Segment.KeptRun(block, column, Range) : null;

    /// <summary>Gives the rows that were not deleted; null when they are damaged.</summary>
    public RowSpan? Load(BlockParts parts)
    {
        // Which rows had arrived before a deletion tells their arrival.
        var rows = _rows ?? Block!.Segment.Load(Block, Columns, IsHidden ? parts | BlockParts.Arrivals : parts, Range);
        IsDamaged |= rows is null;
        return rows?.Present(_hiding, Columns);
    }

    private static IReadOnlyList<Tombstone> Hiding(IReadOnlyList<Tombstone> all, Func<Tombstone, bool> touches, int[]? columns, Shape shape) =>
        all.Count == 0 ? [] : [.. all.Where(tombstone => touches(tombstone)
            && (columns is null || Array.Exists(columns, column => column >= 0 && tombstone.IsOf(shape.Properties[column]))))];
}
