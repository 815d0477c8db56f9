using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Fabric.Doors;

/// <summary>How much telemetry comes in over HTTP at once, and how often from one device.</summary>
/// <remarks>A request holds its body in memory, so their number times <see cref="ServerOptions.IngestBytesMax"/> is the bound.</remarks>
internal sealed class DoorLimits
{
    /// <summary>What a caller that was turned away waits before it comes again.</summary>
    public const int RetrySeconds = 1;

    private const int Burst = 4; // As over MQTT: four seconds' worth at once.
    private readonly ServerOptions _options;
    private readonly TimeProvider _time;
    private readonly Counter<long> _refused;
    private readonly ConcurrentDictionary<(TenantId Tenant, DeviceId Device), Bucket> _devices = new();
    private int _open;

    public DoorLimits(ServerOptions options, TimeProvider time, IMeterFactory meters)
    {
        (_options, _time) = (options, time);
        _refused = meters.Create("Pilotage.Server").CreateCounter<long>(
            "pilotage.ingest.requests.refused", "{request}", "Requests with telemetry that were turned away, whatever was in them.");
        foreach (var cause in (string[])["busy", "rate", "too-large"])
        {
            _refused.Add(0, new KeyValuePair<string, object?>("cause", cause));
        }
    }

    /// <summary>Lets a request in until its place is disposed of, or says why not.</summary>
    public Outcome<Place> Enter(Principal who)
    {
        if (who.Device is { } device && !_devices.GetOrAdd((who.Tenant, device), _ => new Bucket()).TryTake(_options.PublishesPerSecond, _time))
        {
            return Refuse("rate", new("fabric.ingest.too_many", $"{device} sends more than {_options.PublishesPerSecond} requests a second; put several values into one, and send this one again."));
        }

        if (Interlocked.Increment(ref _open) > _options.IngestRequestsMax)
        {
            Interlocked.Decrement(ref _open);
            return Refuse("busy", new("fabric.ingest.too_many", $"{_options.IngestRequestsMax} requests with telemetry are being stored already; send this one again."));
        }

        return new Place(this);
    }

    /// <summary>Counts a body that was too large.</summary>
    public Refusal TooLarge() => Refuse("too-large", new(
        "fabric.ingest.too_large", $"The body has more than {_options.IngestBytesMax} bytes, unpacked; send it in several."));

    private Refusal Refuse(string cause, Refusal refusal)
    {
        _refused.Add(1, new KeyValuePair<string, object?>("cause", cause));
        return refusal;
    }

    /// <summary>A request that is let in.</summary>
    internal sealed class Place(DoorLimits limits) : IDisposable
    {
        private int _left;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _left, 1) == 0)
            {
                Interlocked.Decrement(ref limits._open);
            }
        }
    }

    private sealed class Bucket
    {
        private readonly Lock _gate = new();
        private double _tokens = double.MaxValue;
        private long? _last;

        public bool TryTake(int perSecond, TimeProvider time)
        {
            if (perSecond == 0)
            {
                return true;
            }

            lock (_gate)
            {
                var now = time.GetTimestamp();
                _tokens = Math.Min(_tokens + (_last is { } last ? perSecond * time.GetElapsedTime(last, now).TotalSeconds : 0), perSecond * Burst);
                _last = now;
                if (_tokens < 1)
                {
                    return false;
                }

                _tokens--;
                return true;
            }
        }
    }
}
