namespace Pilotage.TimeSeries.Query;

/// <summary>From a time to a time, both included.</summary>
internal readonly record struct TimeRange(long FromNs, long ToNs)
{
    public static TimeRange All => new(long.MinValue, long.MaxValue);

    /// <summary>Whether times that begin and end so are all in it.</summary>
    public bool Contains(long firstNs, long lastNs) => FromNs <= firstNs && lastNs <= ToNs;
}
