namespace Pilotage.Server.Models.Datasets;

/// <summary>What changed between two versions of a dataset.</summary>
/// <param name="Rows">Rows in the newer one minus rows in the older.</param>
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
    IReadOnlyList<VerdictLabel> LabelsChanged)
{
    public static DatasetDiff Of(Dataset from, Dataset to)
    {
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
            [.. labelsAfter.Where(pair => labelsBefore.TryGetValue(pair.Key, out var old) && old != pair.Value).Select(pair => pair.Value)]);
    }
}
