using Microsoft.AspNetCore.Http;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fabric.Ingest;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Agreements;

/// <summary>Points that are kept apart, over HTTP: listed, released into their series, or discarded.</summary>
internal static class QuarantineEndpoints
{
    private const int PageDefault = 100;
    private const int PageMax = 10_000;
    private const int ReasonsMax = 20;

    /// <summary>One point and why it is kept apart.</summary>
    internal sealed record HeldRow(long Id, string Device, string Property, DateTimeOffset Ts, object? Value, string Rule, string Reason, DateTimeOffset Received);

    internal sealed record HeldPage(IReadOnlyList<HeldRow> Items, long? NextCursor, long Total);

    /// <summary>What became of the points that were meant; those that no longer fit their series stay.</summary>
    /// <param name="NotFound">Ids that no point has that is kept apart.</param>
    /// <param name="Reasons">Why the first of those that stay do, 20 at most.</param>
    internal sealed record DecidedView(int Points, int Kept, IReadOnlyList<long> NotFound, IReadOnlyList<KeptReason> Reasons);

    public static IResult List(string? device, string? property, long? cursor, int? limit, Principal who, IFleet fleet, Quarantine quarantine) =>
        QueryBounds.Place("cursor", cursor, 0).Then(after => QueryBounds.Limit(limit, PageDefault, PageMax).Then(size => Meant(device, who, fleet).Then(id =>
        {
            var points = quarantine.Read(who.Tenant, id, property, null, after, size);
            var rows = points.Select(point => new HeldRow(
                point.Id, point.Device.Value, point.Property, Clock.FromNs(point.TimeNs), SeriesJson.Of(point.Value), point.Rule, point.Reason, Clock.FromNs(point.ReceivedNs))).ToList();
            return (Outcome<HeldPage>)new HeldPage(rows, rows.Count == size ? rows[^1].Id : null, quarantine.CountOf(who.Tenant));
        }))).ToHttp();

    /// <summary>Stores points in their series, and takes them out of the quarantine once they are; killed in between, they are in both and released again.</summary>
    public static async Task<IResult> ReleaseAsync(
        string? id, string? device, string? property, bool? all, Principal who, IFleet fleet, Quarantine quarantine, TimeSeriesStore store, Ingestion ingestion, IAudit audit)
    {
        if (!Meant(id, device, property, all, who, fleet).TryGet(out var meant, out var refusal))
        {
            return refusal.ToHttp();
        }

        var (released, kept, after, reasons) = (0, 0, 0L, new List<KeptReason>());
        if (!Missing(who, quarantine, meant, property).TryGet(out var missing, out refusal))
        {
            return refusal.ToHttp();
        }

        while (quarantine.Read(who.Tenant, meant.Device, property, meant.Ids, after, PageMax) is { Count: > 0 } points)
        {
            var fitting = points.Select(point => Fitting(store, point, reasons)).OfType<HeldPoint>().ToList();
            var batch = new PointBatch();
            fitting.ForEach(point => batch.Add(new SeriesKey(point.Tenant, point.Device, point.Property), point.TimeNs, point.Value, TimeSeries.Quality.Good, point.ReceivedNs));
            await ingestion.StoreAsync(batch);
            quarantine.Remove(who.Tenant, fitting);
            (released, kept, after) = (released + fitting.Count, kept + points.Count - fitting.Count, points[^1].Id);
        }

        audit.Record(who, "fabric.quarantine.release", TargetOf(id, meant.Device), "done", $"{released} points");
        return TypedResults.Ok(new DecidedView(released, kept, missing, reasons));
    }

    public static IResult Discard(string? id, string? device, string? property, bool? all, Principal who, IFleet fleet, Quarantine quarantine, IAudit audit) =>
        Meant(id, device, property, all, who, fleet).Then(meant => Missing(who, quarantine, meant, property).Then(missing =>
        {
            var discarded = 0;
            while (quarantine.Read(who.Tenant, meant.Device, property, meant.Ids, 0, PageMax) is { Count: > 0 } points)
            {
                discarded += quarantine.Remove(who.Tenant, points);
            }

            audit.Record(who, "fabric.quarantine.discard", TargetOf(id, meant.Device), "done", $"{discarded} points");
            return (Outcome<DecidedView>)new DecidedView(discarded, 0, missing, []);
        })).ToHttp();

    /// <summary>Those of the ids that no point has; refused where that is all of them.</summary>
    private static Outcome<IReadOnlyList<long>> Missing(Principal who, Quarantine quarantine, (DeviceId? Device, long[]? Ids) meant, string? property) => meant.Ids is null
        ? (Outcome<IReadOnlyList<long>>)Array.Empty<long>()
        : ChosenIds.Missing(meant.Ids, quarantine.Read(who.Tenant, meant.Device, property, meant.Ids, 0, PageMax).Select(point => point.Id), ids =>
            new Refusal("fabric.quarantine.not_found", $"No point that is kept apart has the id {ids}; nothing was done. See which there are: pilotage contract held"));

    private static HeldPoint? Fitting(TimeSeriesStore store, HeldPoint point, List<KeptReason> reasons)
    {
        SeriesValue[] values = [point.Value];
        if (store.Admit(point.Tenant, point.Device, [point.Property], values)[0] is not { } why)
        {
            return point with { Value = values[0] };
        }

        if (reasons.Count < ReasonsMax)
        {
            reasons.Add(new KeptReason(point.Id, $"{point.Device}/{point.Property}: {why}"));
        }

        return null;
    }

    private static Outcome<(DeviceId? Device, long[]? Ids)> Meant(string? id, string? device, string? property, bool? all, Principal who, IFleet fleet) =>
        id is null && device is null && property is null && all != true
            ? QueryBounds.Refused("all", "is not true, and nothing else says which points are meant; give id, device or property, or all=true")
            : ChosenIds.Parse("id", id).Then(ids => Meant(device, who, fleet).Then(found => (Outcome<(DeviceId?, long[]?)>)(found, ids)));

    private static string TargetOf(string? ids, DeviceId? device) => device?.Value ?? (ids is null ? "all" : ids.Length <= 80 ? ids : ids[..80] + "…");

    private static Outcome<DeviceId?> Meant(string? device, Principal who, IFleet fleet) => device is null
        ? (Outcome<DeviceId?>)(DeviceId?)null
        : fleet.Resolve(who.Tenant, device).Then(found => (Outcome<DeviceId?>)found.Id);
}
