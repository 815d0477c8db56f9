using Microsoft.AspNetCore.Http;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fabric.Retention;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric;

/// <summary>Deletes what a device sent, over HTTP.</summary>
internal static class SeriesDeletion
{
    private const int CheckEvery = 100_000;

    /// <summary>What was deleted, or would be: points from a time on, before another one, by series as they were counted just before.</summary>
    /// <param name="Windows">Windows that outlived points of these times and go with them.</param>
    internal sealed record DeletedView(string Device, IReadOnlyList<string> Properties, DateTimeOffset? From, DateTimeOffset? To, long Points, long Windows, IReadOnlyList<GoneView> Series, bool IsDone);

    internal sealed record GoneView(string Property, long Points);

    /// <summary>Deletes points that are stored by now; what arrives later at their times is new.</summary>
    /// <param name="id">The device, by id, path or name.</param>
    /// <param name="property">Properties, several with commas; all when left out.</param>
    /// <param name="from">The first time that goes; the earliest when left out.</param>
    /// <param name="to">The first time that stays; none when left out.</param>
    /// <param name="all">Has to be true where nothing else says what goes.</param>
    /// <param name="dryRun">Counts what would go, and deletes nothing.</param>
    public static async Task<IResult> DeleteAsync(
        string id,
        string? property,
        DateTimeOffset? from,
        DateTimeOffset? to,
        bool? all,
        bool? dryRun,
        Principal who,
        IFleet fleet,
        TimeSeriesStore store,
        RollUps rollUps,
        IAudit audit,
        CancellationToken cancellation)
    {
        if (from >= to)
        {
            return QueryBounds.Refused("from", $"is {from:O}, not before to ({to:O}); give the earlier time as from").ToHttp();
        }

        if (property is null && from is null && to is null && all != true)
        {
            return QueryBounds.Refused("all", "is not true, and nothing else says what is to be deleted; give property, from or to, or all=true for everything that the device sent").ToHttp();
        }

        if (!fleet.Resolve(who.Tenant, id).Then(found => Known(store, rollUps, found, property)).TryGet(out var device, out var refusal))
        {
            audit.Record(who, "fabric.series.delete", id, "refused", refusal.Code);
            return refusal.ToHttp();
        }

        var properties = property?.Split(',', StringSplitOptions.TrimEntries);
        var deletion = new Deletion(
            device.Tenant, device.Id, properties, from is { } f ? Clock.ToNs(f) : long.MinValue, to is { } t ? Clock.ToNs(t) - 1 : long.MaxValue);
        var (gone, windows) = (Count(store, deletion, cancellation), rollUps.DeletionsOf(deletion).ToList());
        var told = new DeletedView(device.Id.Value, properties ?? [], from, to, gone.Sum(one => one.Points), rollUps.CountOf(windows), gone, IsDone: dryRun != true);
        if (dryRun == true)
        {
            return TypedResults.Ok(told);
        }

        await store.DeleteAsync(deletion, cancellation);
        foreach (var ofWindows in windows)
        {
            await store.DeleteAsync(ofWindows, cancellation);
        }

        audit.Record(who, "fabric.series.delete", device.Id.Value, "done", FormattableString.Invariant($"{told.Points} points, {told.Windows} windows, {property ?? "everything"} from {from:O} to {to:O}"));
        return TypedResults.Ok(told);
    }

    /// <summary>The points of each series that has some, by reading them: what was summed up leaves out those that are bad or not finite.</summary>
    private static List<GoneView> Count(TimeSeriesStore store, Deletion deletion, CancellationToken cancellation)
    {
        var gone = new List<GoneView>();
        foreach (var key in store.Series(deletion.Tenant, deletion.Device).Where(key => deletion.Properties?.Contains(key.Property) != false))
        {
            var points = 0L;
            foreach (var _ in store.ReadTyped(key, deletion.FromNs, deletion.ToNs))
            {
                if (++points % CheckEvery == 0)
                {
                    cancellation.ThrowIfCancellationRequested();
                }
            }

            if (points > 0)
            {
                gone.Add(new GoneView(key.Property, points));
            }
        }

        return gone;
    }

    private static Outcome<Device> Known(TimeSeriesStore store, RollUps rollUps, Device device, string? properties)
    {
        var known = store.Series(device.Tenant, device.Id).Select(key => key.Property).ToHashSet(StringComparer.Ordinal);
        var outlived = rollUps.PropertiesOf(device.Tenant, device.Id);
        return properties?.Split(',', StringSplitOptions.TrimEntries).FirstOrDefault(property => !known.Contains(property) && !outlived.Contains(property)) is { } missing
            ? new Refusal("fabric.series.not_found", $"{device.Id} has no series \"{missing}\"; nothing was deleted. It has {known.Count}: pilotage device values {device.Id}")
            : (Outcome<Device>)device;
    }
}
