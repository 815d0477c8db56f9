using System.Text.Json;
using System.Text.RegularExpressions;
using Pilotage.Core.Contracts;
using Pilotage.Server.Fabric.Contracts;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.Server.Models.Contracts;
using Pilotage.Server.Package;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Models.Datasets;

/// <summary>What to cut. Devices are a path pattern; null takes the binding of the package's site.</summary>
/// <param name="Package">Digest of a package, or the name of its use case: then the one that was taken in last.</param>
/// <param name="From">The first time of a row that counts.</param>
/// <param name="To">The first time of a row that counts no more.</param>
/// <param name="AsOf">As it was known then: nothing that arrived later counts, be it a row, a stop, a verdict or a device.</param>
internal sealed record CutRequest(
    string Package, string Name, string? Devices, double? LastHoursBeforeStop, DateTimeOffset? From = null, DateTimeOffset? To = null, DateTimeOffset? AsOf = null);

/// <summary>What of all that is stored counts: rows by their time and their arrival, everything else by its arrival.</summary>
internal readonly record struct CutSpan(long FromNs, long ToNs, long AsOfNs)
{
    public bool Holds(ArrivedRow row) => row.TimeNs >= FromNs && row.TimeNs < ToNs && row.ReceivedNs <= AsOfNs;
}

/// <summary>Freezes stored rows, stops and verdicts of a fleet into a dataset.</summary>
/// <remarks>
/// The split is the package's: of the matching devices, ordered by name, the first share is fitted on and the rest is named
/// as held out. Devices are never on both sides, and a device without any stored row counts for the split all the same, so
/// that data which arrives later cannot move the border.
/// </remarks>
internal sealed partial class DatasetCutter(
    IFleet fleet, IDomainEvents events, TimeSeriesStore store, IPackages packages, IArtifactStore artifacts, TimeProvider time)
{
    private const int VerdictsMax = 100_000;
    private const int StopsMax = 100_000;
    private const string VerdictPrefix = "verdict/";

    public Outcome<(DatasetManifest Manifest, IReadOnlyList<string> WithoutValue)> Cut(TenantId tenant, CutRequest request)
    {
        if (!Name().IsMatch(request.Name))
        {
            return new Refusal("dataset.name", $"'{Shown(request.Name)}' is not the name of a dataset: letters, digits, - _ and ., a letter or digit first, at most 63.");
        }

        if (request.LastHoursBeforeStop is { } hours && !(hours > 0 && hours <= DatasetBounds.LastHoursMax))
        {
            return QueryBounds.Refused("lastHoursBeforeStop", FormattableString.Invariant($"is {hours}; give hours above 0 and at most {DatasetBounds.LastHoursMax}, or leave it out to label every row"));
        }

        if (!SpanOf(request).TryGet(out var span, out var refusal) || !PackageOf(tenant, request.Package).TryGet(out var package, out refusal))
        {
            return refusal;
        }

        var pattern = request.Devices ?? package.Site?.Bind.GetValueOrDefault(package.UseCase.Thing);
        if (pattern is null)
        {
            return new Refusal("dataset.no_devices", "Name the devices: the package came without a site that binds its thing type.");
        }

        var devices = fleet.List(tenant, new DeviceQuery { PathPattern = pattern, Thing = package.UseCase.Thing }).Where(device => device.CreatedNs <= span.AsOfNs).ToList();
        if (devices.Count == 0)
        {
            return new Refusal("dataset.no_devices", $"No device of type {package.UseCase.Thing} {(request.AsOf is { } then ? $"was there at {then:O} with" : "has")} a path like {pattern}.");
        }

        var share = package.Models.FirstOrDefault(model => model.Label is not null)?.Split.Fit ?? 1;
        var fitted = Math.Max(1, (int)Math.Round(devices.Count * share, MidpointRounding.AwayFromZero));
        var fit = devices.Take(fitted).ToList();
        var properties = package.Thing.Properties.Select(property => property.Name).ToList();
        var rows = Rows(tenant, fit, properties, span);
        if (rows.Count == 0)
        {
            return new Refusal("dataset.no_rows", request is { From: null, To: null, AsOf: null }
                ? $"None of the {fit.Count} devices to fit on has a stored row yet."
                : $"None of the {fit.Count} devices to fit on has a row of the time and arrival asked for; see what there is: pilotage data list --thing {package.UseCase.Thing}");
        }

        var manifest = new DatasetManifest(
            DatasetManifest.CurrentFormat,
            request.Name,
            package.Digest.ToString(),
            package.UseCase.Thing,
            properties,
            artifacts.Put(rows.ToBytes()).ToString(),
            rows.Count,
            Units(tenant, fit, rows, span),
            [.. devices.Skip(fitted).Select(device => device.Path)],
            request.LastHoursBeforeStop,
            Verdicts(tenant, devices, span),
            request.From is null ? null : span.FromNs,
            request.To is null ? null : span.ToNs,
            request.AsOf is null ? null : span.AsOfNs);
        return (manifest, WithoutValue(rows, properties));
    }

    private static List<string> WithoutValue(DatasetRows rows, List<string> properties)
    {
        var has = new bool[properties.Count];
        for (var row = 0; row < rows.Count && has.Contains(false); row++)
        {
            var values = rows.Values(row).Span;
            for (var column = 0; column < has.Length; column++)
            {
                has[column] |= !double.IsNaN(values[column]);
            }
        }

        return [.. properties.Where((_, column) => !has[column])];
    }

    private Outcome<CutSpan> SpanOf(CutRequest request)
    {
        if (request.From >= request.To)
        {
            return QueryBounds.Refused("from", $"is {request.From:O}, not before to ({request.To:O}); give the earlier time as from");
        }

        return request.AsOf > time.GetUtcNow()
            ? QueryBounds.Refused("asOf", $"is {request.AsOf:O}, and what will have arrived by then nobody knows; give a time that is past, or leave it out for all that is here now")
            : new CutSpan(
                request.From is { } from ? Clock.ToNs(from) : long.MinValue,
                request.To is { } to ? Clock.ToNs(to) : long.MaxValue,
                request.AsOf is { } asOf ? Clock.ToNs(asOf) : long.MaxValue);
    }

    private Outcome<UseCasePackage> PackageOf(TenantId tenant, string package) => Digest.TryParse(package, out var digest)
        ? packages.Get(tenant, digest)
        : packages.Latest(tenant, package).TryGet(out var latest, out _)
            ? latest
            : new Refusal("dataset.package_malformed", $"'{Shown(package)}' is neither the digest of a package nor a use case with one; see pilotage usecase list.");

    private DatasetRows Rows(TenantId tenant, List<Device> fit, List<string> properties, CutSpan span)
    {
        var unit = fit.Select((device, index) => (device.Id, index)).ToDictionary(pair => pair.Id, pair => pair.index);
        var rows = new DatasetRows(properties.Count);
        foreach (var row in store.Replay(tenant, [.. unit.Keys], properties, span.FromNs, span.ToNs))
        {
            if (span.Holds(row))
            {
                rows.Add(unit[row.Device], row.TimeNs, row.Values);
            }
        }

        return rows;
    }

    private List<DatasetUnit> Units(TenantId tenant, List<Device> fit, DatasetRows rows, CutSpan span)
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
        var stops = events.Read(tenant, "stop", limit: StopsMax).Where(stop => stop.ReceivedNs <= span.AsOfNs).GroupBy(stop => stop.Device).ToDictionary(group => group.Key, group => group.Last());
        return [.. fit.Select((device, i) =>
        {
            stops.TryGetValue(device.Id, out var stop);
            return new DatasetUnit(
                device.Id.Value, device.Path, counts[i], counts[i] == 0 ? 0 : first[i], counts[i] == 0 ? 0 : last[i], stop?.TimeNs, stop is not null && Flag(stop.Data, "planned"));
        })];
    }

    private List<VerdictLabel> Verdicts(TenantId tenant, IReadOnlyList<Device> devices, CutSpan span)
    {
        var known = devices.Select(device => device.Id).ToHashSet();

        // A person may change an answer; the last one is the label.
        return [.. events.Read(tenant, "verdict", limit: VerdictsMax)
            .Where(verdict => verdict.ReceivedNs <= span.AsOfNs && known.Contains(verdict.Device))
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

    private static string Shown(string text) => text.Length <= 80 ? text : text[..80] + "…";

    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")]
    private static partial Regex Name();
}
