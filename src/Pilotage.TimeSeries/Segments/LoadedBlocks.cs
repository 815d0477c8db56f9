using Pilotage.TimeSeries.Head;

namespace Pilotage.TimeSeries.Segments;

/// <summary>Blocks kept decoded for comparing what arrives late with what is stored: their times, and all of those where something was found.</summary>
/// <remarks>Guarded by the store's lock. Bounded; at the bound all is let go of.</remarks>
internal sealed class LoadedBlocks
{
    // Numbers and letters of blocks kept: 8 MiB of numbers.
    private const long KeptMax = 1_000_000;
    private const int RowNumbers = 4;
    private readonly Dictionary<BlockRef, RowSpan> _times = [];
    private readonly Dictionary<BlockRef, RowSpan> _whole = [];
    private long _kept;

    /// <summary>The last row to arrive with a time; null where there is none, or the block is damaged.</summary>
    public (RowSpan Rows, int Row)? Find(BlockRef block, long timeNs)
    {
        if (!_whole.TryGetValue(block, out var rows))
        {
            // Fast path: nothing is stored at most times that arrive late, and the times tell that.
            if (Times(block) is not { } times || times.Times.AsSpan().LastIndexOf(timeNs) < 0)
            {
                return null;
            }

            rows = block.Segment.Load(block, null, BlockParts.All);
            if (rows is null)
            {
                return null;
            }

            Keep(_whole, block, rows, rows.Values.Length + ((long)RowNumbers * rows.Count) + (rows.Texts.Sum(text => (long)text.Length) / RowNumbers));
        }

        var row = rows.Times.AsSpan().LastIndexOf(timeNs);
        return row < 0 ? null : (rows, row);
    }

    public void Clear()
    {
        _times.Clear();
        _whole.Clear();
        _kept = 0;
    }

    private RowSpan? Times(BlockRef block)
    {
        if (!_times.TryGetValue(block, out var rows) && block.Segment.Load(block, [], BlockParts.None) is { } loaded)
        {
            Keep(_times, block, rows = loaded, loaded.Count);
        }

        return rows;
    }

    private void Keep(Dictionary<BlockRef, RowSpan> among, BlockRef block, RowSpan rows, long numbers)
    {
        if (_kept + numbers > KeptMax)
        {
            Clear();
        }

        among[block] = rows;
        _kept += numbers;
    }
}
