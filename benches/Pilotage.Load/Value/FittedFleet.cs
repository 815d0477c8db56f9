using Pilotage.Learning.Boosting;
using Pilotage.Learning.Decisions;
using Pilotage.Learning.Regimes;
using Pilotage.Server.Models.Training;
using Pilotage.Server.Portfolio.Value;

namespace Pilotage.Load.Value;

/// <summary>What was fitted on some engines, to be tried on others it never saw.</summary>
internal sealed class FittedFleet(
    FleetPart part, RegimeNormalizer normaliser, BoostedTrees trees, AlarmRule rule, int interval, BestSensor sensor, double clip)
{
    public double Threshold => rule.Threshold;

    public string Sensor => sensor.Name;

    /// <summary>Every policy on each of the engines, cycle by cycle.</summary>
    public IReadOnlyList<ComparedLife> Replay(IReadOnlyList<Engine> fresh)
    {
        var alarms = Series(fresh, Predict(fresh).Scores).Select(series => series.FirstAlarm(rule.Threshold)).ToList();
        return [.. fresh.Select((engine, i) => ComparedLife.Of(
            LifeOf(engine), part.Protocol, interval, sensor.FirstAlarm(Observed(engine)), alarms[i]))];
    }

    /// <summary>Root mean squared error at the last row of each engine, truth clipped like the labels; null without engines.</summary>
    public double? ClippedError(IReadOnlyList<Engine> test)
    {
        if (test.Count == 0)
        {
            return null;
        }

        var (scores, remaining) = Predict(test);
        int[] last = [.. test.Select((_, i) => test.Take(i + 1).Sum(engine => engine.Rows.Count) - 1)];
        return RegressionMetrics.Of([.. last.Select(row => scores[row])], [.. last.Select(row => remaining[row])], clip)["rmse"];
    }

    public static Life LifeOf(Engine engine) => new(engine.Name, engine.Rows.Count);

    public static ObservedLife Observed(Engine engine) => new(LifeOf(engine), engine.Rows);

    /// <summary>Scores in row order, parted into lives.</summary>
    public static List<AlarmSeries> Series(IReadOnlyList<Engine> engines, float[] scores)
    {
        var series = new List<AlarmSeries>(engines.Count);
        var at = 0;
        foreach (var engine in engines)
        {
            double[] own = [.. scores.AsSpan(at, engine.Rows.Count).ToArray().Select(score => (double)score)];
            series.Add(new AlarmSeries(LifeOf(engine), own, AlarmSide.Below));
            at += engine.Rows.Count;
        }

        return series;
    }

    private (float[] Scores, float[] Remaining) Predict(IReadOnlyList<Engine> engines)
    {
        var (data, remaining) = part.Matrix(engines, normaliser);
        return ([.. Enumerable.Range(0, data.Rows).Select(row => trees.Predict(data.Row(row)))], remaining);
    }
}
