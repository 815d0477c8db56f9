using Microsoft.AspNetCore.Http;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fabric.Meaning;
using Pilotage.Server.Fabric.Retention;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Export;

/// <summary>Series as a table of CSV or Parquet over HTTP, sent as it is read.</summary>
internal static class ExportEndpoint
{
    private const string Parquet = "parquet";
    private static readonly string[] Formats = ["csv", Parquet];

    /// <param name="property">One property, or several with commas; all that were measured when left out.</param>
    /// <param name="device">One device by id, path or name.</param>
    /// <param name="path">Devices by their path.</param>
    /// <param name="thing">Devices of a thing type.</param>
    /// <param name="from">The first time that counts.</param>
    /// <param name="to">The first time that counts no more.</param>
    /// <param name="format">csv or parquet; what Accept asks for when left out, and else csv.</param>
    public static IResult Answer(
        string? property, string? device, string? path, string? thing, DateTimeOffset? from, DateTimeOffset? to, string? format,
        HttpRequest request, Principal who, IFleet fleet, TimeSeriesStore store, RollUps rollUps, ThingBook things, ExportLimits limits)
    {
        var export = Devices(device, path, thing, property, who, fleet).Then(devices => Columns(property, devices, store, rollUps).Then(columns => from >= to
            ? QueryBounds.Refused("from", $"is {from:O}, not before to ({to:O}); give the earlier time as from")
            : (Outcome<SeriesExport>)new SeriesExport(devices, columns, from is { } f ? Clock.ToNs(f) : long.MinValue, to is { } t ? Clock.ToNs(t) : long.MaxValue)));
        var form = QueryBounds.OneOf("format", format, Formats);
        var entered = form.Then(_ => export).Then(_ => limits.Enter());
        if (!entered.IsOk)
        {
            limits.Count("refused");
        }

        return entered.ToHttp<Turnstile.Place>(place =>
        {
            var note = WindowsOnly.NoteOf(rollUps, property is null ? export.Value.Keys.Union(Kept(export.Value.Devices, rollUps)) : export.Value.Keys, export.Value.FromNs, export.Value.ToNs);
            return (form.Value ?? (WantsParquet(request) ? Parquet : null)) == Parquet
                ? new ParquetAnswer(new ParquetExport(export.Value, store, (of, name) => things.UnitOf(of, name)?.Code), note, place)
                : new ExportAnswer(export.Value, store, note, place);
        });
    }

    private static bool WantsParquet(HttpRequest request) => request.GetTypedHeaders().Accept.Any(accepted =>
        accepted.MediaType.Equals(ParquetAnswer.Media, StringComparison.OrdinalIgnoreCase) && accepted.Quality is null or > 0);

    /// <summary>What was measured and has windows: where no point is left, nothing else tells of them.</summary>
    private static IEnumerable<SeriesKey> Kept(IReadOnlyList<Device> devices, RollUps rollUps) => rollUps.IsEmpty
        ? []
        : devices.SelectMany(device => rollUps.PropertiesOf(device.Tenant, device.Id).Where(Telemetry.IsMeasured).Select(property => new SeriesKey(device.Tenant, device.Id, property)));

    private static Outcome<IReadOnlyList<Device>> Devices(string? device, string? path, string? thing, string? property, Principal who, IFleet fleet)
    {
        if (device is not null)
        {
            return path is null && thing is null
                ? fleet.Resolve(who.Tenant, device).Then(one => (Outcome<IReadOnlyList<Device>>)(List<Device>)[one])
                : QueryBounds.Refused("device", "names one device, and path and thing choose among many; give one or the other");
        }

        if (path is null && thing is null && property is null)
        {
            return QueryBounds.Refused("property", "is left out, and so are device, path and thing; say what is wanted, path=** for everything");
        }

        var devices = fleet.List(who.Tenant, new DeviceQuery { PathPattern = path, Thing = thing });
        return devices.Count <= ExportLimits.DevicesMax
            ? devices.OrderBy(one => one.Id.Value, StringComparer.Ordinal).ToList()
            : QueryBounds.Refused("path", $"finds {devices.Count:N0} devices; {ExportLimits.DevicesMax:N0} are the most of one export");
    }

    private static Outcome<IReadOnlyList<string>> Columns(string? property, IReadOnlyList<Device> devices, TimeSeriesStore store, RollUps rollUps)
    {
        var there = devices.SelectMany(device => store.Series(device.Tenant, device.Id)).Select(key => key.Property).ToHashSet(StringComparer.Ordinal);
        if (property is null)
        {
            var measured = there.Where(Telemetry.IsMeasured).Order(StringComparer.Ordinal).ToList();
            return measured.Count <= ExportLimits.ColumnsMax
                ? measured
                : QueryBounds.Refused("property", $"is left out, and there are {measured.Count:N0}; {ExportLimits.ColumnsMax:N0} are the most of one export");
        }

        var wanted = property.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Distinct(StringComparer.Ordinal).ToList();
        return wanted.Count is 0 or > ExportLimits.ColumnsMax ? QueryBounds.Refused("property", $"names {wanted.Count}; give 1 to {ExportLimits.ColumnsMax:N0}, with commas between them")
            : wanted.Find(name => !there.Contains(name)) is { } missing
                ? devices.Any(device => rollUps.Holds(device.Tenant, device.Id, missing))
                    ? WindowsOnly.NotThere(missing)
                    : new Refusal("fabric.series.not_found", $"None of these devices has a series \"{missing}\". See what there is: pilotage data list")
            : wanted;
    }
}
