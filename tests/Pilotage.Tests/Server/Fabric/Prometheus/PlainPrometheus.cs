using Pilotage.Server.Fabric.Prometheus.Language;
using Pilotage.TimeSeries;

namespace Pilotage.Tests.Server.Fabric.Prometheus;

/// <summary>Answers queries the plain way: for each time and each series all points are looked at again.</summary>
internal sealed class PlainPrometheus(IReadOnlyList<PlainPrometheus.Series> all)
{
    public const long Second = 1_000_000_000;

    /// <summary>A series with its points in order of time, those that count.</summary>
    internal sealed record Series(SortedDictionary<string, string> Labels, IReadOnlyList<Point> Points);

    /// <summary>Labels as text, and the value, at one time.</summary>
    public Dictionary<string, double> At(PromExpression expression, long timeNs) => Vector(expression, timeNs).ToDictionary(
        one => string.Join(',', one.Labels.Select(label => $"{label.Key}={label.Value}")), one => one.Value, StringComparer.Ordinal);

    private List<(SortedDictionary<string, string> Labels, double Value)> Vector(PromExpression expression, long timeNs) => expression switch
    {
        PromSelector selector => Each(selector, 300 * Second, timeNs, points => points[^1].Value, keepsName: true),
        PromRangeCall call => Each(call.Selector, call.RangeNs, timeNs, points => Of(call, points, timeNs - call.Selector.OffsetNs), call.Function == PromRangeFunction.LastOverTime),
        PromArithmetic arithmetic => [.. Vector(arithmetic.Vector, timeNs).Select(one => (Nameless(one.Labels), arithmetic.IsNumberFirst
            ? Compute(arithmetic.Operator, arithmetic.Number, one.Value)
            : Compute(arithmetic.Operator, one.Value, arithmetic.Number)))],
        PromAggregation aggregation => Aggregate(aggregation, Vector(aggregation.Of, timeNs)),
        _ => throw new ArgumentOutOfRangeException(nameof(expression)),
    };

    private List<(SortedDictionary<string, string>, double)> Each(PromSelector selector, long rangeNs, long timeNs, Func<List<Point>, double?> value, bool keepsName)
    {
        var end = timeNs - selector.OffsetNs;
        var result = new List<(SortedDictionary<string, string>, double)>();
        foreach (var series in all.Where(one => selector.Matchers.All(matcher => matcher.Matches(one.Labels.GetValueOrDefault(matcher.Name, "")))))
        {
            var points = series.Points.Where(point => point.TimeNs > end - rangeNs && point.TimeNs <= end).ToList();
            if (points.Count > 0 && value(points) is { } number)
            {
                result.Add((keepsName ? series.Labels : Nameless(series.Labels), number));
            }
        }

        return result;
    }

    private static double? Of(PromRangeCall call, List<Point> points, long endNs) => call.Function switch
    {
        PromRangeFunction.AvgOverTime => points.Average(point => point.Value),
        PromRangeFunction.MinOverTime => points.Min(point => point.Value),
        PromRangeFunction.MaxOverTime => points.Max(point => point.Value),
        PromRangeFunction.SumOverTime => points.Sum(point => point.Value),
        PromRangeFunction.CountOverTime => points.Count,
        PromRangeFunction.LastOverTime => points[^1].Value,
        PromRangeFunction.Delta => Extrapolated(points, endNs, call.RangeNs, isCounter: false),
        PromRangeFunction.Increase => Extrapolated(points, endNs, call.RangeNs, isCounter: true),
        _ => Extrapolated(points, endNs, call.RangeNs, isCounter: true) / (call.RangeNs / 1e9),
    };

    /// <summary>The steps of extrapolatedRate in Prometheus 3, one after the other.</summary>
    private static double? Extrapolated(List<Point> points, long endNs, long rangeNs, bool isCounter)
    {
        if (points.Count < 2)
        {
            return null;
        }

        var result = points[^1].Value - points[0].Value;
        for (var i = 1; isCounter && i < points.Count; i++)
        {
            result += points[i].Value < points[i - 1].Value ? points[i - 1].Value : 0;
        }

        var durationToStart = (points[0].TimeNs - (endNs - rangeNs)) / 1e9;
        var durationToEnd = (endNs - points[^1].TimeNs) / 1e9;
        var sampledInterval = (points[^1].TimeNs - points[0].TimeNs) / 1e9;
        var averageDuration = sampledInterval / (points.Count - 1);
        var threshold = averageDuration * 1.1;
        if (durationToStart >= threshold)
        {
            durationToStart = averageDuration / 2;
        }

        if (isCounter && result > 0 && points[0].Value >= 0)
        {
            var durationToZero = sampledInterval * (points[0].Value / result);
            durationToStart = durationToZero < durationToStart ? durationToZero : durationToStart;
        }

        if (durationToEnd >= threshold)
        {
            durationToEnd = averageDuration / 2;
        }

        return result * ((sampledInterval + durationToStart + durationToEnd) / sampledInterval);
    }

    private static List<(SortedDictionary<string, string>, double)> Aggregate(PromAggregation aggregation, List<(SortedDictionary<string, string> Labels, double Value)> vector)
    {
        var result = new List<(SortedDictionary<string, string>, double)>();
        foreach (var group in vector.GroupBy(one => string.Join(',', Grouped(aggregation, one.Labels).Select(label => $"{label.Key}={label.Value}"))))
        {
            var members = group.ToList();
            var values = members.ConvertAll(one => one.Value);
            if (aggregation.Aggregator is PromAggregator.TopK or PromAggregator.BottomK)
            {
                var ordered = aggregation.Aggregator == PromAggregator.TopK ? members.OrderByDescending(one => one.Value) : members.OrderBy(one => one.Value);
                result.AddRange(ordered.ThenBy(one => string.Join(',', one.Labels.Select(label => $"{label.Key}={label.Value}")), StringComparer.Ordinal).Take((int)Math.Max(0, aggregation.Parameter)));
                continue;
            }

            result.Add((Grouped(aggregation, members[0].Labels), aggregation.Aggregator switch
            {
                PromAggregator.Sum => values.Sum(),
                PromAggregator.Avg => values.Average(),
                PromAggregator.Min => values.Min(),
                PromAggregator.Max => values.Max(),
                _ => values.Count,
            }));
        }

        return result;
    }

    private static SortedDictionary<string, string> Grouped(PromAggregation aggregation, SortedDictionary<string, string> labels) => new(
        labels.Where(label => aggregation.IsWithout ? label.Key != "__name__" && !aggregation.Labels.Contains(label.Key) : aggregation.Labels.Contains(label.Key)).ToDictionary(), StringComparer.Ordinal);

    private static SortedDictionary<string, string> Nameless(SortedDictionary<string, string> labels) =>
        new(labels.Where(label => label.Key != "__name__").ToDictionary(), StringComparer.Ordinal);

    private static double Compute(char sign, double left, double right) => sign switch { '+' => left + right, '-' => left - right, '*' => left * right, _ => left / right };
}
