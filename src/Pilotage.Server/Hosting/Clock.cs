namespace Pilotage.Server.Hosting;

/// <summary>Time as the product keeps it: nanoseconds since the Unix epoch, UTC.</summary>
public static class Clock
{
    private const long NsPerTick = 100;
    private const long NsPerMs = 1_000_000;

    /// <summary>Now, in nanoseconds; the clock's resolution is 100 ns.</summary>
    public static long NowNs(this TimeProvider time) => ToNs(time.GetUtcNow());

    /// <summary>A point in time as nanoseconds; what lies before 1677 or after 2262 does not fit and is the nearest that does.</summary>
    public static long ToNs(DateTimeOffset at) =>
        Math.Clamp(at.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks, long.MinValue / NsPerTick, long.MaxValue / NsPerTick) * NsPerTick;

    /// <summary>Nanoseconds as a point in time, cut to 100 ns.</summary>
    public static DateTimeOffset FromNs(long ns) => DateTimeOffset.UnixEpoch.AddTicks(ns / NsPerTick);

    /// <summary>Nanoseconds as milliseconds; whole ones are exact, which a division of doubles is not.</summary>
    public static double ToMs(long ns) => (ns / NsPerMs) + (ns % NsPerMs / (double)NsPerMs);

    /// <summary>Nanoseconds as RFC 3339 with as many digits as needed.</summary>
    public static string Rfc3339(long ns) => FromNs(ns).ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'");
}
