using Pilotage.Learning.Decisions;
using Pilotage.Learning.Regimes;

namespace Pilotage.Load.Value;

/// <summary>Each sensor as an alarm by itself, the regime taken out of it, smoothed in several ways, on both sides.</summary>
internal sealed class SensorAlarms(RegimeNormalizer normaliser, int settings, IReadOnlyList<int> smoothing)
{
    public IEnumerable<SensorCandidate> Candidates(IReadOnlyList<Engine> engines)
    {
        var normal = engines.Select(Normalised).ToList();
        return
            from sensor in Enumerable.Range(0, normaliser.Sensors)
            from rows in smoothing
            let smooth = normal.Select(values => MovingMean.Of(Column(values, sensor), rows)).ToList()
            from side in new[] { AlarmSide.Below, AlarmSide.Above }
            select new SensorCandidate(
                $"{sensor} {rows}",
                [.. engines.Select((engine, i) => new AlarmSeries(FleetPart.LifeOf(engine), smooth[i], side))]);
    }

    public int? FirstAlarm(Engine engine, SensorRule rule)
    {
        var parts = rule.Name.Split(' ');
        var (sensor, rows) = (int.Parse(parts[0]), int.Parse(parts[1]));
        var smooth = MovingMean.Of(Column(Normalised(engine), sensor), rows);
        return new AlarmSeries(FleetPart.LifeOf(engine), smooth, rule.Rule.Side).FirstAlarm(rule.Rule.Threshold);
    }

    private float[][] Normalised(Engine engine) => [.. engine.Rows.Select(row =>
    {
        float[] values = [.. row.Select(value => (float)value)];
        var normal = new float[normaliser.Sensors];
        normaliser.Transform(values.AsSpan(0, settings), values.AsSpan(settings), normal);
        return normal;
    })];

    private static double[] Column(float[][] rows, int sensor) => [.. rows.Select(row => (double)row[sensor])];
}
