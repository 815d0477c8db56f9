using Pilotage.TimeSeries.Head;
using Pilotage.TimeSeries.Segments;

namespace Pilotage.TimeSeries;

/// <summary>Rows of one shape, in memory or in a block, that a merge opens when it gets there.</summary>
internal sealed record RowSource
{
    private readonly RowSpan? _rows;

    /// <summary>Rows in memory, by time or by arrival.</summary>
    public RowSource(RowSpan rows, int[] columns, bool byTime)
    {
        _rows = rows;
        Columns = columns;
        Count = rows.Count;
        (First, Last) = byTime ? rows.Span : (rows.Arrivals[0], rows.Arrivals[rows.Count - 1]);
    }

    /// <summary>Rows in a block, by time or by arrival. No columns: all of them.</summary>
    public RowSource(BlockRef block, int[]? columns, bool byTime)
    {
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

    /// <summary>Gives the rows; null when they are damaged.</summary>
    public RowSpan? Load(BlockParts parts) => _rows ?? Block!.Segment.Load(Block, Columns, parts);
}
