namespace Pilotage.Server.Hosting;

/// <summary>Time as the product keeps it: nanoseconds since the Unix epoch, UTC.</summary>
public static class Clock
{
    private const long NsPerTick = 100;

    /// <summary>Now, in nanoseconds; the clock's resolution is 100 ns.</summary>
    public static long NowNs(this TimeProvider time) => ToNs(time.GetUtcNow());

    /// <summary>A point in time as nanoseconds.</summary>
    public static long ToNs(DateTimeOffset at) => (at.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) * NsPerTick;

    /// <summary>Nanoseconds as a point in time, cut to 100 ns.</summary>
    public static DateTimeOffset FromNs(long ns) => DateTimeOffset.UnixEpoch.AddTicks(ns / NsPerTick);

    /// <summary>Nanoseconds as RFC 3339 with as many digits as needed.</summary>
    public static string Rfc3339(long ns) => FromNs(ns).ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'");
}
