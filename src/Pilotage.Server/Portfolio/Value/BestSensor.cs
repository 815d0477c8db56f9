using Pilotage.Learning.Decisions;

namespace Pilotage.Server.Portfolio.Value;

/// <summary>The rival a model has to beat: the one signal that would have alarmed best by itself.</summary>
/// <remarks>
/// It is given what an engineer would give it, or it would be an opponent made of straw: its pick of property, side and
/// smoothing, the operating regime taken out where the package can tell regimes, and a limit set by the same rule as the
/// model's. All of it is chosen on the lives the model was fitted on, none on those that are scored.
/// </remarks>
public sealed class BestSensor
{
    private static readonly int[] SmoothCycles = [1, 5, 10, 20];

    private readonly SensorView _view;
    private readonly Signal _signal;

    private BestSensor(SensorView view, Signal signal, AlarmRule rule) => (_view, _signal, Rule) = (view, signal, rule);

    /// <summary>Property, side and smoothing in words.</summary>
    public string Name => NameOf(_view, _signal);

    public AlarmRule Rule { get; }

    /// <summary>The signal expected to cost least on these lives.</summary>
    /// <param name="properties">Names of the values in a row, in their order.</param>
    /// <param name="regimes">How to take the operating regime out, or null where the package has no such model.</param>
    /// <param name="fit">The lives to choose on.</param>
    /// <param name="protocol">What an alarm costs and saves.</param>
    public static BestSensor Choose(
        IReadOnlyList<string> properties, RegimeRule? regimes, IReadOnlyList<ObservedLife> fit, DowntimeProtocol protocol)
    {
        var view = SensorView.Fit(properties, regimes, fit);
        var signals = Signals(properties.Count).ToDictionary(signal => NameOf(view, signal), StringComparer.Ordinal);
        var seen = fit.Select(view.Of).ToList();
        var candidates = signals
            .Where(pair => seen.Exists(rows => rows.Any(row => double.IsFinite(row[pair.Value.Column]))))
            .Select(pair => new SensorCandidate(pair.Key, [.. seen.Select((rows, i) => Series(fit[i].Life, rows, pair.Value))]));
        var best = SensorRule.Choose(candidates, protocol);
        return new BestSensor(view, signals[best.Name], best.Rule);
    }

    /// <summary>The cycle at which it alarms on a life, or null.</summary>
    public int? FirstAlarm(ObservedLife life) =>
        Series(life.Life, _view.Of(life), _signal).FirstAlarm(Rule.Threshold);

    private static IEnumerable<Signal> Signals(int properties) =>
        from column in Enumerable.Range(0, properties)
        from cycles in SmoothCycles
        from side in new[] { AlarmSide.Below, AlarmSide.Above }
        select new Signal(column, cycles, side);

    private static AlarmSeries Series(Life life, IReadOnlyList<double[]> rows, Signal signal) =>
        new(life, MovingMean.Of([.. rows.Select(row => row[signal.Column])], signal.Cycles), signal.Side);

    private static string NameOf(SensorView view, Signal signal) =>
        $"{view.Name(signal.Column)} {(signal.Side == AlarmSide.Below ? "low" : "high")}"
        + (signal.Cycles > 1 ? $", mean of {signal.Cycles}" : "");

    private readonly record struct Signal(int Column, int Cycles, AlarmSide Side);
}
