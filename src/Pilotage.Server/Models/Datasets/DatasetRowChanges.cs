namespace Pilotage.Server.Models.Datasets;

/// <summary>Where the rows of two datasets differ: compared device by device in their order, in the columns that both have.</summary>
/// <param name="Units">Paths of devices of both whose rows are others.</param>
/// <param name="Columns">Columns that have another value somewhere at a row that both have.</param>
internal sealed record DatasetRowChanges(IReadOnlySet<string> Units, IReadOnlySet<string> Columns)
{
    public static DatasetRowChanges None { get; } = new(new HashSet<string>(), new HashSet<string>());

    public static DatasetRowChanges Of(DatasetManifest before, DatasetRows rowsBefore, DatasetManifest after, DatasetRows rowsAfter)
    {
        var (units, columns) = (new HashSet<string>(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal));
        var shared = before.Properties.Select((name, at) => (Name: name, Before: at, After: after.Properties.ToList().IndexOf(name))).Where(column => column.After >= 0).ToList();
        var (ofBefore, ofAfter) = (RowsOf(before, rowsBefore), RowsOf(after, rowsAfter));
        foreach (var (path, old) in ofBefore)
        {
            if (!ofAfter.TryGetValue(path, out var now))
            {
                continue;
            }

            // Where a row came or went, which value after it is whose nobody can say.
            var pairs = old.Zip(now).TakeWhile(pair => rowsBefore.TimeNs(pair.First) == rowsAfter.TimeNs(pair.Second)).ToList();
            var others = pairs.SelectMany(pair => Others(rowsBefore.Values(pair.First), rowsAfter.Values(pair.Second), shared)).ToHashSet(StringComparer.Ordinal);
            columns.UnionWith(others);
            if (old.Count != now.Count || pairs.Count < old.Count || others.Count > 0)
            {
                units.Add(path);
            }
        }

        return new DatasetRowChanges(units, columns);
    }

    /// <summary>Columns that have another value in one of two rows.</summary>
    private static IEnumerable<string> Others(ReadOnlyMemory<double> before, ReadOnlyMemory<double> after, List<(string Name, int Before, int After)> shared) =>
        shared.Where(column => !before.Span[column.Before].Equals(after.Span[column.After])).Select(column => column.Name);

    /// <summary>The rows of each device by its path, in the order in which they were stored.</summary>
    private static Dictionary<string, List<int>> RowsOf(DatasetManifest manifest, DatasetRows rows)
    {
        var of = manifest.Units.ToDictionary(unit => unit.Path, _ => new List<int>(), StringComparer.Ordinal);
        for (var row = 0; row < rows.Count; row++)
        {
            of[manifest.Units[rows.Unit(row)].Path].Add(row);
        }

        return of;
    }
}
