namespace Pilotage.Broker.Connections;

/// <summary>The pace of one device, shared by its connections.</summary>
internal sealed class DevicePace(BrokerOptions options, TimeProvider time)
{
    private readonly Lock _gate = new();
    private Pace _pace;

    /// <summary>How many connections share it; changed by <see cref="DevicePaces"/> under its lock.</summary>
    public int Connections { get; set; }

    /// <summary>Whether the device owes nothing any more.</summary>
    public bool IsAtRest
    {
        get
        {
            lock (_gate)
            {
                return _pace.IsAtRest(time);
            }
        }
    }

    /// <summary>One message more; answers how long the connection it came by is not read.</summary>
    public TimeSpan Count()
    {
        lock (_gate)
        {
            return _pace.Count(time, options.PublishesPerSecond, options.PublishBurst);
        }
    }
}
