namespace Pilotage.Broker.Sessions;

/// <summary>
/// The clock that lives are counted by: how long messages and sessions have waited. It goes at the pace of the monotonic
/// clock and does not jump when the wall clock is set; across a restart it goes on from where the session log says it was.
/// </summary>
/// <remarks>
/// Its readings look like nanoseconds since the Unix epoch and are, until the wall clock is set. While the broker does not
/// run nothing but the wall clock can tell how much time passes, so a jump of that time is believed if it goes forward.
/// </remarks>
internal sealed class AgeClock(TimeProvider time)
{
    // Less is drift, of which a restart may make that much too much or too little.
    private const long ToleranceNs = 5_000_000_000;
    private const long NsPerTick = 100;

    private readonly long _started = time.GetTimestamp();
    private readonly long _wallNs = BrokerClock.Ns(time);
    private long _startNs = BrokerClock.Ns(time);
    private long _notedNs;

    /// <summary>Now. From any thread, once <see cref="GoOn"/> has been called.</summary>
    public long Ns => _startNs + (time.GetElapsedTime(_started).Ticks * NsPerTick);

    /// <summary>Goes on where an earlier process left off; before anybody reads it.</summary>
    /// <param name="aheadNs">How far the wall clock was ahead of this one then, negative when it was behind.</param>
    /// <param name="latestNs">The latest reading that is known; it never goes back behind it.</param>
    public void GoOn(long aheadNs, long latestNs)
    {
        _notedNs = aheadNs;
        _startNs = Math.Max(_wallNs - aheadNs, latestNs);
    }

    /// <summary>How far the wall clock is ahead of this one; negative when it is behind.</summary>
    public long AheadNs => BrokerClock.Ns(time) - Ns;

    /// <summary>Whether the wall clock stands elsewhere than the log says, by more than drift.</summary>
    public bool HasMoved => Math.Abs(AheadNs - _notedNs) >= ToleranceNs;

    /// <summary>The log says so now.</summary>
    public void Noted(long aheadNs) => _notedNs = aheadNs;
}
