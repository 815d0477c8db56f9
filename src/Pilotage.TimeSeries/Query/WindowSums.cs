using Pilotage.TimeSeries.Segments;

namespace Pilotage.TimeSeries.Query;

/// <summary>Sums stretches of a series up, window by window.</summary>
internal static class WindowSums
{
    /// <summary>The windows that hold a point, in order; without a length all points make one, which begins at <paramref name="fromNs"/>.</summary>
    /// <remarks>Windows are aligned to the epoch, as those of pipelines are.</remarks>
    public static IEnumerable<WindowAggregate> Of(IEnumerable<SeriesStretch> stretches, long fromNs, long? windowNs)
    {
        WindowAggregate? open = null;
        foreach (var stretch in stretches)
        {
            foreach (var part in stretch.Sums is { } sums ? Parts(sums, stretch.FirstNs, fromNs, windowNs) : Parts(stretch.Run, fromNs, windowNs))
            {
                if (open is { } window && window.StartNs != part.StartNs)
                {
                    yield return window;
                    open = null;
                }

                open = open is { } begun ? begun.With(part) : part;
            }
        }

        if (open is { } last)
        {
            yield return last;
        }
    }

    /// <summary>What is known of a block, in windows of the query.</summary>
    private static IEnumerable<WindowAggregate> Parts(ColumnSums sums, long firstNs, long fromNs, long? windowNs)
    {
        for (var i = 0; i < sums.Counts.Length; i++)
        {
            if (sums.Counts[i] > 0)
            {
                // A window of the block that begins before its first point begins in the window of that point, or does not matter.
                var start = windowNs is { } length ? WindowAggregate.StartOf(Math.Max(sums.StartOf(i), firstNs), length) : fromNs;
                yield return new(start, sums.Counts[i], sums.Least[i], sums.Greatest[i], sums.Sums[i], null, null);
            }
        }
    }

    private static IEnumerable<WindowAggregate> Parts(ColumnRun run, long fromNs, long? windowNs)
    {
        for (var at = 0; at < run.Count;)
        {
            var start = windowNs is { } length ? WindowAggregate.StartOf(run.Times.Span[at], length) : fromNs;
            var rest = run.Times.Span[at..];
            var count = windowNs is { } each && start <= long.MaxValue - each ? ColumnRuns.FirstAtOrAfter(rest, start + each) : rest.Length;
            var part = Sum(run[at..(at + count)], start);
            at += count;
            if (part is { } sum)
            {
                yield return sum;
            }
        }
    }

    private static WindowAggregate? Sum(ColumnRun run, long windowStartNs)
    {
        var values = run.Numbers;
        var qualities = run.Qualities.Span;
        var (least, greatest, sum) = (double.PositiveInfinity, double.NegativeInfinity, 0.0);
        var (first, last, taken) = (-1, -1, 0L);
        for (var i = 0; i < values.Length; i++)
        {
            var value = values[i];
            if (!double.IsFinite(value) || (!qualities.IsEmpty && qualities[i] == Quality.Bad))
            {
                continue;
            }

            first = first < 0 ? i : first;
            last = i;
            least = value < least ? value : least;
            greatest = value > greatest ? value : greatest;
            sum += value;
            taken++;
        }

        return taken == 0 ? null : new(windowStartNs, taken, least, greatest, sum, run.PointAt(first), run.PointAt(last));
    }
}
