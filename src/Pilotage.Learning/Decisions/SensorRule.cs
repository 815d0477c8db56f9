namespace Pilotage.Learning.Decisions;

/// <summary>One signal that could raise alarms by itself, scored over the lives to choose on.</summary>
public sealed record SensorCandidate(string Name, IReadOnlyList<AlarmSeries> Series);

/// <summary>The best single signal with a threshold chosen like the model's: condition monitoring without a model.</summary>
public sealed record SensorRule(string Name, AlarmRule Rule)
{
    /// <summary>The candidate expected to cost least, each at its own best threshold.</summary>
    public static SensorRule Choose(
        IEnumerable<SensorCandidate> candidates, DowntimeProtocol protocol, double spread = AlarmThreshold.DefaultSpread) =>
        candidates
            .Select(candidate => new SensorRule(
                candidate.Name, AlarmThreshold.Choose(candidate.Series, protocol, spread)))
            .MinBy(rule => rule.Rule.Expected)
        ?? throw new ArgumentException("There is no signal to choose from.", nameof(candidates));
}
