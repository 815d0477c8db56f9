using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fabric.Contracts;
using Pilotage.Server.Fabric.Ingest;
using Pilotage.Server.Fabric.Link;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric;

/// <summary>Lineage, accounts, bad messages, events and the live stream over HTTP.</summary>
internal static class FabricEndpoints
{
    private const int PageDefault = 100;
    private const int PageMax = 1_000;
    private const int EdgesMax = 10_000;
    private const string Kept = "What it sent stays stored; a device declared anew under this id has it again.";

    internal sealed record LineageView(IReadOnlyList<LineageRow> Items, bool Truncated);

    internal sealed record LineageRow(string From, string Type, string To, DateTimeOffset At, IReadOnlyDictionary<string, string>? Attributes);

    internal sealed record AccountView(IReadOnlyList<MessageAccount.Line> Items, long Messages, long Points, long Duplicates, long Overwritten);

    internal sealed record BadMessageView(string Device, string Topic, DateTimeOffset Received, string Reason, string PayloadBase64);

    internal sealed record BadMessagePage(IReadOnlyList<BadMessageView> Items);

    internal sealed record EventView(long Position, string Device, string Type, string Source, string Id, DateTimeOffset At, object Data);

    internal sealed record EventPage(IReadOnlyList<EventView> Items, long? NextCursor);

    /// <summary>What was taken away, and what was not.</summary>
    internal sealed record DeletedView(string Id, string Path, int SeriesKept, string Note);

    public static IResult WalkLineage(string node, string? direction, int? limit, Principal who, ILineage lineage)
    {
        if (!NodeRef.TryParse(node, out var start) || direction is not (null or "up" or "down"))
        {
            return new Refusal("fabric.lineage.query", "Give node=kind:id, for example alert:al_17, and direction=up or down.").ToHttp();
        }

        return QueryBounds.Limit(limit, PageMax, EdgesMax).ToHttp(max =>
        {
            var walk = direction == "down" ? lineage.Down(who.Tenant, start, max) : lineage.Up(who.Tenant, start, max);
            return TypedResults.Ok(new LineageView(
                [.. walk.Edges.Select(e => new LineageRow(e.From.ToString(), e.Type, e.To.ToString(), Clock.FromNs(e.AtNs), e.Attributes))], walk.Truncated));
        });
    }

    public static IResult VerifyLineage(Principal who, ILineage lineage) => lineage.Verify(who.Tenant).ToHttp();

    public static IResult Account(string? path, string? device, Principal who, IFleet fleet, MessageAccount account)
    {
        var devices = device is null
            ? (Outcome<IReadOnlyList<Device>>)(List<Device>)[.. fleet.List(who.Tenant, new DeviceQuery { PathPattern = path })]
            : fleet.Resolve(who.Tenant, device).Then(d => (Outcome<IReadOnlyList<Device>>)(List<Device>)[d]);
        return devices.ToHttp(found =>
        {
            var lines = found.Select(account.Of).Where(l => l.Messages > 0).ToList();
            return TypedResults.Ok(new AccountView(
                lines, lines.Sum(l => l.Messages), lines.Sum(l => l.Points), lines.Sum(l => l.Duplicates), lines.Sum(l => l.Overwritten)));
        });
    }

    public static IResult BadMessages(string? device, int? limit, Principal who, EventStore events) =>
        QueryBounds.Limit(limit, PageDefault, PageMax).ToHttp(size => TypedResults.Ok(new BadMessagePage(
            [.. events.Bad(who.Tenant, device is null ? null : new DeviceId(device), size).Select(b =>
                new BadMessageView(b.Device.Value, b.Topic, Clock.FromNs(b.ReceivedNs), b.Reason, Convert.ToBase64String(b.Payload.Span)))])));

    public static IResult RecordedEvents(string id, string type, long? cursor, int? limit, Principal who, IFleet fleet, IDomainEvents events) =>
        fleet.Resolve(who.Tenant, id).Then(device => QueryBounds.Place("cursor", cursor, 0).Then(after =>
            QueryBounds.Limit(limit, PageDefault, PageMax).Then(size =>
            {
                var page = events.Read(who.Tenant, type, device.Id, after, size)
                    .Select(e => new EventView(e.Position, e.Device.Value, e.Type, e.Source, e.Id, Clock.FromNs(e.TimeNs), e.Data)).ToList();
                return (Outcome<EventPage>)new EventPage(page, page.Count == size ? page[^1].Position : null);
            }))).ToHttp();

    public static IResult Live(
        string? kind, string? device, Principal who, LiveFeed feed, TimeProvider time, IHostApplicationLifetime host) =>
        QueryBounds.OneOf("kind", kind, LiveFeed.Kinds).Then(known => feed.Watch(who.Tenant, known, device))
            .ToHttp(watcher => TypedResults.ServerSentEvents(LiveStream.Of(
                watcher,
                happened => new { happened.Device, happened.Type, ts = Clock.FromNs(happened.TimeNs), happened.Data },
                time,
                host,
                CancellationToken.None)));

    public static async Task<IResult> Revoke(string id, Principal who, IFleet fleet, BrokerHost broker, IAudit audit)
    {
        var revoked = fleet.Resolve(who.Tenant, id).Then(d => fleet.Revoke(who.Tenant, d.Id));
        audit.Record(who, "fleet.device.revoke", id, revoked.IsOk ? "done" : "refused");
        if (revoked.IsOk)
        {
            await broker.CutAsync(who.Tenant, revoked.Value.Id);
        }

        return revoked.ToHttp(_ => TypedResults.NoContent());
    }

    public static async Task<IResult> Delete(
        string id, Principal who, IFleet fleet, IEnumerable<IDeviceUse> uses, BrokerHost broker, TimeSeriesStore store, IAudit audit)
    {
        var deleted = fleet.Resolve(who.Tenant, id).Then(d => uses.Select(one => one.UseOf(who.Tenant, d.Id)).FirstOrDefault(use => use is not null) is { } use
            ? new Refusal("fleet.device.in_use", use)
            : fleet.Delete(who.Tenant, d.Id));
        audit.Record(who, "fleet.device.delete", id, deleted.IsOk ? "done" : "refused");
        if (deleted.IsOk)
        {
            await broker.CutAsync(who.Tenant, deleted.Value.Id);
        }

        return deleted.ToHttp(d => TypedResults.Ok(new DeletedView(d.Id.Value, d.Path, store.Series(d.Tenant, d.Id).Count, Kept)));
    }
}
