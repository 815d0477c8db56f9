using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Query;

/// <summary>Averages of a series, window by window without a gap; NaN where a window holds no point.</summary>
/// <param name="First">The number of the first window since 1970.</param>
/// <param name="Values">Distances from the mean of them all, so that large values with small differences keep their digits.</param>
internal sealed record CorrelationGrid(long First, double[] Values)
{
    /// <summary>The averages of windows; null of none, and where there would be more than so many from the first to the last.</summary>
    public static CorrelationGrid? Of(IReadOnlyList<WindowAggregate> windows, long windowNs, int windowsMax)
    {
        if (windows.Count == 0)
        {
            return null;
        }

        var (first, last) = (NumberOf(windows[0], windowNs), NumberOf(windows[^1], windowNs));
        if (last - first >= windowsMax)
        {
            return null;
        }

        var values = new double[last - first + 1];
        Array.Fill(values, double.NaN);
        var mean = windows.Average(window => window.Mean);
        foreach (var window in windows)
        {
            values[NumberOf(window, windowNs) - first] = window.Mean - mean;
        }

        return new(first, values);
    }

    /// <summary>Pearson's r of this with the other one so many windows later, over the windows that both have.</summary>
    public LagRow At(CorrelationGrid other, int lag)
    {
        // Place i here goes with place i + shift there.
        var shift = First + lag - other.First;
        var start = (int)Math.Clamp(-shift, 0, Values.Length);
        var end = (int)Math.Clamp(other.Values.Length - shift, start, Values.Length);
        var (pairs, x, y, xx, yy, xy) = (0L, 0.0, 0.0, 0.0, 0.0, 0.0);
        for (var i = start; i < end; i++)
        {
            var (a, b) = (Values[i], other.Values[i + shift]);
            if (double.IsNaN(a) || double.IsNaN(b))
            {
                continue;
            }

            pairs++;
            x += a;
            y += b;
            xx += a * a;
            yy += b * b;
            xy += a * b;
        }

        return new(lag, pairs < LagRow.PairsMin ? null : R(pairs, x, y, xx, yy, xy), pairs);
    }

    private static long NumberOf(WindowAggregate window, long windowNs) => window.StartNs / windowNs;

    private static double? R(long pairs, double x, double y, double xx, double yy, double xy)
    {
        // What does not vary, but for the last digits, goes with nothing.
        const double Nothing = 1e-12;
        var (left, right) = ((pairs * xx) - (x * x), (pairs * yy) - (y * y));
        return left <= Nothing * pairs * xx || right <= Nothing * pairs * yy ? null : Math.Clamp(((pairs * xy) - (x * y)) / Math.Sqrt(left) / Math.Sqrt(right), -1, 1);
    }
}

/// <summary>How two series go together at one lag.</summary>
/// <param name="Lag">So many windows later is the second one taken.</param>
/// <param name="R">Pearson's r; null of fewer than three pairs, and where one of the two does not vary.</param>
/// <param name="Pairs">Windows that both have.</param>
internal readonly record struct LagRow(int Lag, double? R, long Pairs)
{
    /// <summary>Two points are always on a line.</summary>
    public const int PairsMin = 3;
}
