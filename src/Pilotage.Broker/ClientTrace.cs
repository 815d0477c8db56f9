namespace Pilotage.Broker;

/// <summary>Tells of every packet of some clients until its time is over or it is disposed of.</summary>
public sealed class ClientTrace : IDisposable
{
    /// <summary>Packets told in one second; what comes on top is counted.</summary>
    public const int PacketsPerSecondMax = 200;

    /// <summary>The longest time of a trace.</summary>
    public static readonly TimeSpan TimeMax = TimeSpan.FromMinutes(10);

    private readonly Lock _gate = new();
    private readonly Func<ClientIdentity, bool> _whom;
    private readonly Action<TracedPacket> _tell;
    private readonly TimeSpan _lasts;
    private readonly TimeProvider _time;
    private readonly long _began;
    private long _second = -1;
    private int _told;
    private long _skipped;
    private volatile bool _disposed;

    internal ClientTrace(Func<ClientIdentity, bool> whom, TimeSpan lasts, Action<TracedPacket> tell, TimeProvider time)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lasts, TimeMax);
        _whom = whom;
        _lasts = lasts;
        _tell = tell;
        _time = time;
        _began = time.GetTimestamp();
    }

    /// <summary>Whether nothing more is told.</summary>
    public bool IsOver => _disposed || _time.GetElapsedTime(_began) >= _lasts;

    /// <summary>Ends it at once.</summary>
    public void Dispose() => _disposed = true;

    internal bool Concerns(ClientIdentity who) => !IsOver && _whom(who);

    internal void Tell(in TracedPacket packet)
    {
        lock (_gate)
        {
            var second = (long)_time.GetElapsedTime(_began).TotalSeconds;
            if (second != _second)
            {
                (_second, _told) = (second, 0);
            }

            if (_told == PacketsPerSecondMax)
            {
                _skipped++;
                return;
            }

            _told++;
            _tell(packet with { Skipped = _skipped });
            _skipped = 0;
        }
    }
}
