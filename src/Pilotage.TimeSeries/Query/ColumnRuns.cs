using Pilotage.TimeSeries.Head;
using Pilotage.TimeSeries.Segments;

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
        foreach (var cluster in Clusters(sources))
        {
            foreach (var run in Runs(cluster))
            {
                if (Within(run, fromNs, toNs) is { Count: > 0 } wanted)
                {
                    yield return wanted;
                }
            }
        }
    }

    /// <summary>The same for sums by windows: of a block whose sums are known only what lies beside whole windows of it is decoded.</summary>
    /// <param name="sources">The rows of a series.</param>
    /// <param name="fromNs">The first time that counts.</param>
    /// <param name="toNs">The last.</param>
    /// <param name="windowNs">Length of a window; null where there is one for all.</param>
    public static IEnumerable<SeriesStretch> Sums(List<RowSource> sources, long fromNs, long toNs, long? windowNs)
    {
        foreach (var cluster in Clusters(sources))
        {
            var range = new TimeRange(fromNs, toNs);
            if (cluster is [{ Block: { } block, Columns: [var column], IsHidden: false } alone] && block.Segment.LoadSums(block, column) is { } sums
                && Divides(sums, block, windowNs) && Inner(sums, block, range) is { } inner)
            {
                foreach (var before in inner.FromNs > fromNs ? Stretches([alone], new(fromNs, inner.FromNs - 1)) : [])
                {
                    yield return before;
                }

                yield return new(default, sums.Within(inner.FromNs, inner.ToNs), block.FirstNs);
                foreach (var after in inner.ToNs < toNs ? Stretches([alone], new(inner.ToNs + 1, toNs)) : [])
                {
                    yield return after;
                }

                continue;
            }

            foreach (var stretch in Stretches(cluster, range))
            {
                yield return stretch;
            }
        }
    }

    /// <summary>The first place at or after a time; times rise.</summary>
    public static int FirstAtOrAfter(ReadOnlySpan<long> times, long timeNs)
    {
        var at = times.BinarySearch(timeNs);
        return at >= 0 ? at : ~at;
    }

    /// <summary>Sources that overlap one another, in order of time.</summary>
    private static IEnumerable<List<RowSource>> Clusters(List<RowSource> sources)
    {
        sources.Sort((left, right) => left.First.CompareTo(right.First));
        for (var start = 0; start < sources.Count;)
        {
            var (end, last) = (start + 1, sources[start].Last);
            while (end < sources.Count && sources[end].First <= last)
            {
                last = Math.Max(last, sources[end++].Last);
            }

            yield return sources.GetRange(start, end - start);
            start = end;
        }
    }

    /// <summary>Points of sources in a range.</summary>
    private static IEnumerable<SeriesStretch> Stretches(List<RowSource> sources, TimeRange range)
    {
        if (!sources.Exists(source => source.First <= range.ToNs && source.Last >= range.FromNs))
        {
            yield break;
        }

        foreach (var run in Runs(sources.ConvertAll(source => source with { Range = range })))
        {
            if (Within(run, range.FromNs, range.ToNs) is { Count: > 0 } wanted)
            {
                yield return new(wanted, null, 0);
            }
        }
    }

    /// <summary>The part of a range that ends where windows of a block do, or the block itself; null where no window is in it whole.</summary>
    private static TimeRange? Inner(ColumnSums sums, BlockRef block, TimeRange range)
    {
        if (range.Contains(block.FirstNs, block.LastNs))
        {
            return range;
        }

        if (sums.WindowNs is not { } length || range.FromNs > long.MaxValue - length || range.ToNs < long.MinValue + length)
        {
            return null;
        }

        var (begins, ends) = (WindowAggregate.StartOf(range.FromNs, length), WindowAggregate.StartOf(range.ToNs + 1, length));
        var from = block.FirstNs >= range.FromNs || begins == range.FromNs ? range.FromNs : begins + length;
        var to = block.LastNs <= range.ToNs ? range.ToNs : ends - 1;
        return from <= to ? new(from, to) : null;
    }

    /// <summary>Whether windows of a query are made of whole windows of a block.</summary>
    private static bool Divides(ColumnSums sums, BlockRef block, long? windowNs) =>
        windowNs is not { } length
            || (sums.WindowNs is { } each && length % each == 0)
            || WindowAggregate.StartOf(block.FirstNs, length) == WindowAggregate.StartOf(block.LastNs, length);

    private static IEnumerable<ColumnRun> Runs(List<RowSource> sources)
    {
        if (sources.Count > 1)
        {
            return Merged(sources);
        }

        if (sources[0].KeptRun() is { } kept)
        {
            return [kept];
        }

        if (sources[0].Load(BlockParts.None) is not { Count: > 0 } rows)
        {
            return [];
        }

        return rows.IsRising ? [Column(rows, sources[0].Columns![0])] : Merged(sources);
    }

    private static ColumnRun Column(RowSpan rows, int column) => new(
        rows.Times.AsMemory(0, rows.Count),
        rows.Values.AsMemory(rows.Starts[column], rows.Count),
        rows.Shape.KindOf(column),
        rows.Qualities is null ? default : rows.Qualities.AsMemory(rows.Starts[column], rows.Count));

    private static IEnumerable<ColumnRun> Merged(List<RowSource> sources)
    {
        var (times, bits, qualities) = (new List<long>(), new List<long>(), new List<Quality>());
        var kind = SeriesKind.Number;
        foreach (var cursor in RowMerge.Of(sources, byTime: true, BlockParts.Arrivals))
        {
            var (rows, row, column) = (cursor.Rows, cursor.Row, cursor.Columns[0]);
            kind = rows.Shape.KindOf(column);
            if (times.Count > 0 && times[^1] == rows.Times[row])
            {
                (bits[^1], qualities[^1]) = (rows.Bits(row, column), rows.QualityOf(row, column));
                continue;
            }

            if (times.Count == MergedPointsMax)
            {
                yield return new(times.ToArray(), bits.ToArray(), kind, qualities.ToArray());
                times.Clear();
                bits.Clear();
                qualities.Clear();
            }

            times.Add(rows.Times[row]);
            bits.Add(rows.Bits(row, column));
            qualities.Add(rows.QualityOf(row, column));
        }

        yield return new(times.ToArray(), bits.ToArray(), kind, qualities.ToArray());
    }

    private static ColumnRun Within(ColumnRun run, long fromNs, long toNs)
    {
        var start = FirstAtOrAfter(run.Times.Span, fromNs);
        var end = toNs == long.MaxValue ? run.Count : FirstAtOrAfter(run.Times.Span, toNs + 1);
        return end <= start ? default : run[start..end];
    }
}
