namespace Pilotage.Streams.Expressions;

/// <summary>The clock of a place, by the rules that the machine has of it.</summary>
internal sealed class Zone(TimeZoneInfo rules)
{
    private const int NsPerTick = 100;

    public static Zone Utc { get; } = new(TimeZoneInfo.Utc);

    public string Name => rules.Id;

    /// <summary>What the clock shows at an instant, as nanoseconds since it showed 1970.</summary>
    public long Local(long ns) => ns + OffsetNs(ns);

    /// <summary>When the unit that holds an instant began on this clock.</summary>
    public long Floor(long ns, string unit)
    {
        var local = Local(ns);
        var floor = Calendar.Floor(local, unit);

        // Within an hour that the clock shows twice, the one of the two that the instant is in.
        return IsShort(unit) ? ns - (local - floor) : Instant(floor);
    }

    /// <summary>When the next unit begins on this clock, or now where one does.</summary>
    public long Ceil(long ns, string unit)
    {
        var floor = Floor(ns, unit);
        return floor == ns ? ns : IsShort(unit) ? floor + Calendar.LengthOf(unit) : Instant(Calendar.Next(Calendar.Floor(Local(ns), unit), unit));
    }

    private static bool IsShort(string unit) => Calendar.LengthOf(unit) is > 0 and <= Calendar.HourNs;

    private long OffsetNs(long ns) => rules.GetUtcOffset(Calendar.DateOf(ns)).Ticks * NsPerTick;

    /// <summary>The first instant at which the clock shows this; where it skips it, the one at which it does.</summary>
    private long Instant(long local)
    {
        var (before, after) = (OffsetNs(local - Calendar.DayNs), OffsetNs(local + Calendar.DayNs));
        var first = local - Math.Max(before, after);
        return Local(first) == local ? first : local - Math.Min(before, after);
    }
}
