using Pilotage.Server.Fabric.Prometheus.Language;

namespace Pilotage.Server.Fabric.Prometheus.Evaluation;

/// <summary>What the points of a window come to, function by function.</summary>
internal static class RangeFunctions
{
    private const double NsPerSecond = 1e9;

    // A little more than the usual distance of points: beyond it a series is taken to begin or end inside of the window.
    private const double ReachFactor = 1.1;

    /// <summary>Whether sums of the points are enough, without the points themselves.</summary>
    public static bool IsSum(this PromRangeFunction function) => function <= PromRangeFunction.CountOverTime;

    /// <summary>Whether a result is still a value of the metric, and keeps its name.</summary>
    public static bool KeepsName(this PromRangeFunction function) => function == PromRangeFunction.LastOverTime;

    /// <summary>The result; null where the window holds too few points.</summary>
    /// <param name="function">Which.</param>
    /// <param name="part">What the points come to.</param>
    /// <param name="endNs">Where the window ends.</param>
    /// <param name="rangeNs">How long it is.</param>
    public static double? Of(this PromRangeFunction function, WindowPart part, long endNs, long rangeNs) => part.Count == 0 ? null : function switch
    {
        PromRangeFunction.AvgOverTime => part.Sum / part.Count,
        PromRangeFunction.MinOverTime => part.Min,
        PromRangeFunction.MaxOverTime => part.Max,
        PromRangeFunction.SumOverTime => part.Sum,
        PromRangeFunction.CountOverTime => part.Count,
        PromRangeFunction.LastOverTime => part.Last.Value,
        PromRangeFunction.Rate => Change(part, endNs, rangeNs, isCounter: true) / (rangeNs / NsPerSecond),
        PromRangeFunction.Increase => Change(part, endNs, rangeNs, isCounter: true),
        PromRangeFunction.Delta => Change(part, endNs, rangeNs, isCounter: false),
        _ => throw new ArgumentOutOfRangeException(nameof(function), function, "no such function"),
    };

    /// <summary>
    /// The change from the first point to the last, carried on to the ends of the window where the series is likely to reach them; a
    /// counter that fell began anew, and is never carried on below 0.
    /// </summary>
    /// <remarks>As Prometheus computes it, so that a chart shows the same over either server.</remarks>
    private static double? Change(WindowPart part, long endNs, long rangeNs, bool isCounter)
    {
        if (part.Count < 2)
        {
            return null;
        }

        var change = part.Last.Value - part.First.Value + (isCounter ? part.Resets : 0);
        var sampled = (part.Last.TimeNs - part.First.TimeNs) / NsPerSecond;
        var usual = sampled / (part.Count - 1);
        var before = (part.First.TimeNs - (endNs - rangeNs)) / NsPerSecond;
        var after = (endNs - part.Last.TimeNs) / NsPerSecond;
        before = before < usual * ReachFactor ? before : usual / 2;
        after = after < usual * ReachFactor ? after : usual / 2;
        if (isCounter && change > 0 && part.First.Value >= 0)
        {
            before = Math.Min(before, sampled * (part.First.Value / change));
        }

        return change * ((sampled + before + after) / sampled);
    }
}
