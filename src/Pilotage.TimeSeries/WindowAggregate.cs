namespace Pilotage.TimeSeries;

/// <summary>What the points of one window come to. Points that are bad or not finite count as none.</summary>
/// <param name="StartNs">Where the window begins; it ends before the next one's start.</param>
/// <param name="Count">Points in it, one at least.</param>
/// <param name="Min">The least value.</param>
/// <param name="Max">The greatest value.</param>
/// <param name="Sum">Of all values.</param>
/// <param name="First">The earliest point; null where nobody asked for it.</param>
/// <param name="Last">The latest point; null where nobody asked for it.</param>
public readonly record struct WindowAggregate(long StartNs, long Count, double Min, double Max, double Sum, Point? First, Point? Last)
{
    /// <summary>The arithmetic mean.</summary>
    public double Mean => Sum / Count;

    /// <summary>The start of the window that a time falls into; windows are aligned to the epoch, as those of pipelines are.</summary>
    public static long StartOf(long timeNs, long windowNs)
    {
        var past = timeNs % windowNs;
        return timeNs - (past < 0 ? past + windowNs : past);
    }

    /// <summary>The same window of two series, or two parts of one window, as one.</summary>
    public WindowAggregate With(WindowAggregate other) => new(
        StartNs,
        Count + other.Count,
        Math.Min(Min, other.Min),
        Math.Max(Max, other.Max),
        Sum + other.Sum,
        First is null || other.First is null ? null : other.First.Value.TimeNs < First.Value.TimeNs ? other.First : First,
        Last is null || other.Last is null ? null : other.Last.Value.TimeNs > Last.Value.TimeNs ? other.Last : Last);
}
