using Pilotage.TimeSeries.Head;

namespace Pilotage.TimeSeries.Query;

/// <summary>One series as runs of points in order of time; of one time the last to arrive.</summary>
/// <remarks>
/// A block that overlaps no other in time, and rises, is a run as it stands: the usual case. Blocks that overlap are merged.
/// </remarks>
internal static class ColumnRuns
{
    private const int MergedPointsMax = 4096;

    /// <summary>The points from a time to a time, both included.</summary>
    public static IEnumerable<ColumnRun> Of(List<RowSource> sources, long fromNs, long toNs)
    {
        sources.Sort((left, right) => left.First.CompareTo(right.First));
        for (var start = 0; start < sources.Count;)
        {
            var (end, last) = (start + 1, sources[start].Last);
            while (end < sources.Count && sources[end].First <= last)
            {
                last = Math.Max(last, sources[end++].Last);
            }

            foreach (var run in Cluster(sources.GetRange(start, end - start)))
            {
                if (Within(run, fromNs, toNs) is { Count: > 0 } wanted)
                {
                    yield return wanted;
                }
            }

            start = end;
        }
    }

    private static IEnumerable<ColumnRun> Cluster(List<RowSource> sources)
    {
        if (sources.Count > 1)
        {
            return Merged(sources);
        }

        if (sources[0].Load() is not { Count: > 0 } rows)
        {
            return [];
        }

        var column = sources[0].Columns[0];
        return rows.IsRising ? [Column(rows, column)] : Merged([sources[0] with { Load = () => rows }]);
    }

    private static ColumnRun Column(RowSpan rows, int column)
    {
        var values = new double[rows.Count];
        var qualities = new Quality[rows.Count];
        var kind = rows.Shape.KindOf(column);
        for (int row = 0, at = column; row < values.Length; row++, at += rows.Width)
        {
            values[row] = SeriesValue.NumberOf(kind, rows.Values[at]);
            qualities[row] = rows.Qualities[at];
        }

        return new(rows.Times.AsMemory(0, rows.Count), values, qualities);
    }

    private static IEnumerable<ColumnRun> Merged(List<RowSource> sources)
    {
        var (times, values, qualities) = (new List<long>(), new List<double>(), new List<Quality>());
        foreach (var cursor in RowMerge.Of(sources, byTime: true))
        {
            var point = cursor.Rows.Point(cursor.Row, cursor.Columns[0]);
            if (times.Count > 0 && times[^1] == point.TimeNs)
            {
                (values[^1], qualities[^1]) = (point.Value, point.Quality);
                continue;
            }

            if (times.Count == MergedPointsMax)
            {
                yield return new(times.ToArray(), values.ToArray(), qualities.ToArray());
                times.Clear();
                values.Clear();
                qualities.Clear();
            }

            times.Add(point.TimeNs);
            values.Add(point.Value);
            qualities.Add(point.Quality);
        }

        yield return new(times.ToArray(), values.ToArray(), qualities.ToArray());
    }

    private static ColumnRun Within(ColumnRun run, long fromNs, long toNs)
    {
        var start = FirstAtOrAfter(run.Times.Span, fromNs);
        var end = toNs == long.MaxValue ? run.Count : FirstAtOrAfter(run.Times.Span, toNs + 1);
        return end <= start ? default : new(run.Times[start..end], run.Values[start..end], run.Qualities[start..end]);
    }

    /// <summary>The first place at or after a time; times rise.</summary>
    public static int FirstAtOrAfter(ReadOnlySpan<long> times, long timeNs)
    {
        var at = times.BinarySearch(timeNs);
        return at >= 0 ? at : ~at;
    }
}
