namespace Pilotage.Server.Models.Datasets;

/// <summary>A column that is another one: in another unit, or made otherwise.</summary>
/// <param name="Column">Its name; of a feature or label, its model before it.</param>
/// <param name="What">unit or origin.</param>
internal sealed record ColumnChange(string Column, string What, string? Before, string? After);

/// <summary>What changed between two versions of a dataset.</summary>
/// <param name="Rows">Rows in the newer one minus rows in the older.</param>
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
    IReadOnlyList<ColumnChange> ColumnsChanged)
{
    public static DatasetDiff Of(Dataset from, Dataset to, IReadOnlyList<DatasetColumn> columnsFrom, IReadOnlyList<DatasetColumn> columnsTo)
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
            [.. unitsAfter.Where(pair => unitsBefore.TryGetValue(pair.Key, out var old) && old != pair.Value).Select(pair => pair.Key).Order(StringComparer.Ordinal)],
            [.. labelsAfter.Where(pair => !labelsBefore.ContainsKey(pair.Key)).Select(pair => pair.Value)],
            [.. labelsBefore.Where(pair => !labelsAfter.ContainsKey(pair.Key)).Select(pair => pair.Value)],
            [.. labelsAfter.Where(pair => labelsBefore.TryGetValue(pair.Key, out var old) && old != pair.Value).Select(pair => pair.Value)],
            [.. columnsAfter.Keys.Except(columnsBefore.Keys)],
            [.. columnsBefore.Keys.Except(columnsAfter.Keys)],
            [.. columnsAfter.SelectMany(pair => columnsBefore.TryGetValue(pair.Key, out var old) ? Changes(pair.Key, old, pair.Value) : [])]);
    }

    private static Dictionary<string, DatasetColumn> ByName(IReadOnlyList<DatasetColumn> columns) => columns
        .DistinctBy(NameOf, StringComparer.Ordinal).ToDictionary(NameOf, column => column, StringComparer.Ordinal);

    private static string NameOf(DatasetColumn column) => column.Model is null ? column.Name : $"{column.Model}.{column.Name}";

    private static IEnumerable<ColumnChange> Changes(string name, DatasetColumn before, DatasetColumn after)
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
    }

    private static string Whole(DatasetColumn column) => column.Steps is { Count: > 0 } steps ? $"{column.Origin}; {string.Join("; ", steps)}" : column.Origin;
}
