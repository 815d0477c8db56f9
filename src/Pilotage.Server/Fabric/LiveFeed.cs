using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Pilotage.Protocols.Mqtt;
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
    private const string OfMessage = "message";
    private readonly ConcurrentDictionary<Watcher, byte> _watchers = new();
    private readonly ServerOptions _options;
    private int _open;

    public LiveFeed(IPresences presences, EventStore events, ServerOptions options)
    {
        _options = options;
        presences.Changed += (tenant, device, presence) => Tell(
            tenant, new LiveEvent(OfPresence, device.Value, null, presence.ChangedNs ?? 0, new { presence.Connected, presence.Why }));
        events.Recorded += e => Tell(e.Tenant, new LiveEvent(OfEvent, e.Device.Value, e.Type, e.TimeNs, e.Data));
    }

    /// <summary>Whether anybody watches anything.</summary>
    public bool IsWatched => Volatile.Read(ref _open) > 0;

    /// <summary>What can be watched.</summary>
    public static IReadOnlyList<string> Kinds { get; } = [OfTelemetry, OfEvent, OfPresence];

    /// <summary>One thing that happened: telemetry, event or presence; or a message as it came, with its topic as the type.</summary>
    internal sealed record LiveEvent(string Kind, string Device, string? Type, long TimeNs, object Data);

    /// <summary>The beginning of a payload, and how long it is: what waits for a watcher must not hold large ones.</summary>
    internal sealed record LivePayload(ReadOnlyMemory<byte> Beginning, int Bytes)
    {
        public const int BytesMax = 16 * 1024;
        private const int ContinuationBytesMax = 3;

        public static LivePayload Of(ReadOnlyMemory<byte> whole)
        {
            if (whole.Length <= BytesMax)
            {
                return new(whole, whole.Length);
            }

            // Not in the middle of a character, where it is text.
            var end = BytesMax;
            while (end > BytesMax - ContinuationBytesMax && (whole.Span[end] & 0xC0) == 0x80)
            {
                end--;
            }

            return new(whole[..end].ToArray(), whole.Length);
        }
    }

    /// <summary>Opens a watch, or refuses when there are as many as the server allows.</summary>
    public Outcome<Watcher> Watch(TenantId tenant, string? kind, string? device) => Open((owner, happened) =>
        owner == tenant
        && (kind is null ? happened.Kind != OfMessage : kind == happened.Kind)
        && (device is null || device == happened.Device));

    /// <summary>The same for messages as they come, by a topic filter.</summary>
    public Outcome<Watcher> WatchMessages(TenantId tenant, string filter) => Open((owner, happened) =>
        owner == tenant && happened.Kind == OfMessage && MqttTopic.Matches(filter, happened.Type));

    /// <summary>The same for what is put into this one watch alone.</summary>
    public Outcome<Watcher> WatchOwn() => Open((_, _) => false);

    /// <summary>A message was stored.</summary>
    public void Message(TenantId tenant, DeviceId device, string topic, ReadOnlyMemory<byte> payload, long receivedNs)
    {
        if (IsWatched)
        {
            Tell(tenant, new LiveEvent(OfMessage, device.Value, topic, receivedNs, LivePayload.Of(payload)));
        }
    }

    private Outcome<Watcher> Open(Func<TenantId, LiveEvent, bool> wants)
    {
        if (Interlocked.Increment(ref _open) > _options.EventStreamsMax)
        {
            Interlocked.Decrement(ref _open);
            return new Refusal("fabric.streams.too_many", $"{_options.EventStreamsMax} live streams are open already; close one, or raise the limit.");
        }

        var watcher = new Watcher(this, wants);
        _watchers[watcher] = 0;
        return watcher;
    }

    public void Telemetry(DecodedMessage message)
    {
        if (!IsWatched)
        {
            return;
        }

        foreach (var row in message.Rows)
        {
            var values = row.Properties.Zip(row.Values).ToDictionary(p => p.First, p => SeriesJson.Of(p.Second), StringComparer.Ordinal);
            Tell(message.Device.Tenant, new LiveEvent(OfTelemetry, message.Device.Id.Value, null, row.TimeNs, values));
        }
    }

    private void Tell(TenantId tenant, LiveEvent happened)
    {
        foreach (var (watcher, _) in _watchers)
        {
            watcher.Offer(tenant, happened);
        }
    }

    /// <summary>One open watch; disposing of it ends it.</summary>
    internal sealed class Watcher(LiveFeed feed, Func<TenantId, LiveEvent, bool> wants) : IDisposable
    {
        private readonly Channel<LiveEvent> _channel = Channel.CreateUnbounded<LiveEvent>(new() { SingleReader = true });
        private int _waiting;
        private long _missed;

        /// <summary>How many the watcher was too slow for, since it was asked last.</summary>
        public long TakeMissed() => Interlocked.Exchange(ref _missed, 0);

        public void Offer(TenantId owner, LiveEvent happened)
        {
            if (wants(owner, happened))
            {
                Take(happened);
            }
        }

        /// <summary>Puts something in, whatever is wanted.</summary>
        public void Take(LiveEvent happened)
        {
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

        public void Dispose()
        {
            if (feed._watchers.TryRemove(this, out _))
            {
                Interlocked.Decrement(ref feed._open);
            }
        }

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
