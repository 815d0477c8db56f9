using Pilotage.Server.Fabric.Contracts;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.Server.Models.Contracts;
using Pilotage.Server.Package;
using Pilotage.Streams;

namespace Pilotage.Server.Models.Datasets;

/// <summary>One column of what a model is taught with, and where it comes from.</summary>
/// <param name="Name">A property as it is stored, a feature as a model calls it, or a label.</param>
/// <param name="Kind">property, feature or label.</param>
/// <param name="Unit">In UCUM, as the package says; null where it does not.</param>
/// <param name="Origin">In a sentence: the property of a thing, the expression of the pipeline, or what the label is.</param>
/// <param name="Model">Of a feature or label: the model that it is for.</param>
/// <param name="Steps">Of a feature: what the columns in its expression are made by, down to properties.</param>
/// <param name="Properties">Of a feature: the properties that it is made of.</param>
/// <param name="Through">Of a feature: views and models of the pipeline that it comes through, the last one first.</param>
/// <param name="Values">Of a property: values in the rows.</param>
/// <param name="Missing">Of a property: rows without a value of it.</param>
/// <param name="Overwritten">Of a property: values that replaced another one of the same device and time before the cut.</param>
/// <param name="Series">Of a property: the series with rows in the dataset, by path.</param>
/// <param name="Doors">Of a property: ways that are open to its series now, and how many series each.</param>
/// <param name="Retention">Of a property: rules of retention that hold now, and how many series each.</param>
/// <param name="PointsFrom">Of a property: before it points of some series are gone by now; the dataset still has those that it was cut with.</param>
internal sealed record DatasetColumn(
    string Name,
    string Kind,
    string? Unit,
    string Origin,
    string? Model = null,
    IReadOnlyList<string>? Steps = null,
    IReadOnlyList<string>? Properties = null,
    IReadOnlyList<string>? Through = null,
    long? Values = null,
    long? Missing = null,
    long? Overwritten = null,
    IReadOnlyList<string>? Series = null,
    IReadOnlyList<string>? Doors = null,
    IReadOnlyList<string>? Retention = null,
    DateTimeOffset? PointsFrom = null);

/// <summary>Tells the columns of a dataset with their origin.</summary>
/// <remarks>
/// Nothing of it is in the manifest: names, units and expressions are those of the package, which the manifest names by digest, and counts are
/// those of the row file. So they are what they were at the cut, and datasets of earlier versions tell them too. Doors and retention are of now.
/// </remarks>
internal sealed class DatasetColumns(IPackages packages, IArtifactStore artifacts, IFleet fleet, ISeriesOrigins origins)
{
    public const string Property = "property";
    public const string Feature = "feature";
    public const string Label = "label";

    /// <summary>Every column: properties in their order, then features and labels model by model.</summary>
    public Outcome<IReadOnlyList<DatasetColumn>> Of(TenantId tenant, DatasetManifest manifest) => PackageOf(tenant, manifest).Then(package =>
        RowsOf(manifest).Then(rows => (Outcome<IReadOnlyList<DatasetColumn>>)(List<DatasetColumn>)[.. Properties(tenant, manifest, package, rows), .. Derived(manifest, package)]));

    /// <summary>What changed from one version to another; both row files are read as they lie, side by side, and never held whole.</summary>
    public Outcome<DatasetDiff> Diff(TenantId tenant, Dataset from, Dataset to) => Compared(tenant, from.Manifest).Then(old =>
    {
        using (old.Rows)
        {
            return Compared(tenant, to.Manifest).Then(now =>
            {
                using (now.Rows)
                {
                    return (Outcome<DatasetDiff>)DatasetDiff.Of(from, to, old.Columns, now.Columns, DatasetRowChanges.Of(from.Manifest, old.Rows, to.Manifest, now.Rows));
                }
            });
        }
    });

    /// <summary>The columns without what is of now, and the rows.</summary>
    private Outcome<(IReadOnlyList<DatasetColumn> Columns, DatasetRowFile Rows)> Compared(TenantId tenant, DatasetManifest manifest) => PackageOf(tenant, manifest).Then(package =>
        DigestOf(manifest).Then(artifacts.Open).Then(DatasetRowFile.Open).Then(rows =>
        {
            var values = new long[rows.Properties];
            while (rows.Read())
            {
                for (var column = 0; column < values.Length; column++)
                {
                    values[column] += double.IsNaN(rows.Values[column]) ? 0 : 1;
                }
            }

            var properties = manifest.Properties.Select((name, at) => Named(package, name) with { Values = values[at], Missing = rows.Count - values[at] });
            return (Outcome<(IReadOnlyList<DatasetColumn>, DatasetRowFile)>)((List<DatasetColumn>)[.. properties, .. Derived(manifest, package)], rows);
        }));

    private Outcome<UseCasePackage> PackageOf(TenantId tenant, DatasetManifest manifest) => Digest.TryParse(manifest.Package, out var digest)
        ? packages.Get(tenant, digest)
        : new Refusal("dataset.malformed", $"The dataset names no package: {manifest.Package}.");

    private Outcome<DatasetRows> RowsOf(DatasetManifest manifest) => DigestOf(manifest).Then(artifacts.Read).Then(bytes => DatasetRows.Read(bytes));

    private static Outcome<Digest> DigestOf(DatasetManifest manifest) => Digest.TryParse(manifest.Rows, out var digest)
        ? digest
        : new Refusal("dataset.malformed", $"The dataset names no rows: {manifest.Rows}.");

    private IEnumerable<DatasetColumn> Properties(TenantId tenant, DatasetManifest manifest, UseCasePackage package, DatasetRows rows)
    {
        var counts = DatasetCounts.Of(rows, manifest.Units.Count);
        var devices = manifest.Units.Where(unit => unit.Rows > 0).Select(unit => fleet.Find(tenant, new DeviceId(unit.Device))).OfType<Device>().ToList();
        var known = origins.Of(tenant, devices, manifest.Properties);
        for (var at = 0; at < manifest.Properties.Count; at++)
        {
            var name = manifest.Properties[at];
            var (count, ofSeries) = (counts[at], known[name]);
            yield return Named(package, name) with
            {
                Values = count.Values,
                Missing = rows.Count - count.Values,
                Overwritten = count.Overwritten,
                Series = [.. manifest.Units.Where((_, unit) => count.OfUnit[unit] > 0).Select(unit => $"{unit.Path}/{name}")],
                Doors = Counted(ofSeries.SelectMany(one => one.Doors)),
                Retention = Counted(ofSeries.Select(one => one.Retention).OfType<string>()),
                PointsFrom = ofSeries.Max(one => one.PointsFromNs) is { } gone ? Clock.FromNs(gone) : null,
            };
        }
    }

    private static DatasetColumn Named(UseCasePackage package, string name)
    {
        var property = package.Thing.Properties.FirstOrDefault(one => one.Name == name);
        return new DatasetColumn(name, Property, property?.Unit, $"property {package.Thing.Name}.{name}{(property is null ? "" : $" ({property.At})")}");
    }

    private static IEnumerable<DatasetColumn> Derived(DatasetManifest manifest, UseCasePackage package)
    {
        var features = FeatureOrigins.Of(package.PipelineSql, [.. package.Models.Select(PackageSchemas.ToSchema)]);
        foreach (var model in package.Models)
        {
            var units = model.Inputs.ToDictionary(input => input.Name, input => input.Unit, StringComparer.Ordinal);
            foreach (var feature in features.Where(one => one.Model == model.Name))
            {
                yield return new DatasetColumn(
                    feature.Name, Feature, units.GetValueOrDefault(feature.Name), feature.Expression ?? $"property {string.Join(", ", feature.Properties)} as it is",
                    model.Name, feature.Steps, feature.Properties, feature.Through);
            }

            if (model.Label is { } label)
            {
                yield return new DatasetColumn(model.Outputs[0].Name, Label, model.Outputs[0].Unit, Words(manifest, label), model.Name);
            }
        }
    }

    private static string Words(DatasetManifest manifest, LabelSpec label) => label.From == "stops"
        ? $"time from the row to the stop of its device; {manifest.Units.Count(unit => unit.StopNs is not null)} of {manifest.Units.Count} devices stopped"
            + $"{(manifest.LastHoursBeforeStop is { } hours ? FormattableString.Invariant($", and rows of the last {hours:0.##} h before it carry one") : "")}"
        : $"{label.From}{(label.Cause is { } cause ? $" of {cause}" : "")}; there are {manifest.Verdicts.Count}";

    private static List<string> Counted(IEnumerable<string> words) =>
        [.. words.GroupBy(word => word, StringComparer.Ordinal).OrderBy(group => group.Key, StringComparer.Ordinal).Select(group => $"{group.Key} ({group.Count()} series)")];
}
