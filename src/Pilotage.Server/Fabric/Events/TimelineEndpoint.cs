using Microsoft.AspNetCore.Http;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fabric.Ingest;
using Pilotage.Server.Fabric.Meaning;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Events;

/// <summary>What a device measured and what happened to it in one stretch of time, over HTTP, sent as it is read.</summary>
internal static class TimelineEndpoint
{
    private const int PointsDefault = 200;
    private const int PointsMin = 2;
    private const int PointsMax = 5_000;
    private const int EventsDefault = 1_000;
    private const int EventsMax = 10_000;
    private const int TypesMax = 20;

    // As many series as a person can look at; of a device with more they are named.
    private const int SeriesMax = 200;
    private static readonly TimeSpan SpanDefault = TimeSpan.FromHours(1);

    /// <summary>Series first, each thinned to so many points, then the events in the order in which they happened.</summary>
    /// <param name="Series">Not there on pages after the first, which go on with the events.</param>
    /// <param name="NextCursor">Where the events go on; null where they are all told.</param>
    internal sealed record TimelineView(
        string Device, string Path, DateTimeOffset From, DateTimeOffset To, IReadOnlyList<TimelineSeries>? Series, IReadOnlyList<FabricEndpoints.EventView> Events, string? NextCursor);

    /// <summary>A series in the stretch: points as [milliseconds since 1970 UTC, value], of numbers the least and the greatest of each part of it.</summary>
    internal sealed record TimelineSeries(string Property, SeriesKind? Kind, string? Unit, bool Decimated, long Total, IReadOnlyList<object[]> Points);

    /// <param name="id">The device, by id, path or name.</param>
    /// <param name="from">The first time that counts; an hour before the end when left out.</param>
    /// <param name="to">The first time that counts no more; now when left out.</param>
    /// <param name="property">Properties, several with commas; all when left out.</param>
    /// <param name="type">Types of events, several with commas; all when left out.</param>
    /// <param name="points">Points of each series at most.</param>
    /// <param name="limit">Events of a page at most.</param>
    /// <param name="cursor">Where a page before ended.</param>
    public static IResult Answer(
        string id, DateTimeOffset? from, DateTimeOffset? to, string? property, string? type, int? points, int? limit, string? cursor, Principal who, IFleet fleet, TimeSeriesStore store, EventStore events,
        ThingBook things, TimelineLimits limits, TimeProvider time)
    {
        var asked = Read(id, from, to, property, type, points, limit, cursor, who, fleet, store, time);
        if (!asked.TryGet(out var query, out var refusal) || !limits.Enter().TryGet(out var place, out refusal))
        {
            limits.Count("refused");
            return refusal.ToHttp();
        }

        return new TimelineAnswer(query, store, events, things, place);
    }

    private static Outcome<TimelineQuery> Read(
        string id, DateTimeOffset? from, DateTimeOffset? to, string? property, string? type, int? points, int? limit, string? cursor, Principal who, IFleet fleet, TimeSeriesStore store, TimeProvider time)
    {
        var until = to ?? time.GetUtcNow();
        var since = from ?? until - SpanDefault;
        if (since >= until)
        {
            return QueryBounds.Refused("from", $"is {since:O}, not before to ({until:O}); give the earlier time as from");
        }

        if (!fleet.Resolve(who.Tenant, id).TryGet(out var device, out var refusal)
            || !QueryBounds.Within("points", points, PointsDefault, PointsMin, PointsMax).TryGet(out var most, out refusal)
            || !QueryBounds.Limit(limit, EventsDefault, EventsMax).TryGet(out var size, out refusal)
            || !Properties(store, device, property).TryGet(out var properties, out refusal)
            || !TimelineQuery.ReadCursor(cursor).TryGet(out var after, out refusal))
        {
            return refusal;
        }

        var types = type?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (types is { Length: 0 or > TypesMax })
        {
            return QueryBounds.Refused("type", $"names {types.Length} types; give 1 to {TypesMax}, or leave it out for all");
        }

        var query = new TimelineQuery(device, Clock.ToNs(since), Clock.ToNs(until), properties, types, most, size, after);

        // Events are looked up by time; series have to be read.
        var touched = query.IsFirstPage ? properties.Sum(one => store.PointsTouched(new SeriesKey(device.Tenant, device.Id, one), query.FromNs, query.ToNs - 1)) : 0;
        return touched > TimelineLimits.PointsMax
            ? new Refusal(
                "fabric.timeline.too_costly", $"About {touched} points would have to be read, and {TimelineLimits.PointsMax} are the most of one timeline; give a shorter time, or fewer properties with property=NAMES.")
            : query;
    }

    private static Outcome<IReadOnlyList<string>> Properties(TimeSeriesStore store, Device device, string? asked)
    {
        var known = store.Series(device.Tenant, device.Id).Select(key => key.Property).Order(StringComparer.Ordinal).ToList();
        var named = asked?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Distinct(StringComparer.Ordinal).ToList() ?? known;
        return named.Find(one => !known.Contains(one, StringComparer.Ordinal)) is { } missing
            ? new Refusal("fabric.series.not_found", $"{device.Id} has no series \"{missing}\". It has {known.Count}: pilotage device values {device.Id}")
            : named.Count > SeriesMax
                ? QueryBounds.Refused("property", $"would be {named.Count} series, and {SeriesMax} are the most of one timeline; name those that are meant, with commas")
                : (Outcome<IReadOnlyList<string>>)named;
    }
}
