using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Pilotage.Core.Units;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fabric.Contracts;
using Pilotage.Server.Fabric.Hierarchy;
using Pilotage.Server.Fabric.Meaning;
using Pilotage.Server.Fabric.Findings;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric;

/// <summary>Series over HTTP.</summary>
internal static class SeriesEndpoints
{
    private const int PointsDefault = 1_000;
    private const int PointsMin = 2; // The least and the greatest of one stretch.
    private const int PointsMax = 20_000;
    private const int NamedMax = 30;
    private const int PageDefault = 1_000;
    private const int PageMax = 50_000;

    private static readonly string[] QualityNames = ["good", "uncertain", "bad"];

    internal sealed record SeriesList(IReadOnlyList<SeriesView> Items);

    /// <summary>A series, what it holds, and its last value: a number, true or false, a string, or a document.</summary>
    /// <param name="Unit">In UCUM; null where no thing description gives one.</param>
    internal sealed record SeriesView(
        string Property, SeriesKind? Kind, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Unit, DateTimeOffset? LastTime, object? LastValue);

    /// <summary>One series of many; a last value that is not finite is left out.</summary>
    /// <param name="Quality">Of the last value.</param>
    /// <param name="Score">How well the series comes in, 0 to 100; null where that is not watched.</param>
    internal sealed record SeriesRow(
        string Device, string Path, string Property, SeriesKind Kind, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Unit, DateTimeOffset LastTime, object? LastValue,
        string Quality, double? Score);

    internal sealed record SeriesPage(IReadOnlyList<SeriesRow> Items, string? NextCursor);

    /// <summary>Points as [milliseconds since 1970 UTC, value]; decimated keeps the least and the greatest of each stretch, of text the first.</summary>
    /// <param name="Unit">What the values are in: the unit asked for, else the property's own; null where no thing description gives one.</param>
    internal sealed record SeriesData(
        string Device, string Property, SeriesKind? Kind, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Unit, bool Decimated, long Total,
        IReadOnlyList<object[]> Points);

    public static IResult List(string id, Principal who, IFleet fleet, TimeSeriesStore store, ThingBook things) => fleet.Resolve(who.Tenant, id).ToHttp(device =>
        TypedResults.Ok(new SeriesList([.. store.Series(device.Tenant, device.Id).Select(key => View(store, key, things.UnitOf(device, key.Property)))])));

    /// <summary>Series of many devices with their last values; the cursor is device and property of the last one of the page before.</summary>
    /// <remarks>What the thing descriptions say is searched by quantity, unit, type and text; what belongs to an asset, a device or a place by in.</remarks>
    public static IResult ListAll(
        string? device, string? path, string? thing, string? property, string? quantity, string? unit, string? type, string? text, string? @in, string? cursor, int? limit, Principal who,
        IFleet fleet, TimeSeriesStore store, ThingBook things, AssetBook assets, QualityWatch watch) =>
        SeriesSearch.Of(things, quantity, unit, type, text).Then(search => QueryBounds.Limit(limit, PageDefault, PageMax).Then(size =>
        {
            var asked = new DeviceQuery { PathPattern = path, Thing = thing };
            return AssetScope.Of(assets.Of(who.Tenant), fleet, who.Tenant, @in).Then(scope => Devices(device, asked, who, fleet).Then(devices =>
            {
                var rest = devices
                    .OrderBy(one => one.Id.Value, StringComparer.Ordinal)
                    .SelectMany(one => Rows(one, store, watch, things, last => (property is null || last == property) && search.Matches(one, last) && scope?.Holds(one, last) != false))
                    .Where(row => cursor is null || string.CompareOrdinal(PlaceOf(row), cursor) > 0)
                    .Take(size + 1).ToList();
                var page = rest.Count > size ? rest[..size] : rest;
                return (Outcome<SeriesPage>)new SeriesPage(page, rest.Count > size ? PlaceOf(page[^1]) : null);
            }));
        })).ToHttp();

    public static IResult Read(
        string id, string property, DateTimeOffset? from, DateTimeOffset? to, int? points, string? unit, Principal who, IFleet fleet, TimeSeriesStore store, ThingBook things, CancellationToken cancellation)
    {
        if (!fleet.Resolve(who.Tenant, id).TryGet(out var device, out var refusal)
            || !Key(store, device, property).TryGet(out var key, out refusal)
            || !QueryBounds.Within("points", points, PointsDefault, PointsMin, PointsMax).TryGet(out var most, out refusal)
            || !UnitOnRead.Asked("unit", unit).TryGet(out var asked, out refusal))
        {
            return refusal.ToHttp();
        }

        if (from > to)
        {
            return QueryBounds.Refused("from", $"is {from:O}, after to ({to:O}); give the earlier time as from").ToHttp();
        }

        try
        {
            var read = Read(store, key, from, to, most, cancellation) with { Unit = things.UnitOf(device, property)?.Code };
            return (asked is null ? read : In(asked, read, things, device)).ToHttp(told => new SeriesAnswer(key, told.Kind, told.Unit, told.Total, told.Points));
        }
        catch (OperationCanceledException)
        {
            return TypedResults.StatusCode(StatusCodes.Status499ClientClosedRequest);
        }
    }

    public static IResult ReadinessOf(string id, Principal who, IFleet fleet, ITelemetry telemetry) => fleet.Resolve(who.Tenant, id).ToHttp(
        device => TypedResults.Ok(telemetry.ReadinessOf(who.Tenant, [device])));

    public static IResult FleetReadiness(string? path, string? thing, Principal who, IFleet fleet, ITelemetry telemetry) =>
        TypedResults.Ok(telemetry.ReadinessOf(who.Tenant, fleet.List(who.Tenant, new DeviceQuery { PathPattern = path, Thing = thing })));

    /// <summary>The devices that are meant; one by its id, path or name has to be among the others.</summary>
    private static Outcome<IReadOnlyList<Device>> Devices(string? device, DeviceQuery others, Principal who, IFleet fleet) => device is null
        ? (Outcome<IReadOnlyList<Device>>)(List<Device>)[.. fleet.List(who.Tenant, others)]
        : fleet.Resolve(who.Tenant, device).Then(found =>
            (Outcome<IReadOnlyList<Device>>)(List<Device>)[.. fleet.List(who.Tenant, others).Where(one => one.Id == found.Id)]);

    private static Stretch Read(TimeSeriesStore store, SeriesKey key, DateTimeOffset? from, DateTimeOffset? to, int points, CancellationToken cancellation)
    {
        var fromNs = from is { } f ? Clock.ToNs(f) : long.MinValue;
        var toNs = to is { } t ? Clock.ToNs(t) : long.MaxValue;
        var thinned = ThinnedPoints.ByCount(() => store.ReadTyped(key, fromNs, toNs), store.PointsTouched(key, fromNs, toNs), points, cancellation);
        return new Stretch(key.Property, store.KindOf(key), null, thinned.Total, thinned.Points);
    }

    /// <summary>The same in another unit; whole numbers stay whole only where they stay as they are.</summary>
    private static Outcome<Stretch> In(Unit asked, Stretch read, ThingBook things, Device device)
    {
        if (read.Kind is not (null or SeriesKind.Number or SeriesKind.Whole))
        {
            return UnitOnRead.NoNumbers(device, read.Property);
        }

        return UnitOnRead.Of(things, device, read.Property, asked).Then(conversion => (Outcome<Stretch>)(conversion.IsIdentity
            ? read with { Unit = asked.Code }
            : read with
            {
                Kind = read.Kind is null ? null : SeriesKind.Number,
                Unit = asked.Code,
                Points = read.Points.ConvertAll(point => point with { Value = SeriesValue.Of(conversion.Of(point.Value.Number)) }),
            }));
    }

    /// <summary>A measured series is there from its first value on; one of a model can be waited for, empty until it infers.</summary>
    private static Outcome<SeriesKey> Key(TimeSeriesStore store, Device device, string property)
    {
        var key = new SeriesKey(device.Tenant, device.Id, property);
        if (!Telemetry.IsMeasured(property) || store.TryGetLast(key, out _))
        {
            return key;
        }

        var known = store.Series(device.Tenant, device.Id).Select(one => one.Property).Order(StringComparer.Ordinal).ToList();
        var has = known.Count == 0
            ? "nothing was measured there yet"
            : $"it has {string.Join(", ", known.Take(NamedMax))}{(known.Count > NamedMax ? " and more" : "")}";
        return new Refusal("fabric.series.not_found", $"{device.Id} has no series \"{property}\"; {has}.");
    }

    // A blank sorts before everything that a device's id may hold, so places are in the order of the rows.
    private static string PlaceOf(SeriesRow row) => $"{row.Device} {row.Property}";

    private static IEnumerable<SeriesRow> Rows(Device device, TimeSeriesStore store, QualityWatch watch, ThingBook things, Func<string, bool> isMeant)
    {
        var lasts = store.Lasts(device.Tenant, device.Id).Where(last => isMeant(last.Property)).ToList();
        var scores = lasts.Count == 0 ? null : watch.ScoresOf(device.Tenant, device.Id, _ => true);
        return lasts.Select(last => new SeriesRow(
            device.Id.Value, device.Path, last.Property, last.Last.Value.Kind, things.UnitOf(device, last.Property)?.Code, Clock.FromNs(last.Last.TimeNs), SeriesJson.Of(last.Last.Value),
            QualityNames[(int)last.Last.Quality], scores!.TryGetValue(last.Property, out var score) ? score : null));
    }

    private static SeriesView View(TimeSeriesStore store, SeriesKey key, Unit? unit) => store.TryGetLastTyped(key, out var last) && SeriesJson.Of(last.Value) is { } value
        ? new SeriesView(key.Property, last.Value.Kind, unit?.Code, Clock.FromNs(last.TimeNs), value)
        : new SeriesView(key.Property, store.KindOf(key), unit?.Code, null, null);

    /// <summary>Points of one series as they were read: how many there are, and those that are shown.</summary>
    private sealed record Stretch(string Property, SeriesKind? Kind, string? Unit, long Total, List<TypedPoint> Points);
}
