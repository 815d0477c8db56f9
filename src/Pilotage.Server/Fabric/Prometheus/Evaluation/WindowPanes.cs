using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Prometheus.Evaluation;

/// <summary>
/// The windows before the times of a grid, cut where one begins or ends: a point is read once, however many windows it lies in, and
/// there are at most two panes for each time of the grid, however long the windows are.
/// </summary>
/// <remarks>A window holds the points after its begin up to its end, both as Prometheus 3 has them.</remarks>
internal sealed class WindowPanes
{
    // So few panes are each asked of the store as a sum: it has most of them from when the points were written.
    private const int SummedMax = 16;
    private readonly StepGrid _grid;
    private readonly long _rangeNs;
    private readonly long _offsetNs;
    private readonly long[] _borders;

    public WindowPanes(StepGrid grid, long rangeNs, long offsetNs)
    {
        (_grid, _rangeNs, _offsetNs) = (grid, rangeNs, offsetNs);
        _borders = [.. Enumerable.Range(0, grid.Count).SelectMany(step => (long[])[BeginOf(step), EndOf(step)]).Distinct().Order()];
    }

    /// <summary>The first time that counts.</summary>
    public long FromNs => _borders[0] + 1;

    /// <summary>The last time that counts.</summary>
    public long ToNs => _borders[^1];

    /// <summary>What each window comes to; a count of 0 where it is empty.</summary>
    /// <param name="store">The store.</param>
    /// <param name="key">The series.</param>
    /// <param name="isSum">Whether neither first nor last points are asked for, nor what happened between them.</param>
    public IEnumerable<(int Step, WindowPart Part)> Windows(TimeSeriesStore store, SeriesKey key, bool isSum)
    {
        var panes = new WindowPart[_borders.Length - 1];
        if (isSum && panes.Length <= SummedMax)
        {
            FillWithSums(panes, store, key);
        }
        else
        {
            FillWithPoints(panes, store.Read(key, FromNs, ToNs));
        }

        return Slide(panes);
    }

    private void FillWithSums(WindowPart[] panes, TimeSeriesStore store, SeriesKey key)
    {
        for (var i = 0; i < panes.Length; i++)
        {
            foreach (var sum in store.Aggregate(key, _borders[i] + 1, _borders[i + 1] + 1, null, withEnds: false))
            {
                panes[i] = WindowPart.Of(sum);
            }
        }
    }

    private void FillWithPoints(WindowPart[] panes, IEnumerable<Point> points)
    {
        var pane = 0;
        foreach (var point in points)
        {
            while (point.TimeNs > _borders[pane + 1])
            {
                pane++;
            }

            if (Counts(point))
            {
                panes[pane] = panes[pane].With(WindowPart.Of(point));
            }
        }
    }

    /// <summary>Whether a point counts, as everywhere in queries.</summary>
    public static bool Counts(Point point) => double.IsFinite(point.Value) && point.Quality != Quality.Bad;

    private IEnumerable<(int Step, WindowPart Part)> Slide(WindowPart[] panes)
    {
        var window = new SlidingParts();
        var (first, next) = (0, 0);
        for (var step = 0; step < _grid.Count; step++)
        {
            while (next < panes.Length && _borders[next + 1] <= EndOf(step))
            {
                window.Add(panes[next++]);
            }

            while (_borders[first] < BeginOf(step))
            {
                window.RemoveFirst();
                first++;
            }

            yield return (step, window.Total);
        }
    }

    private long BeginOf(int step) => EndOf(step) - _rangeNs;

    private long EndOf(int step) => _grid.TimeAt(step) - _offsetNs;
}
