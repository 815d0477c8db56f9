using Pilotage.Learning.Boosting;
using Pilotage.Learning.Decisions;
using Pilotage.Learning.Regimes;
using Pilotage.Server.Models.Training;
using Pilotage.Server.Package;
using Pilotage.Server.Portfolio.Value;
using Pilotage.Streams;

namespace Pilotage.Load.Value;

/// <summary>Everything a value study fits, fitted on some engines and replayed on others it never saw.</summary>
internal sealed class FleetPart(UseCasePackage package, AlarmSpec alarm, DowntimeProtocol protocol)
{
    // A single sensor gets its pick of smoothing, as an engineer would give it: a raw one is an opponent made of straw.
    private static readonly int[] SensorRows = [1, 5, 10, 20];

    private readonly PackageFeatures _features = new(package);
    private readonly ModelSpec _regimes = package.Models.First(model => model.Recipe.Kind == "regime_normaliser");
    private readonly ModelSpec _model = package.Model(alarm.Model)!;

    /// <summary>Fits normaliser, model, alarm limit, interval and sensor rule on one part; measures on the other.</summary>
    public IReadOnlyList<ComparedLife> Replay(
        IReadOnlyList<Engine> fit, IReadOnlyList<Engine> fresh, CancellationToken cancellation)
    {
        var settings = _regimes.Recipe.Settings.Count;
        var normaliser = Normaliser(fit, settings);
        var upstream = new Dictionary<string, IModelInvoker>(StringComparer.Ordinal)
        {
            [_regimes.Name] = new NormaliserInvoker(normaliser),
        };
        var (data, labels) = Matrix(fit, upstream);
        var options = BoostingRecipe.Options(_model.Recipe);
        var outOfFold = GroupedCrossValidation.Predict(data, labels, options, BoostingRecipe.Folds, BoostingRecipe.Deals(_model.Recipe), cancellation);
        var rule = AlarmThreshold.Choose([.. outOfFold.SelectMany(deal => Series(fit, deal))], protocol);
        var trees = GradientBoosting.Train(data, labels, options, cancellation);
        var (freshData, _) = Matrix(fresh, upstream);
        float[] predicted = [.. Enumerable.Range(0, freshData.Rows).Select(row => trees.Predict(freshData.Row(row)))];
        var alarms = Series(fresh, predicted).Select(series => series.FirstAlarm(rule.Threshold)).ToList();

        var interval = FixedInterval.Choose([.. fit.Select(LifeOf)], protocol);
        var sensors = new SensorAlarms(normaliser, settings, SensorRows);
        var sensor = SensorRule.Choose(sensors.Candidates(fit), protocol);
        return [.. fresh.Select((engine, i) => ComparedLife.Of(
            LifeOf(engine), protocol, interval, sensors.FirstAlarm(engine, sensor), alarms[i]))];
    }

    internal static Life LifeOf(Engine engine) => new(engine.Name, engine.Rows.Count);

    private RegimeNormalizer Normaliser(IReadOnlyList<Engine> fit, int settings)
    {
        var matrix = _features.Build(_regimes.Name, new Dictionary<string, IModelInvoker>(), fit);
        var sensors = matrix.Columns.Count - settings;
        var (left, right) = (new float[matrix.Rows * settings], new float[matrix.Rows * sensors]);
        for (var row = 0; row < matrix.Rows; row++)
        {
            matrix.Row(row)[..settings].CopyTo(left.AsSpan(row * settings));
            matrix.Row(row)[settings..].CopyTo(right.AsSpan(row * sensors));
        }

        var options = new RegimeOptions { Seed = (int)_regimes.Recipe.Number("seed", new RegimeOptions().Seed) };
        return RegimeNormalizer.Fit(left, settings, right, sensors, options);
    }

    private (TrainingMatrix Data, float[] Labels) Matrix(
        IReadOnlyList<Engine> engines, IReadOnlyDictionary<string, IModelInvoker> upstream)
    {
        var matrix = _features.Build(_model.Name, upstream, engines);
        var clip = _model.Recipe.Number("clip", double.PositiveInfinity);
        int[] units = [.. engines.SelectMany((engine, unit) => Enumerable.Repeat(unit, engine.Rows.Count))];
        float[] labels = [.. engines.SelectMany(engine => Enumerable.Range(1, engine.Rows.Count)
            .Select(cycle => (float)Math.Min(clip, engine.Rows.Count - cycle)))];
        return (new TrainingMatrix(matrix.Values.ToArray(), matrix.Columns.Count, units), labels);
    }

    private static List<AlarmSeries> Series(IReadOnlyList<Engine> engines, float[] scores)
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

    /// <summary>The normaliser in the place of its ONNX file: same numbers, nothing to load.</summary>
    private sealed class NormaliserInvoker(RegimeNormalizer normaliser) : IModelInvoker
    {
        public void Invoke(ReadOnlySpan<float> inputs, Span<float> outputs) =>
            normaliser.Transform(inputs[..normaliser.Settings], inputs[normaliser.Settings..], outputs);
    }
}
