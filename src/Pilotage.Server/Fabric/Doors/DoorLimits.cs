using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Fabric.Doors;

/// <summary>How much telemetry comes in over HTTP at once, and how often from one device.</summary>
/// <remarks>A request holds its body in memory, so their number times <see cref="ServerOptions.IngestBytesMax"/> is the bound.</remarks>
internal sealed class DoorLimits(ServerOptions options, TimeProvider time, IMeterFactory meters) : Turnstile(
    meters,
    new("pilotage.ingest.requests.refused", "{request}", "Requests with telemetry that were turned away, whatever was in them.", "cause", "busy", "rate", "too-large"),
    options.IngestRequestsMax,
    new("fabric.ingest.too_many", $"{options.IngestRequestsMax} requests with telemetry are being stored already; send this one again."))
{
    /// <summary>What a caller that was turned away waits before it comes again.</summary>
    public const int RetrySeconds = 1;

    private const int Burst = 4; // As over MQTT: four seconds' worth at once.
    private readonly ConcurrentDictionary<(TenantId Tenant, DeviceId Device), Bucket> _devices = new();

    /// <summary>Lets a request in until its place is disposed of, or says why not.</summary>
    public Outcome<Place> Enter(Principal who)
    {
        if (who.Device is { } device && !_devices.GetOrAdd((who.Tenant, device), _ => new Bucket()).TryTake(options.PublishesPerSecond, time))
        {
            return Refused("rate", new("fabric.ingest.too_many", $"{device} sends more than {options.PublishesPerSecond} requests a second; put several values into one, and send this one again."));
        }

        var place = Enter();
        return place.IsOk ? place : Refused("busy", place.Refusal);
    }

    /// <summary>Counts a body that was too large.</summary>
    public Refusal TooLarge() => Refused("too-large", new(
        "fabric.ingest.too_large", $"The body has more than {options.IngestBytesMax} bytes, unpacked; send it in several."));

    private Refusal Refused(string cause, Refusal refusal)
    {
        Count(cause);
        return refusal;
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
