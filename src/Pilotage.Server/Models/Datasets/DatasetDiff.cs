using Pilotage.Server.Hosting;

namespace Pilotage.Server.Models.Datasets;

/// <summary>A column that is another one: in another unit, made otherwise, or with other values.</summary>
/// <param name="Column">Its name; of a feature or label, its model before it.</param>
/// <param name="What">unit, origin, values or missing.</param>
internal sealed record ColumnChange(string Column, string What, string? Before, string? After);

/// <summary>A bound or a rule that one version was cut by and the other was not; or rows, where nothing else tells what differs.</summary>
/// <param name="What">package, from, to, asOf, lastHoursBeforeStop, heldOut or rows.</param>
internal sealed record CutChange(string What, string? Before, string? After);

/// <summary>What changed between two versions of a dataset.</summary>
/// <param name="Rows">Rows in the newer one minus rows in the older.</param>
/// <param name="UnitsChanged">Devices whose rows, stop or span are others.</param>
/// <param name="CutChanged">What the two were cut by.</param>
/// <param name="ColumnsAdded">Properties, features and labels; of the latter two, their model stands before the name.</param>
internal sealed record DatasetDiff(
    string From,
    string To,
    bool Same,
    long Rows,
    IReadOnlyList<string> UnitsAdded,
    IReadOnlyList<string> UnitsRemoved,
    IReadOnlyList<string> UnitsChanged,
    IReadOnlyList<VerdictLabel> LabelsAdded,
    IReadOnlyList<VerdictLabel> LabelsRemoved,
    IReadOnlyList<VerdictLabel> LabelsChanged,
    IReadOnlyList<string> ColumnsAdded,
    IReadOnlyList<string> ColumnsRemoved,
    IReadOnlyList<ColumnChange> ColumnsChanged,
    IReadOnlyList<CutChange> CutChanged)
{
    /// <summary>Whether nothing is named that differs.</summary>
    private bool IsEmpty => Rows == 0 && UnitsAdded.Count + UnitsRemoved.Count + UnitsChanged.Count + LabelsAdded.Count + LabelsRemoved.Count + LabelsChanged.Count
        + ColumnsAdded.Count + ColumnsRemoved.Count + ColumnsChanged.Count + CutChanged.Count == 0;

    public static DatasetDiff Of(Dataset from, Dataset to, IReadOnlyList<DatasetColumn> columnsFrom, IReadOnlyList<DatasetColumn> columnsTo, DatasetRowChanges rows)
    {
        var named = Named(from, to, columnsFrom, columnsTo, rows);

        // Two digests always differ in something: the same rows of each device in another order among devices, say.
        return named.Same || !named.IsEmpty ? named : named with { CutChanged = [new CutChange("rows", from.Manifest.Rows, to.Manifest.Rows)] };
    }

    private static DatasetDiff Named(Dataset from, Dataset to, IReadOnlyList<DatasetColumn> columnsFrom, IReadOnlyList<DatasetColumn> columnsTo, DatasetRowChanges rows)
    {
        var columnsBefore = ByName(columnsFrom);
        var columnsAfter = ByName(columnsTo);
        var (before, after) = (from.Manifest, to.Manifest);
        var unitsBefore = before.Units.ToDictionary(unit => unit.Path, StringComparer.Ordinal);
        var unitsAfter = after.Units.ToDictionary(unit => unit.Path, StringComparer.Ordinal);
        var labelsBefore = before.Verdicts.ToDictionary(label => label.Alert, StringComparer.Ordinal);
        var labelsAfter = after.Verdicts.ToDictionary(label => label.Alert, StringComparer.Ordinal);
        return new DatasetDiff(
            from.Reference,
            to.Reference,
            from.Digest == to.Digest,
            after.RowCount - before.RowCount,
            [.. unitsAfter.Keys.Except(unitsBefore.Keys).Order(StringComparer.Ordinal)],
            [.. unitsBefore.Keys.Except(unitsAfter.Keys).Order(StringComparer.Ordinal)],
            [.. unitsAfter.Where(pair => unitsBefore.TryGetValue(pair.Key, out var old) && (old != pair.Value || rows.Units.Contains(pair.Key))).Select(pair => pair.Key).Order(StringComparer.Ordinal)],
            [.. labelsAfter.Where(pair => !labelsBefore.ContainsKey(pair.Key)).Select(pair => pair.Value)],
            [.. labelsBefore.Where(pair => !labelsAfter.ContainsKey(pair.Key)).Select(pair => pair.Value)],
            [.. labelsAfter.Where(pair => labelsBefore.TryGetValue(pair.Key, out var old) && old != pair.Value).Select(pair => pair.Value)],
            [.. columnsAfter.Keys.Except(columnsBefore.Keys)],
            [.. columnsBefore.Keys.Except(columnsAfter.Keys)],
            [.. columnsAfter.SelectMany(pair => columnsBefore.TryGetValue(pair.Key, out var old) ? Changes(pair.Key, old, pair.Value, rows) : [])],
            [.. Bounds(before).Zip(Bounds(after)).Where(pair => pair.First.Value != pair.Second.Value).Select(pair => new CutChange(pair.First.What, pair.First.Value, pair.Second.Value))]);
    }

    private static (string What, string? Value)[] Bounds(DatasetManifest manifest) =>
    [
        ("package", manifest.Package),
        ("from", manifest.FromNs is { } from ? Clock.Rfc3339(from) : null),
        ("to", manifest.ToNs is { } to ? Clock.Rfc3339(to) : null),
        ("asOf", manifest.AsOfNs is { } asOf ? Clock.Rfc3339(asOf) : null),
        ("lastHoursBeforeStop", manifest.LastHoursBeforeStop is { } hours ? FormattableString.Invariant($"{hours}") : null),
        ("heldOut", manifest.HeldOut.Count == 0 ? null : string.Join(", ", manifest.HeldOut)),
    ];

    private static Dictionary<string, DatasetColumn> ByName(IReadOnlyList<DatasetColumn> columns) => columns
        .DistinctBy(NameOf, StringComparer.Ordinal).ToDictionary(NameOf, column => column, StringComparer.Ordinal);

    private static string NameOf(DatasetColumn column) => column.Model is null ? column.Name : $"{column.Model}.{column.Name}";

    private static IEnumerable<ColumnChange> Changes(string name, DatasetColumn before, DatasetColumn after, DatasetRowChanges rows)
    {
        if (before.Unit != after.Unit)
        {
            yield return new ColumnChange(name, "unit", before.Unit, after.Unit);
        }

        // Where a property stands in a file, and how many devices stopped, is no change of the column.
        if (after.Kind == DatasetColumns.Feature && Whole(before) != Whole(after))
        {
            yield return new ColumnChange(name, "origin", Whole(before), Whole(after));
        }

        if (before.Values != after.Values)
        {
            yield return new ColumnChange(name, "values", Number(before.Values), Number(after.Values));
        }
        else if (after.Kind == DatasetColumns.Property && rows.Columns.Contains(name))
        {
            yield return new ColumnChange(name, "values", Number(before.Values), $"{Number(after.Values)}, others");
        }

        if (before.Missing != after.Missing)
        {
            yield return new ColumnChange(name, "missing", Number(before.Missing), Number(after.Missing));
        }
    }

    private static string? Number(long? count) => count is { } number ? FormattableString.Invariant($"{number}") : null;

    private static string Whole(DatasetColumn column) => column.Steps is { Count: > 0 } steps ? $"{column.Origin}; {string.Join("; ", steps)}" : column.Origin;
}
