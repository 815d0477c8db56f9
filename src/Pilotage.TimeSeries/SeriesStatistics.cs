namespace Pilotage.TimeSeries;

/// <summary>What a series holds and how well it was delivered.</summary>
public sealed record SeriesStatistics
{
    /// <summary>Points, one for each distinct device time.</summary>
    public long Count { get; init; }

    /// <summary>Device time of the first point; 0 while there is none.</summary>
    public long FirstNs { get; init; }

    /// <summary>Device time of the last point.</summary>
    public long LastNs { get; init; }

    /// <summary>Points that replaced another value at the same device time.</summary>
    public long Overwritten { get; init; }

    /// <summary>Points that came again with the same value, as redelivery does.</summary>
    public long Repeated { get; init; }

    /// <summary>Points that arrived after one with a later device time.</summary>
    public long Late { get; init; }

    /// <summary>Median distance of neighbouring points; 0 with fewer than two.</summary>
    public long IntervalNs { get; init; }

    /// <summary>Distances of more than 1.5 times the median.</summary>
    public long Gaps { get; init; }

    /// <summary>The longest distance of neighbouring points.</summary>
    public long LongestGapNs { get; init; }

    /// <summary>Points present among those the median distance would make, 0 to 1; 0 with fewer than two.</summary>
    public double Coverage { get; init; }

    /// <summary>Values that are not finite.</summary>
    public long NotFinite { get; init; }

    /// <summary>Points of a quality below good.</summary>
    public long NotGood { get; init; }
}
