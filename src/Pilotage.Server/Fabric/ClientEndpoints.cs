using Microsoft.AspNetCore.Http;
using Pilotage.Broker;
using Pilotage.Protocols.Mqtt;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fabric.Link;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Fabric;

/// <summary>The gateway's clients over HTTP: who is connected, since when, from where, and how the last connection ended.</summary>
internal static class ClientEndpoints
{
    private const int PageDefault = 1_000;
    private const int PageMax = 10_000;

    /// <summary>One session. What is of a connection is left out while there is none; counts are of the present connection.</summary>
    /// <param name="Device">The device its certificate names; left out without one, and after a restart until it connects.</param>
    /// <param name="QueuedBytes">Topic and payload of what waits for it.</param>
    /// <param name="Dropped">Messages it lost to a full queue since the session began.</param>
    internal sealed record ClientRow(
        string ClientId, string? Device, bool Connected, DateTimeOffset? Since, string? Remote, string? Listener, string Version, int? KeepAliveSeconds,
        long? MessagesIn, long? MessagesOut, int Subscriptions, int Queued, long QueuedBytes, long Dropped, DisconnectView? LastDisconnect);

    /// <summary>How a connection ended.</summary>
    internal sealed record DisconnectView(DateTimeOffset At, string Reason, string Why);

    internal sealed record ClientPage(IReadOnlyList<ClientRow> Items, string? NextCursor);

    /// <summary>How a device reaches the gateway.</summary>
    /// <param name="Through">The edge that speaks for it, where it has no session of its own; the clients are then the edge's.</param>
    internal sealed record DeviceConnection(
        string Device, string? Through, bool Connected, DateTimeOffset? Since, string? Reason, IReadOnlyList<ClientRow> Clients);

    /// <summary>Sessions by client id, a page at a time; the cursor is the last client id of the page before.</summary>
    public static IResult List(bool? connected, string? cursor, int? limit, Principal who, BrokerHost broker) =>
        QueryBounds.Limit(limit, PageDefault, PageMax).ToHttp(size =>
        {
            var rest = broker.Clients(who.Tenant)
                .Where(client => (connected is null || client.Connected == connected)
                    && (cursor is null || string.CompareOrdinal(client.Identity.ClientId, cursor) > 0))
                .Take(size + 1).ToList();
            var page = rest.Take(size).Select(Row).ToList();
            return TypedResults.Ok(new ClientPage(page, rest.Count > size ? page[^1].ClientId : null));
        });

    public static IResult OfDevice(string id, Principal who, IFleet fleet, BrokerHost broker) => fleet.Resolve(who.Tenant, id).ToHttp(device =>
    {
        var own = broker.Clients(who.Tenant, device.Id);
        var through = own.Count == 0 ? device.Edge : null;
        var presence = fleet.PresenceOf(who.Tenant, device.Id);
        var clients = through is { } edge ? broker.Clients(who.Tenant, edge) : own;
        return TypedResults.Ok(new DeviceConnection(
            device.Id.Value, through?.Value, presence.Connected, presence.ChangedNs is { } at ? Clock.FromNs(at) : null, presence.Why, [.. clients.Select(Row)]));
    });

    private static ClientRow Row(ClientView client)
    {
        var (who, now) = (client.Identity, client.Connection);
        return new ClientRow(
            who.ClientId, who.Device?.Value, client.Connected, now is null ? null : Clock.FromNs(now.SinceNs), now?.Remote?.ToString(),
            who.Listener.Length == 0 ? null : who.Listener, client.Version == MqttVersion.V5 ? "5.0" : "3.1.1", now?.KeepAliveSeconds, now?.MessagesIn, now?.MessagesOut,
            client.Subscriptions, client.Queued, client.QueuedBytes, client.Dropped,
            client.LastEnd is { } end ? new DisconnectView(Clock.FromNs(end.AtNs), end.Reason.ToString(), end.Why) : null);
    }
}
