using System.Runtime.CompilerServices;
using Pilotage.TimeSeries.Head;

namespace Pilotage.TimeSeries.Segments;

/// <summary>Where a block of rows stands and what it spans; all of it is kept in memory.</summary>
/// <param name="HeadBytes">Length of what explains the block and sums it up; 0 where an earlier version wrote none.</param>
internal sealed record BlockRef(
    SegmentFile Segment,
    long Offset,
    int Length,
    int HeadBytes,
    Shape Shape,
    int Rows,
    long FirstNs,
    long LastNs,
    long FirstArrival,
    long LastArrival)
{
    private volatile KeptBlock? _kept;

    /// <summary>What queries read of it and is kept. Set by the cache alone.</summary>
    public KeptBlock? Kept
    {
        get => _kept;
        set => _kept = value;
    }

    // One block is one place in one file: what is kept of it makes no other of it.
    public bool Equals(BlockRef? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => RuntimeHelpers.GetHashCode(this);
}
