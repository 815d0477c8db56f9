using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Pilotage.Broker;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fabric.Link;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Fabric;

/// <summary>The packets of one device for a time, over HTTP; never what is in them.</summary>
internal static class TraceEndpoints
{
    private const int SecondsDefault = 60;
    private const string OfPacket = "packet";

    /// <summary>One packet. Skipped counts those that were passed over before it, when there were too many in a second.</summary>
    internal sealed record PacketView(
        DateTimeOffset At, string ClientId, string Direction, string Type, int? PacketId, int? Qos, bool? Retain, bool? Duplicate, int Bytes, string? Reason, long? Skipped);

    public static IResult Trace(
        string id, int? seconds, Principal who, IFleet fleet, BrokerHost broker, LiveFeed feed, IAudit audit, TimeProvider time, IHostApplicationLifetime host) =>
        QueryBounds.Within("seconds", seconds, SecondsDefault, 1, (int)ClientTrace.TimeMax.TotalSeconds)
            .Then(lasts => fleet.Resolve(who.Tenant, id).Then(device => Begin(device, TimeSpan.FromSeconds(lasts), broker, feed)))
            .ToHttp(running =>
            {
                audit.Record(who, "fabric.client.trace", id, "done", $"{running.Lasts.TotalSeconds} s");
                return TypedResults.ServerSentEvents(StreamAsync(running, time, host, CancellationToken.None));
            });

    private static Outcome<Running> Begin(Device device, TimeSpan lasts, BrokerHost broker, LiveFeed feed)
    {
        if (!feed.WatchOwn().TryGet(out var watcher, out var refusal))
        {
            return refusal;
        }

        var begun = broker.Trace(device, lasts, packet => watcher.Take(new(OfPacket, device.Id.Value, null, packet.AtNs, packet)));
        if (!begun.TryGet(out var trace, out refusal))
        {
            watcher.Dispose();
            return refusal;
        }

        return new Running(watcher, trace, lasts);
    }

    /// <summary>Ends when the reader goes, and by itself with <c>end</c> when the time is over.</summary>
    private static async IAsyncEnumerable<SseItem<object>> StreamAsync(
        Running running, TimeProvider time, IHostApplicationLifetime host, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var trace = running.Trace;
        using var over = new CancellationTokenSource(running.Lasts, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(over.Token, cancellation);
        await foreach (var item in LiveStream.Of(running.Watcher, happened => View((TracedPacket)happened.Data), time, host, either.Token))
        {
            yield return item;
        }

        if (over.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            yield return new SseItem<object>(new { end = time.GetUtcNow() }, "end");
        }
    }

    private static PacketView View(TracedPacket packet)
    {
        var isMessage = packet.Type == Protocols.Mqtt.MqttPacketType.Publish;
        return new PacketView(
            Clock.FromNs(packet.AtNs), packet.ClientId, packet.Outgoing ? "out" : "in", packet.Type.ToString().ToUpperInvariant(),
            packet.PacketId == 0 ? null : packet.PacketId, isMessage ? packet.Qos : null, isMessage ? packet.Retain : null, isMessage ? packet.Duplicate : null,
            packet.Bytes, packet.Reason?.ToString(), packet.Skipped == 0 ? null : packet.Skipped);
    }

    private sealed record Running(LiveFeed.Watcher Watcher, ClientTrace Trace, TimeSpan Lasts);
}
