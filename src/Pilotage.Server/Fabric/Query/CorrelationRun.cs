using Pilotage.Server.Fabric.Retention;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Query;

/// <summary>One series against others.</summary>
/// <param name="First">The series that the others are held against.</param>
/// <param name="Others">They.</param>
/// <param name="FromNs">The first time that counts.</param>
/// <param name="ToNs">The first time that counts no more.</param>
/// <param name="WindowNs">Length of a window; averages of windows are compared.</param>
/// <param name="Lags">So many windows earlier and later are tried.</param>
internal sealed record CorrelationQuery(SeriesName First, IReadOnlyList<SeriesName> Others, long FromNs, long ToNs, long WindowNs, int Lags);

/// <summary>How one series goes with the first one.</summary>
/// <param name="Series">It.</param>
/// <param name="Lags">Every lag, from the earliest to the latest.</param>
/// <param name="Best">The lag with the greatest r, whatever its sign.</param>
internal sealed record Correlation(SeriesName Series, IReadOnlyList<LagRow> Lags, LagRow Best);

/// <summary>Runs a correlation over averages of windows, so that what it costs is known before.</summary>
internal static class CorrelationRun
{
    /// <summary>Points read at most; most of them are summed up already.</summary>
    public const long PointsMax = AggregateRun.PointsMax;

    /// <summary>Windows from the first to the last of a series: two million hold a year of quarter minutes.</summary>
    public const int WindowsMax = 2_000_000;

    /// <summary>Pairs of windows that are put together at most: a second or so of one processor.</summary>
    public const long PairsMax = 500_000_000;

    /// <summary>What goes together, the strongest first; series without a lag that says anything are left out.</summary>
    /// <exception cref="OperationCanceledException">Whoever asked has gone.</exception>
    public static Outcome<IReadOnlyList<Correlation>> Run(
        TimeSeriesStore store, RollUps rollUps, CorrelationQuery query, CancellationToken cancellation, long pointsMax = PointsMax, long pairsMax = PairsMax, int windowsMax = WindowsMax)
    {
        var touched = query.Others.Prepend(query.First).Sum(series => store.PointsTouched(series.Key, query.FromNs, query.ToNs - 1));
        if (touched > pointsMax)
        {
            return AggregateRun.TooCostly($"would read about {touched:N0} points; {pointsMax:N0} are the most");
        }

        if (!Grid(rollUps, query, query.First, windowsMax).TryGet(out var first, out var refusal))
        {
            return refusal;
        }

        var pairs = 0L;
        var found = new List<Correlation>();
        foreach (var series in query.Others)
        {
            cancellation.ThrowIfCancellationRequested();
            if (!Grid(rollUps, query, series, windowsMax).TryGet(out var other, out refusal))
            {
                return refusal;
            }

            if (first is null || other is null)
            {
                continue;
            }

            pairs += Math.Min(first.Values.Length, other.Values.Length) * ((2L * query.Lags) + 1);
            if (pairs > pairsMax)
            {
                return AggregateRun.TooCostly($"would put about {pairs:N0} pairs of windows together and more; {pairsMax:N0} are the most, and fewer lags are fewer");
            }

            LagRow[] lags = [.. Enumerable.Range(-query.Lags, (2 * query.Lags) + 1).Select(lag => first.At(other, lag))];
            if (Best(lags) is { } best)
            {
                found.Add(new(series, lags, best));
            }
        }

        return found.OrderByDescending(each => Math.Abs(each.Best.R!.Value)).ThenBy(each => each.Series.ToString(), StringComparer.Ordinal).ToList();
    }

    /// <summary>The strongest lag; of equal ones the shortest. One with fewer than half of the pairs that another has does not compete: few pairs go together by chance.</summary>
    public static LagRow? Best(IReadOnlyList<LagRow> lags)
    {
        var most = lags.Where(lag => lag.R is not null).Select(lag => lag.Pairs).DefaultIfEmpty(0).Max();
        return lags.Where(lag => lag.R is not null && 2 * lag.Pairs >= most).OrderByDescending(lag => Math.Abs(lag.R!.Value)).ThenBy(lag => Math.Abs(lag.Lag)).ThenBy(lag => -lag.Lag)
            .Select(lag => (LagRow?)lag).FirstOrDefault();
    }

    private static Outcome<CorrelationGrid?> Grid(RollUps rollUps, CorrelationQuery query, SeriesName series, int windowsMax)
    {
        var all = rollUps.Aggregate(series.Key, query.FromNs, query.ToNs, query.WindowNs, withEnds: false);
        var windows = all.Where(window => double.IsFinite(window.Mean)).ToList();
        var grid = CorrelationGrid.Of(windows, query.WindowNs, windowsMax);
        return grid is null && windows.Count > 0
            ? AggregateRun.TooCostly($"has more than {windowsMax:N0} windows from the first to the last of {series}, the most")
            : grid;
    }
}
