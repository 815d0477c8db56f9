namespace Pilotage.Server.Models.Datasets;

/// <summary>What a column of a row file holds.</summary>
/// <param name="Values">Values that are there.</param>
/// <param name="Overwritten">Values that took the place of another one of the same device and time.</param>
/// <param name="OfUnit">Values of each unit.</param>
internal sealed record DatasetCounts(long Values, long Overwritten, IReadOnlyList<long> OfUnit)
{
    /// <summary>The counts of every column.</summary>
    public static IReadOnlyList<DatasetCounts> Of(DatasetRows rows, int units)
    {
        var (values, overwritten) = (Enumerable.Range(0, rows.Properties).Select(_ => new long[units]).ToArray(), new long[rows.Properties]);
        var last = new Dictionary<(int Unit, long TimeNs), double[]>(rows.Count);
        for (var i = 0; i < rows.Count; i++)
        {
            var row = rows.Values(i).ToArray();
            var before = last.GetValueOrDefault((rows.Unit(i), rows.TimeNs(i)));
            for (var column = 0; column < row.Length; column++)
            {
                if (double.IsNaN(row[column]))
                {
                    // What a message did not name stays as it was.
                    row[column] = before?[column] ?? double.NaN;
                    continue;
                }

                values[column][rows.Unit(i)]++;
                overwritten[column] += before is not null && !double.IsNaN(before[column]) && !before[column].Equals(row[column]) ? 1 : 0;
            }

            last[(rows.Unit(i), rows.TimeNs(i))] = row;
        }

        return [.. values.Select((ofUnit, column) => new DatasetCounts(ofUnit.Sum(), overwritten[column], ofUnit))];
    }
}
