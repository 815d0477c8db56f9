namespace Pilotage.TimeSeries.Segments;

/// <summary>Bounds what is kept of blocks for the next query. What is kept hangs on the block itself, so finding it costs nothing.</summary>
/// <remarks>
/// Blocks never change, so nothing here can be out of date. There are two generations: a block that is used moves to the
/// younger, and when that is full the older one is let go of. Merges, copies and replays of whole rows do not come by
/// here, or they would push out what charts ask for.
/// </remarks>
/// <param name="bytesMax">What both generations hold at most, about; 0 keeps nothing.</param>
internal sealed class BlockCache(long bytesMax)
{
    // A part of more than this share would push out too many others.
    private const int ShareMax = 64;
    private readonly Lock _gate = new();
    private List<KeptBlock> _young = [];
    private List<KeptBlock> _old = [];
    private long _youngBytes;
    private long _bytes;
    private volatile int _turn;

    /// <summary>Memory of what is kept.</summary>
    public long Bytes
    {
        get
        {
            lock (_gate)
            {
                return _bytes;
            }
        }
    }

    /// <summary>What is kept of a block; null where nothing is.</summary>
    public KeptBlock? Find(BlockRef block)
    {
        var kept = block.Kept;
        if (kept is not null && kept.Turn != _turn)
        {
            Renew(kept);
        }

        StoreMetrics.BlockAsked(kept is not null);
        return kept;
    }

    /// <summary>Keeps what explains a block, unless it is too long.</summary>
    public KeptBlock? Keep(BlockRef block, ReadOnlySpan<byte> head, (int Offset, int Length, uint Crc)[] sections)
    {
        if (!HasRoomFor(head.Length + KeptBlock.BytesBeside))
        {
            return null;
        }

        var kept = new KeptBlock(block, head.ToArray(), sections);
        lock (_gate)
        {
            if (block.Kept is not null || block.Segment.IsRetired)
            {
                return block.Kept;
            }

            (block.Kept, kept.Turn) = (kept, _turn);
            _young.Add(kept);
            Grow(kept.Bytes);
        }

        return kept;
    }

    /// <summary>Keeps a section of a block, unless it is too long.</summary>
    public void Keep(KeptBlock kept, int section, ReadOnlySpan<byte> bytes)
    {
        if (HasRoomFor(bytes.Length) && Interlocked.CompareExchange(ref kept.Parts[section], bytes.ToArray(), null) is null)
        {
            Add(kept, bytes.Length);
        }
    }

    /// <summary>Keeps what a column of a block comes to.</summary>
    public void Keep(KeptBlock kept, int column, ColumnSums sums)
    {
        if (Interlocked.CompareExchange(ref kept.Sums[column], sums, null) is null)
        {
            Add(kept, sums.Bytes);
        }
    }

    /// <summary>Keeps the times of a block that were asked for, in place of those before.</summary>
    public void Keep(KeptBlock kept, TimesBetween between)
    {
        lock (_gate)
        {
            var bytes = between.Bytes - (kept.Between?.Bytes ?? 0);
            kept.Between = between;
            if (kept.Block.Kept == kept)
            {
                kept.Bytes += bytes;
                Grow(bytes);
            }
        }
    }

    /// <summary>Lets go of the blocks of segments that were merged into another: their files stay as long as anybody holds one.</summary>
    public void Forget(IReadOnlyList<SegmentFile> segments)
    {
        lock (_gate)
        {
            foreach (var segment in segments)
            {
                segment.IsRetired = true;
            }

            foreach (var block in segments.SelectMany(segment => segment.Blocks))
            {
                if (block.Kept is { } kept)
                {
                    block.Kept = null;
                    _youngBytes -= kept.Turn == _turn ? kept.Bytes : 0;
                    Count(-kept.Bytes);
                }
            }

            _young.RemoveAll(kept => kept.Block.Kept != kept);
            _old.RemoveAll(kept => kept.Block.Kept != kept);
        }
    }

    private bool HasRoomFor(int bytes) => bytes <= bytesMax / ShareMax;

    private void Add(KeptBlock kept, long bytes)
    {
        lock (_gate)
        {
            // Whoever reads a block while it is let go of keeps the rest for nobody.
            if (kept.Block.Kept == kept)
            {
                kept.Bytes += bytes;
                Grow(bytes);
            }
        }
    }

    private void Renew(KeptBlock kept)
    {
        lock (_gate)
        {
            if (kept.Block.Kept == kept && kept.Turn != _turn)
            {
                kept.Turn = _turn;
                _young.Add(kept);
                _youngBytes += kept.Bytes;
                TurnWhenFull();
            }
        }
    }

    private void Grow(long bytes)
    {
        Count(bytes);
        _youngBytes += bytes;
        TurnWhenFull();
    }

    private void TurnWhenFull()
    {
        if (_youngBytes < bytesMax / 2)
        {
            return;
        }

        foreach (var kept in _old)
        {
            if (kept.Turn != _turn && kept.Block.Kept == kept)
            {
                kept.Block.Kept = null;
                Count(-kept.Bytes);
            }
        }

        (_old, _young, _youngBytes) = (_young, [], 0);
        _turn++;
    }

    private void Count(long bytes)
    {
        _bytes += bytes;
        StoreMetrics.Cached(bytes);
    }
}
