using Pilotage.Server.Fabric.Prometheus.Language;
using Pilotage.Server.Fabric.Query;
using Pilotage.Server.Fabric.Retention;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Prometheus.Evaluation;

/// <summary>Answers one query at the times of a grid, one series at a time.</summary>
internal sealed class PromEvaluator(PromCatalogue catalogue, TimeSeriesStore store, RollUps rollUps, TenantId tenant, StepGrid grid, CancellationToken cancellation)
{
    /// <summary>How old a last value may be.</summary>
    public const long LookbackNs = 5 * 60 * 1_000_000_000L;

    /// <summary>Values of all series on the way: 64 MiB of them.</summary>
    public const long ValuesOnTheWayMax = 4_000_000;

    private readonly HashSet<SeriesKey> _windowsOnly = [];
    private long _windowsUntilNs = long.MinValue;
    private long _values;
    private long _touched;

    /// <summary>Points read at most; the same as of any other query.</summary>
    public long PointsMax { get; init; } = AggregateRun.PointsMax;

    /// <summary>What is missing of the vectors so far, because retention left windows alone of it; null where nothing is.</summary>
    public string? Note => WindowsOnly.NoteOf(_windowsOnly.Count, _windowsUntilNs);

    /// <summary>The series of a vector; those without any value are left out.</summary>
    /// <exception cref="OperationCanceledException">Whoever asked has gone, or has waited long enough.</exception>
    public Outcome<IReadOnlyList<StepSeries>> Vector(PromExpression expression) => Evaluate(expression).Then(series =>
        (Outcome<IReadOnlyList<StepSeries>>)series.Where(one => Array.Exists(one.Values, value => value is not null)).ToList());

    private Outcome<IReadOnlyList<StepSeries>> Evaluate(PromExpression expression) => expression switch
    {
        PromSelector selector => Windows(selector, LookbackNs, PromRangeFunction.LastOverTime),
        PromRangeCall call => Windows(call.Selector, call.RangeNs, call.Function).Then(series => call.Function.KeepsName() ? (Outcome<IReadOnlyList<StepSeries>>)series.ToList() : Nameless(series)),
        PromArithmetic arithmetic => Evaluate(arithmetic.Vector).Then(series => Nameless([.. series.Select(one => one with { Values = Array.ConvertAll(one.Values, value => Of(arithmetic, value)) })])),
        PromAggregation aggregation => Evaluate(aggregation.Of).Then(series => (Outcome<IReadOnlyList<StepSeries>>)Aggregators.Of(aggregation, series, grid.Count).ToList()),
        _ => throw new ArgumentOutOfRangeException(nameof(expression), expression, "no vector"),
    };

    private static double? Of(PromArithmetic arithmetic, double? value) => value is not { } there ? null
        : arithmetic.IsNumberFirst ? PromArithmetics.Of(arithmetic.Operator, arithmetic.Number, there)
        : PromArithmetics.Of(arithmetic.Operator, there, arithmetic.Number);

    private Outcome<IReadOnlyList<StepSeries>> Windows(PromSelector selector, long rangeNs, PromRangeFunction function)
    {
        if (!catalogue.Find(tenant, selector.Matchers, PromCatalogue.SeriesMax, cancellation).TryGet(out var found, out var refusal))
        {
            return refusal;
        }

        _values += (long)found.Count * grid.Count;
        if (_values > ValuesOnTheWayMax)
        {
            return AggregateRun.TooCostly($"would have {_values:N0} values on the way; {ValuesOnTheWayMax:N0} are the most");
        }

        var panes = new WindowPanes(grid, rangeNs, selector.OffsetNs);
        NoteWindowsOnly(selector, panes);
        var answered = found.Select(one => function == PromRangeFunction.LastOverTime ? Newest(one, panes) : null).ToList();
        _touched += found.Where((_, i) => answered[i] is null).Sum(one => store.PointsTouched(one.Key, panes.FromNs, panes.ToNs));
        return _touched > PointsMax
            ? AggregateRun.TooCostly($"would read about {_touched:N0} points; {PointsMax:N0} are the most")
            : (Outcome<IReadOnlyList<StepSeries>>)found.Select((one, i) => answered[i] ?? Read(one, panes, rangeNs, selector.OffsetNs, function)).ToList();
    }

    private void NoteWindowsOnly(PromSelector selector, WindowPanes panes)
    {
        if (rollUps.IsEmpty)
        {
            return;
        }

        foreach (var key in catalogue.Kept(tenant, selector.Matchers, rollUps, cancellation))
        {
            if (rollUps.WindowsUntil(key, panes.FromNs, panes.ToNs + 1) is { } untilNs)
            {
                _windowsOnly.Add(key);
                _windowsUntilNs = Math.Max(_windowsUntilNs, untilNs);
            }
        }
    }

    /// <summary>Fast path: the last value at one time, which is in memory where nothing came since; null where it has to be looked for.</summary>
    private StepSeries? Newest(LabelledSeries series, WindowPanes panes) =>
        grid.Count == 1 && store.TryGetLast(series.Key, out var last) && last.TimeNs <= panes.ToNs && WindowPanes.Counts(last)
            ? new StepSeries(series.Labels, [last.TimeNs >= panes.FromNs ? last.Value : null])
            : null;

    private StepSeries Read(LabelledSeries series, WindowPanes panes, long rangeNs, long offsetNs, PromRangeFunction function)
    {
        cancellation.ThrowIfCancellationRequested();
        var values = new double?[grid.Count];
        foreach (var (step, part) in panes.Windows(store, series.Key, function.IsSum()))
        {
            values[step] = function.Of(part, grid.TimeAt(step) - offsetNs, rangeNs);
        }

        return new StepSeries(series.Labels, values);
    }

    /// <summary>What is computed of a metric has its name no longer; two that were told apart by it alone cannot be one vector.</summary>
    private static Outcome<IReadOnlyList<StepSeries>> Nameless(IReadOnlyList<StepSeries> series)
    {
        var nameless = series.Select(one => one with { Labels = one.Labels.Without([LabelMatcher.MetricName]) }).ToList();
        return nameless.Select(one => one.Labels).Distinct().Count() == nameless.Count
            ? nameless
            : new Refusal("fabric.query.ambiguous", "The vector cannot contain metrics with the same labelset: two of its metrics are told apart by their names alone. Ask for one metric.");
    }
}
