using Pilotage.Server.Fabric.Prometheus.Language;

namespace Pilotage.Server.Fabric.Prometheus.Evaluation;

/// <summary>Makes many series one for each group, or keeps the first of each group by their values.</summary>
internal static class Aggregators
{
    public static IReadOnlyList<StepSeries> Of(PromAggregation aggregation, IReadOnlyList<StepSeries> series, int steps)
    {
        // The name of the metric goes with "without" too: what comes out is no metric any more.
        string[] without = [.. aggregation.Labels, LabelMatcher.MetricName];
        var groups = series.GroupBy(one => aggregation.IsWithout ? one.Labels.Without(without) : one.Labels.Only(aggregation.Labels));
        return aggregation.Aggregator is PromAggregator.TopK or PromAggregator.BottomK
            ? [.. groups.SelectMany(group => First([.. group.OrderBy(one => one.Labels, LabelSet.Order)], aggregation, steps))]
            : [.. groups.Select(group => new StepSeries(group.Key, Sums([.. group], aggregation.Aggregator, steps)))];
    }

    private static double?[] Sums(IReadOnlyList<StepSeries> group, PromAggregator aggregator, int steps)
    {
        var results = new double?[steps];
        for (var step = 0; step < steps; step++)
        {
            var (count, total) = (0L, 0.0);
            foreach (var series in group)
            {
                if (series.Values[step] is { } value)
                {
                    total = count++ == 0 ? value : Next(aggregator, total, value);
                }
            }

            results[step] = count == 0 ? null : aggregator switch { PromAggregator.Avg => total / count, PromAggregator.Count => count, _ => total };
        }

        return results;
    }

    // What is not a number is neither the least nor the greatest as long as there is one.
    private static double Next(PromAggregator aggregator, double total, double value) => aggregator switch
    {
        PromAggregator.Min => value < total || double.IsNaN(total) ? value : total,
        PromAggregator.Max => value > total || double.IsNaN(total) ? value : total,
        _ => total + value,
    };

    /// <summary>The series that are among the first of their group at any time, each with its values of those times; the first of the last time first.</summary>
    /// <remarks>Of equal values the one whose labels come first, so that the answer is the same every time.</remarks>
    private static IEnumerable<StepSeries> First(IReadOnlyList<StepSeries> group, PromAggregation aggregation, int steps)
    {
        var most = (int)Math.Clamp(aggregation.Parameter, 0, group.Count);
        var sign = aggregation.Aggregator == PromAggregator.TopK ? -1 : 1;
        var kept = new double?[group.Count][];
        var order = new List<int>();
        for (var step = 0; step < steps; step++)
        {
            order = [.. Enumerable.Range(0, group.Count).Where(i => group[i].Values[step] is not null)
                .OrderBy(i => double.IsNaN(group[i].Values[step]!.Value)).ThenBy(i => sign * group[i].Values[step]!.Value).Take(most)];
            foreach (var i in order)
            {
                (kept[i] ??= new double?[steps])[step] = group[i].Values[step];
            }
        }

        return order.Concat(Enumerable.Range(0, group.Count).Except(order)).Where(i => kept[i] is not null).Select(i => new StepSeries(group[i].Labels, kept[i]));
    }
}
