using Microsoft.AspNetCore.Http;
using Pilotage.Core.Contracts;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Fleet;

/// <summary>Devices over HTTP.</summary>
internal static class DeviceEndpoints
{
    private const int PageDefault = 1_000;
    private const int PageMax = 10_000;

    /// <summary>One device as callers see it; since when it is connected, or gone.</summary>
    internal sealed record DeviceView(
        string Id, string Path, string Name, string Thing, string? Edge, string? Hardware, DeviceStatus Status, bool Connected, DateTimeOffset? Since, string? Reason,
        DateTimeOffset? LastReport, DateTimeOffset Created, DateTimeOffset? Enrolled);

    internal sealed record DevicePage(IReadOnlyList<DeviceView> Items, string? NextCursor);

    internal sealed record AttachBody(string? Edge);

    /// <summary>Devices by path, a page at a time; the cursor is the last path of the page before.</summary>
    public static IResult List(
        Principal who, IFleet fleet, string? path, string? thing, string? edge, DeviceStatus? status, string? cursor, int? limit)
    {
        if (status is { } asked && !Enum.IsDefined(asked))
        {
            return QueryBounds.Refused("status", "is no word for a status; give declared, enrolled or revoked, or leave it out for all").ToHttp();
        }

        if (cursor is not null && !TopicPath.IsDevicePath(cursor))
        {
            return QueryBounds.BadCursor(cursor).ToHttp();
        }

        var query = new DeviceQuery
        {
            PathPattern = path,
            Thing = thing,
            Edge = edge is null ? null : new DeviceId(edge),
            Status = status,
        };
        return QueryBounds.Limit(limit, PageDefault, PageMax).ToHttp(size =>
        {
            var rest = fleet.List(who.Tenant, query).SkipWhile(d => cursor is not null && string.CompareOrdinal(d.Path, cursor) <= 0).ToList();
            var page = rest.Take(size).Select(d => View(fleet, d)).ToList();
            return TypedResults.Ok(new DevicePage(page, rest.Count > size ? page[^1].Path : null));
        });
    }

    public static IResult Show(string id, Principal who, IFleet fleet) =>
        fleet.Resolve(who.Tenant, id).ToHttp(d => TypedResults.Ok(View(fleet, d)));

    public static IResult Attach(string id, AttachBody body, Principal who, IFleet fleet, IAudit audit)
    {
        var edge = body.Edge is null ? (Outcome<Device?>)(Device?)null : fleet.Resolve(who.Tenant, body.Edge).Then(e => (Outcome<Device?>)e);
        var attached = edge.Then(e => fleet.Resolve(who.Tenant, id).Then(d => fleet.Attach(who.Tenant, d.Id, e?.Id)));
        audit.Record(who, "fleet.device.attach", id, attached.IsOk ? "done" : "refused", body.Edge ?? "itself");
        return attached.ToHttp(d => TypedResults.Ok(View(fleet, d)));
    }

    private static DeviceView View(IFleet fleet, Device d)
    {
        var presence = fleet.PresenceOf(d.Tenant, d.Id);
        return new DeviceView(
            d.Id.Value, d.Path, d.Name, d.Thing, d.Edge?.Value, d.Hardware, d.Status, presence.Connected, TimeOf(presence.ChangedNs), Reason(d, presence),
            TimeOf(presence.LastReportNs), Clock.FromNs(d.CreatedNs),
            TimeOf(d.EnrolledNs));
    }

    private static DateTimeOffset? TimeOf(long? ns) => ns is { } at ? Clock.FromNs(at) : null;

    private static string? Reason(Device device, Presence presence) => device.Status switch
    {
        DeviceStatus.Revoked => "revoked",
        DeviceStatus.Declared when device.Edge is null => "waits for its enrolment code to be used",
        _ => presence.Connected ? null : presence.Why,
    };
}
