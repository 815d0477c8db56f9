using System.Text.Json;
using Pilotage.Server.Fabric.Contracts;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Models.Contracts;
using Pilotage.Server.Package;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Models.Datasets;

/// <summary>What to cut. Devices are a path pattern; null takes the binding of the package's site.</summary>
internal sealed record CutRequest(string Package, string Name, string? Devices, double? LastHoursBeforeStop);

/// <summary>Freezes stored rows, stops and verdicts of a fleet into a dataset.</summary>
/// <remarks>
/// The split is the package's: of the matching devices, ordered by name, the first share is fitted on and the rest is named
/// as held out. Devices are never on both sides, and a device without any stored row counts for the split all the same, so
/// that data which arrives later cannot move the border.
/// </remarks>
internal sealed class DatasetCutter(IFleet fleet, IDomainEvents events, TimeSeriesStore store, IPackages packages, IArtifactStore artifacts)
{
    private const int VerdictsMax = 100_000;
    private const string VerdictPrefix = "verdict/";

    public Outcome<(DatasetManifest Manifest, UseCasePackage Package)> Cut(TenantId tenant, CutRequest request)
    {
        if (!Digest.TryParse(request.Package, out var digest))
        {
            return new Refusal("dataset.package_malformed", $"'{request.Package}' is not a package digest.");
        }

        if (!packages.Get(tenant, digest).TryGet(out var package, out var refusal))
        {
            return refusal;
        }

        var pattern = request.Devices ?? package.Site?.Bind.GetValueOrDefault(package.UseCase.Thing);
        if (pattern is null)
        {
            return new Refusal("dataset.no_devices", "Name the devices: the package came without a site that binds its thing type.");
        }

        var devices = fleet.List(tenant, new DeviceQuery { PathPattern = pattern, Thing = package.UseCase.Thing });
        if (devices.Count == 0)
        {
            return new Refusal("dataset.no_devices", $"No device of type {package.UseCase.Thing} has a path like {pattern}.");
        }

        var share = package.Models.FirstOrDefault(model => model.Label is not null)?.Split.Fit ?? 1;
        var fitted = Math.Max(1, (int)Math.Round(devices.Count * share, MidpointRounding.AwayFromZero));
        var fit = devices.Take(fitted).ToList();
        var properties = package.Thing.Properties.Select(property => property.Name).ToList();
        var rows = Rows(tenant, fit, properties);
        if (rows.Count == 0)
        {
            return new Refusal("dataset.no_rows", $"None of the {fit.Count} devices to fit on has a stored row yet.");
        }

        var manifest = new DatasetManifest(
            DatasetManifest.CurrentFormat,
            request.Name,
            digest.ToString(),
            package.UseCase.Thing,
            properties,
            artifacts.Put(rows.ToBytes()).ToString(),
            rows.Count,
            Units(tenant, fit, rows),
            [.. devices.Skip(fitted).Select(device => device.Path)],
            request.LastHoursBeforeStop,
            Verdicts(tenant, devices));
        return (manifest, package);
    }

    private DatasetRows Rows(TenantId tenant, List<Device> fit, List<string> properties)
    {
        var unit = fit.Select((device, index) => (device.Id, index)).ToDictionary(pair => pair.Id, pair => pair.index);
        var rows = new DatasetRows(properties.Count);
        foreach (var row in store.Replay(tenant, [.. unit.Keys], properties, long.MinValue, long.MaxValue))
        {
            rows.Add(unit[row.Device], row.TimeNs, row.Values);
        }

        return rows;
    }

    private List<DatasetUnit> Units(TenantId tenant, List<Device> fit, DatasetRows rows)
    {
        var counts = new long[fit.Count];
        var first = new long[fit.Count];
        var last = new long[fit.Count];
        Array.Fill(first, long.MaxValue);
        Array.Fill(last, long.MinValue);
        for (var i = 0; i < rows.Count; i++)
        {
            var unit = rows.Unit(i);
            counts[unit]++;
            first[unit] = Math.Min(first[unit], rows.TimeNs(i));
            last[unit] = Math.Max(last[unit], rows.TimeNs(i));
        }

        // A corrected stop comes as a later event; the last one counts.
        var stops = events.Read(tenant, "stop").GroupBy(stop => stop.Device).ToDictionary(group => group.Key, group => group.Last());
        return [.. fit.Select((device, i) =>
        {
            stops.TryGetValue(device.Id, out var stop);
            return new DatasetUnit(
                device.Id.Value, device.Path, counts[i], counts[i] == 0 ? 0 : first[i], counts[i] == 0 ? 0 : last[i], stop?.TimeNs, stop is not null && Flag(stop.Data, "planned"));
        })];
    }

    private List<VerdictLabel> Verdicts(TenantId tenant, IReadOnlyList<Device> devices)
    {
        var known = devices.Select(device => device.Id).ToHashSet();

        // A person may change an answer; the last one is the label.
        return [.. events.Read(tenant, "verdict", limit: VerdictsMax)
            .Where(verdict => known.Contains(verdict.Device))
            .Select(verdict => new VerdictLabel(
                Text(verdict.Data, "alert") ?? verdict.Id,
                verdict.Device.Value,
                verdict.TimeNs,
                Text(verdict.Data, "answer") ?? "unsure",
                Text(verdict.Data, "cause"),
                Text(verdict.Data, "person"),
                verdict.Id.StartsWith(VerdictPrefix, StringComparison.Ordinal) ? verdict.Id[VerdictPrefix.Length..] : null))
            .GroupBy(label => label.Alert, StringComparer.Ordinal)
            .Select(group => group.Last())
            .OrderBy(label => label.Alert, StringComparer.Ordinal)];
    }

    private static bool Flag(JsonElement data, string name) =>
        data.ValueKind == JsonValueKind.Object && data.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;

    private static string? Text(JsonElement data, string name) =>
        data.ValueKind == JsonValueKind.Object && data.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
