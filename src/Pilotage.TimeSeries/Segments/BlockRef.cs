using Pilotage.TimeSeries.Head;

namespace Pilotage.TimeSeries.Segments;

/// <summary>Where a block of rows stands and what it spans; all of it is kept in memory.</summary>
internal sealed record BlockRef(
    SegmentFile Segment,
    long Offset,
    int Length,
    Shape Shape,
    int Rows,
    long FirstNs,
    long LastNs,
    long FirstArrival,
    long LastArrival);
