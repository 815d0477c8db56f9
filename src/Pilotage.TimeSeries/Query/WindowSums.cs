namespace Pilotage.TimeSeries.Query;

/// <summary>Sums runs up, window by window.</summary>
internal static class WindowSums
{
    /// <summary>The windows that hold a point, in order; without a length all points make one, which begins at <paramref name="fromNs"/>.</summary>
    /// <remarks>Windows are aligned to the epoch, as those of pipelines are.</remarks>
    public static IEnumerable<WindowAggregate> Of(IEnumerable<ColumnRun> runs, long fromNs, long? windowNs)
    {
        WindowAggregate? open = null;
        foreach (var run in runs)
        {
            for (var at = 0; at < run.Count;)
            {
                var start = windowNs is { } length ? WindowAggregate.StartOf(run.Times.Span[at], length) : fromNs;
                var rest = run.Times.Span[at..];
                var count = windowNs is { } each && start <= long.MaxValue - each ? ColumnRuns.FirstAtOrAfter(rest, start + each) : rest.Length;
                var part = Sum(run, at, count, start);
                at += count;
                if (part is not { } sum)
                {
                    continue;
                }

                if (open is { } window && window.StartNs != start)
                {
                    yield return window;
                    open = null;
                }

                open = open is { } begun ? begun.With(sum) : sum;
            }
        }

        if (open is { } last)
        {
            yield return last;
        }
    }

    private static WindowAggregate? Sum(ColumnRun run, int start, int count, long windowStartNs)
    {
        var values = run.Values.Span.Slice(start, count);
        var qualities = run.Qualities.Span.Slice(start, count);
        var (least, greatest, sum) = (double.PositiveInfinity, double.NegativeInfinity, 0.0);
        var (first, last, taken) = (-1, -1, 0L);
        for (var i = 0; i < values.Length; i++)
        {
            var value = values[i];
            if (!double.IsFinite(value) || qualities[i] == Quality.Bad)
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

        return taken == 0 ? null : new(windowStartNs, taken, least, greatest, sum, PointAt(run, start + first), PointAt(run, start + last));
    }

    private static Point PointAt(ColumnRun run, int at) => new(run.Times.Span[at], run.Values.Span[at], run.Qualities.Span[at]);
}
