namespace Pilotage.Broker;

/// <summary>Wall-clock time as the rest of the product keeps it.</summary>
internal static class BrokerClock
{
    private const long NsPerTick = 100;

    /// <summary>Nanoseconds since the Unix epoch, UTC.</summary>
    public static long Ns(TimeProvider time) => (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * NsPerTick;
}
