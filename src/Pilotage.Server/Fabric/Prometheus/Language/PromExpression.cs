namespace Pilotage.Server.Fabric.Prometheus.Language;

/// <summary>A query, read. What is a number by itself is computed while it is read, so a number is always a <see cref="PromNumber"/>.</summary>
internal abstract record PromExpression;

internal sealed record PromNumber(double Value) : PromExpression;

/// <summary>The last value of each series at a time, no older than the lookback.</summary>
/// <param name="Matchers">Conditions, all of which hold.</param>
/// <param name="OffsetNs">How long before the time asked for.</param>
internal sealed record PromSelector(IReadOnlyList<LabelMatcher> Matchers, long OffsetNs) : PromExpression;

/// <summary>What the points of each series come to over the time before.</summary>
internal sealed record PromRangeCall(PromRangeFunction Function, PromSelector Selector, long RangeNs) : PromExpression;

/// <summary>Many series made one for each group.</summary>
/// <param name="Parameter">How many, of topk and bottomk.</param>
internal sealed record PromAggregation(PromAggregator Aggregator, PromExpression Of, double Parameter, IReadOnlyList<string> Labels, bool IsWithout) : PromExpression;

/// <summary>A vector and a number, in this order or the other.</summary>
internal sealed record PromArithmetic(char Operator, PromExpression Vector, double Number, bool IsNumberFirst) : PromExpression;

internal enum PromRangeFunction
{
    AvgOverTime,
    MinOverTime,
    MaxOverTime,
    SumOverTime,
    CountOverTime,
    LastOverTime,
    Rate,
    Increase,
    Delta,
}

internal enum PromAggregator
{
    Sum,
    Avg,
    Min,
    Max,
    Count,
    TopK,
    BottomK,
}
