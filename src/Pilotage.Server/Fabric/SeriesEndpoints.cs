using Microsoft.AspNetCore.Http;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fabric.Contracts;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric;

/// <summary>Series over HTTP.</summary>
internal static class SeriesEndpoints
{
    private const int PointsDefault = 1_000;
    private const int PointsMax = 20_000;

    internal sealed record SeriesList(IReadOnlyList<SeriesView> Items);

    internal sealed record SeriesView(string Property, DateTimeOffset? LastTime, double? LastValue);

    /// <summary>Points as [milliseconds since 1970 UTC, value]; decimated keeps the least and the greatest of each stretch.</summary>
    internal sealed record SeriesData(string Device, string Property, bool Decimated, long Total, IReadOnlyList<double[]> Points);

    public static IResult List(string id, Principal who, IFleet fleet, TimeSeriesStore store) => fleet.Resolve(who.Tenant, id).ToHttp(device =>
        TypedResults.Ok(new SeriesList([.. store.Series(device.Tenant, device.Id).Select(key => View(store, key))])));

    public static IResult Read(
        string id, string property, DateTimeOffset? from, DateTimeOffset? to, int? points, Principal who, IFleet fleet, TimeSeriesStore store) =>
        fleet.Resolve(who.Tenant, id).ToHttp(device =>
        {
            var key = new SeriesKey(device.Tenant, device.Id, property);
            var fromNs = from is { } f ? Clock.ToNs(f) : long.MinValue;
            var toNs = to is { } t ? Clock.ToNs(t) : long.MaxValue;
            var all = store.Read(key, fromNs, toNs).Select(p => (p.TimeNs, p.Value)).ToList();
            var kept = Decimation.MinMax(all, Math.Clamp(points ?? PointsDefault, 2, PointsMax));
            return TypedResults.Ok(new SeriesData(
                device.Id.Value, property, kept.Count < all.Count, all.Count, [.. kept.Where(p => double.IsFinite(p.Value)).Select(p => new[] { p.TimeNs / 1e6, p.Value })]));
        });

    public static IResult ReadinessOf(string id, Principal who, IFleet fleet, ITelemetry telemetry) => fleet.Resolve(who.Tenant, id).ToHttp(
        device => TypedResults.Ok(telemetry.ReadinessOf(who.Tenant, [device])));

    public static IResult FleetReadiness(string? path, string? thing, Principal who, IFleet fleet, ITelemetry telemetry) =>
        TypedResults.Ok(telemetry.ReadinessOf(who.Tenant, fleet.List(who.Tenant, new DeviceQuery { PathPattern = path, Thing = thing })));

    private static SeriesView View(TimeSeriesStore store, SeriesKey key) => store.TryGetLast(key, out var last) && double.IsFinite(last.Value)
        ? new SeriesView(key.Property, Clock.FromNs(last.TimeNs), last.Value)
        : new SeriesView(key.Property, null, null);
}
