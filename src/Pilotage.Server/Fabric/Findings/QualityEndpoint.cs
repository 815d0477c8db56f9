using Microsoft.AspNetCore.Http;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fabric.Meaning;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Fabric.Findings;

/// <summary>The quality of series over HTTP.</summary>
internal static class QualityEndpoint
{
    private const int PageDefault = 1_000;
    private const int PageMax = 50_000;
    private const int WorstMax = 1_000;

    /// <summary>The answer, and how much of what comes in it is about.</summary>
    /// <param name="Watched">Series that are watched, of all tenants.</param>
    /// <param name="WatchedMax">Most that are.</param>
    /// <param name="PointsSkipped">Points that were not looked at since the start of the server, because too much came at once or because their series are too many.</param>
    internal sealed record QualityPage(IReadOnlyList<QualityRow> Items, string? NextCursor, int Watched, int WatchedMax, long PointsSkipped);

    /// <summary>One series.</summary>
    /// <param name="Score">0 to 100.</param>
    /// <param name="Learning">Whether too few points came yet to judge by.</param>
    /// <param name="IntervalSeconds">Usual distance of its points.</param>
    /// <param name="Reason">The heaviest finding in words; empty where there is none.</param>
    internal sealed record QualityRow(
        string Device, string Path, string Property, string? Unit, double Score, bool Learning, int Points, double? IntervalSeconds, string Reason, IReadOnlyList<FindingRow> Findings);

    /// <summary>One kind of finding: since when, how often, and the last values.</summary>
    /// <param name="Active">Whether it lasts.</param>
    /// <param name="Value">What was found last.</param>
    /// <param name="Usual">What was usual then.</param>
    internal sealed record FindingRow(string Kind, bool Active, DateTimeOffset Since, DateTimeOffset Last, long Count, double Value, double Usual, string Text);

    public static IResult Answer(
        string? device, string? path, string? thing, string? property, string? finding, int? worst, string? cursor, int? limit, Principal who, IFleet fleet, ThingBook things, QualityWatch watch)
    {
        if (worst is not null && (cursor is not null || limit is not null))
        {
            return QueryBounds.Refused("worst", "cannot be given beside cursor or limit; it is a page of its own").ToHttp();
        }

        return QueryBounds.OneOf("finding", finding, [.. FindingKinds.All.Select(FindingKinds.NameOf)]).Then(kind =>
            QueryBounds.Within("worst", worst, WorstMax, 1, WorstMax).Then(most => QueryBounds.Limit(limit, PageDefault, PageMax).Then(size =>
                Devices(device, path, thing, who, fleet).Then(devices =>
                {
                    var rows = devices.OrderBy(one => one.Id.Value, StringComparer.Ordinal)
                        .SelectMany(one => watch.Of(who.Tenant, one.Id, property).Select(quality => Row(one, quality, things)))
                        .Where(row => kind is null || row.Findings.Any(found => found.Kind == kind));
                    if (worst is not null)
                    {
                        return (Outcome<QualityPage>)Page([.. rows.OrderBy(row => row.Score).Take(most)], null, watch);
                    }

                    var rest = rows.Where(row => cursor is null || string.CompareOrdinal(PlaceOf(row), cursor) > 0).Take(size + 1).ToList();
                    return Page(rest.Count > size ? rest[..size] : rest, rest.Count > size ? PlaceOf(rest[size - 1]) : null, watch);
                })))).ToHttp();
    }

    private static Outcome<IReadOnlyList<Device>> Devices(string? device, string? path, string? thing, Principal who, IFleet fleet) => device is null
        ? (Outcome<IReadOnlyList<Device>>)(List<Device>)[.. fleet.List(who.Tenant, new DeviceQuery { PathPattern = path, Thing = thing })]
        : path is not null || thing is not null
            ? QueryBounds.Refused("device", "cannot be given beside path or thing; it names one device already")
            : fleet.Resolve(who.Tenant, device).Then(found => (Outcome<IReadOnlyList<Device>>)(List<Device>)[found]);

    private static QualityPage Page(IReadOnlyList<QualityRow> rows, string? next, QualityWatch watch) =>
        new(rows, next, watch.Watched, watch.SeriesMax, watch.Skipped);

    // A blank sorts before everything that a device's id may hold, so places are in the order of the rows.
    private static string PlaceOf(QualityRow row) => $"{row.Device} {row.Property}";

    private static QualityRow Row(Device device, SeriesQuality quality, ThingBook things) => new(
        device.Id.Value, device.Path, quality.Property, things.UnitOf(device, quality.Property)?.Code, quality.Score, quality.IsLearning, quality.Points,
        quality.IntervalNs > 0 ? Math.Round(quality.IntervalNs / 1e9, 6) : null, quality.Findings.Count == 0 ? "" : quality.Findings[0].Text,
        [.. quality.Findings.Select(Row)]);

    private static FindingRow Row(ToldFinding told) => new(
        FindingKinds.NameOf(told.Kind), told.Facts.IsActive, Clock.FromNs(told.Facts.SinceNs), Clock.FromNs(told.Facts.LastNs), told.Facts.Count, told.Facts.Value, told.Facts.Usual, told.Text);
}
