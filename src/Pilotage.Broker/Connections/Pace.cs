namespace Pilotage.Broker.Connections;

/// <summary>How often something may happen: a rate, with a burst above it (generic cell rate algorithm, ITU-T I.371).</summary>
/// <remarks>Not safe for use by several threads at once.</remarks>
internal struct Pace
{
    private long _dueAt;

    /// <summary>
    /// Counts one occurrence; answers how long it should have waited, zero while it keeps to the rate or within the burst.
    /// </summary>
    /// <param name="time">A monotonic clock.</param>
    /// <param name="perSecond">The rate; positive.</param>
    /// <param name="burst">How many may come at once; at least 1.</param>
    public TimeSpan Count(TimeProvider time, int perSecond, int burst)
    {
        var (now, step) = (time.GetTimestamp(), StepOf(time, perSecond));
        var wait = Wait(now, step, burst);
        _dueAt = Math.Max(_dueAt, now) + step;
        return time.GetElapsedTime(0, wait);
    }

    /// <summary>How long the next occurrence would have to wait.</summary>
    public readonly TimeSpan Wait(TimeProvider time, int perSecond, int burst) =>
        time.GetElapsedTime(0, Wait(time.GetTimestamp(), StepOf(time, perSecond), burst));

    /// <summary>Whether nothing is owed any more.</summary>
    public readonly bool IsAtRest(TimeProvider time) => _dueAt <= time.GetTimestamp();

    private static long StepOf(TimeProvider time, int perSecond) => Math.Max(1, time.TimestampFrequency / perSecond);

    private readonly long Wait(long now, long step, int burst) => Math.Max(0, _dueAt - ((burst - 1) * step) - now);
}
