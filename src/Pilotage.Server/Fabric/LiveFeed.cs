using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Pilotage.Server.Fabric.Ingest;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Fabric;

/// <summary>What just happened, for whoever watches; a watcher that is too slow misses the newest and is told how many.</summary>
internal sealed class LiveFeed
{
    private const int WaitingMax = 1_000;
    private const string OfPresence = "presence";
    private const string OfEvent = "event";
    private const string OfTelemetry = "telemetry";
    private readonly ConcurrentDictionary<Watcher, byte> _watchers = new();
    private readonly ServerOptions _options;

    public LiveFeed(IPresences presences, EventStore events, ServerOptions options)
    {
        _options = options;
        presences.Changed += (tenant, device, presence) => Tell(
            tenant, new LiveEvent(OfPresence, device.Value, null, presence.ChangedNs ?? 0, new { presence.Connected, presence.Why }));
        events.Recorded += e => Tell(e.Tenant, new LiveEvent(OfEvent, e.Device.Value, e.Type, e.TimeNs, e.Data));
    }

    /// <summary>What can be watched.</summary>
    public static IReadOnlyList<string> Kinds { get; } = [OfTelemetry, OfEvent, OfPresence];

    /// <summary>One thing that happened: telemetry, event or presence.</summary>
    internal sealed record LiveEvent(string Kind, string Device, string? Type, long TimeNs, object Data);

    /// <summary>Opens a watch, or refuses when there are as many as the server allows.</summary>
    public Outcome<Watcher> Watch(TenantId tenant, string? kind, string? device)
    {
        if (_watchers.Count >= _options.EventStreamsMax)
        {
            return new Refusal("fabric.streams.too_many", $"{_options.EventStreamsMax} live streams are open already; close one, or raise the limit.");
        }

        var watcher = new Watcher(this, tenant, kind, device);
        _watchers[watcher] = 0;
        return watcher;
    }

    public void Telemetry(DecodedMessage message)
    {
        if (_watchers.IsEmpty)
        {
            return;
        }

        foreach (var row in message.Rows)
        {
            var values = row.Properties.Zip(row.Values).ToDictionary(p => p.First, p => p.Second, StringComparer.Ordinal);
            Tell(message.Device.Tenant, new LiveEvent(OfTelemetry, message.Device.Id.Value, null, row.TimeNs, values));
        }
    }

    private void Tell(TenantId tenant, LiveEvent happened)
    {
        foreach (var watcher in _watchers.Keys)
        {
            watcher.Offer(tenant, happened);
        }
    }

    /// <summary>One open watch; disposing of it ends it.</summary>
    internal sealed class Watcher(LiveFeed feed, TenantId tenant, string? kind, string? device) : IDisposable
    {
        private readonly Channel<LiveEvent> _channel = Channel.CreateUnbounded<LiveEvent>(new() { SingleReader = true });
        private int _waiting;
        private long _missed;

        /// <summary>How many the watcher was too slow for, since it was asked last.</summary>
        public long TakeMissed() => Interlocked.Exchange(ref _missed, 0);

        public void Offer(TenantId owner, LiveEvent happened)
        {
            if (owner != tenant || (kind is not null && kind != happened.Kind) || (device is not null && device != happened.Device))
            {
                return;
            }

            // Bounded by hand, because a bounded channel would not say how many it dropped.
            if (Interlocked.Increment(ref _waiting) > WaitingMax)
            {
                Interlocked.Decrement(ref _waiting);
                Interlocked.Increment(ref _missed);
                return;
            }

            _channel.Writer.TryWrite(happened);
        }

        public async IAsyncEnumerable<LiveEvent> ReadAsync([EnumeratorCancellation] CancellationToken cancellation)
        {
            while (await MoreAsync(cancellation))
            {
                while (_channel.Reader.TryRead(out var happened))
                {
                    Interlocked.Decrement(ref _waiting);
                    yield return happened;
                }
            }
        }

        public void Dispose() => feed._watchers.TryRemove(this, out _);

        // A reader that leaves and a server that stops end the stream; neither is a failure.
        private async Task<bool> MoreAsync(CancellationToken cancellation)
        {
            try
            {
                return await _channel.Reader.WaitToReadAsync(cancellation);
            }
            catch (OperationCanceledException)
            {
                return false;
            }
        }
    }
}
