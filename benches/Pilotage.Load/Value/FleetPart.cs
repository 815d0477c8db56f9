using Pilotage.Learning.Boosting;
using Pilotage.Learning.Decisions;
using Pilotage.Learning.Regimes;
using Pilotage.Server.Models.Training;
using Pilotage.Server.Package;
using Pilotage.Server.Portfolio;
using Pilotage.Server.Portfolio.Value;
using Pilotage.Streams;

namespace Pilotage.Load.Value;

/// <summary>Fits everything a value study fits - normaliser, model, alarm limit, interval, rival - on some engines.</summary>
internal sealed class FleetPart(UseCasePackage package, UseCaseDefinition definition)
{
    private readonly PackageFeatures _features = new(package);
    private readonly ModelSpec _regimes = package.RegimesOf(package.Thing)
        ?? throw new ArgumentException("The package has no regime normaliser over what its thing measures.");

    private readonly ModelSpec _model = package.Model(package.UseCase.Alarm!.Model)!;

    public DowntimeProtocol Protocol { get; } =
        new(definition.Rule.LeadCycles, definition.Rule.UnplannedHours, definition.Rule.PlannedHours);

    /// <summary>Fits on these engines alone, with a training seed in the place of the package's.</summary>
    public FittedFleet Fit(IReadOnlyList<Engine> fit, int seed, CancellationToken cancellation)
    {
        var normaliser = RegimeRecipe.Normalizer(
            Seeded(_regimes, seed), _features.Build(_regimes.Name, new Dictionary<string, IModelInvoker>(), fit));
        var (data, remaining) = Matrix(fit, normaliser);
        var recipe = Seeded(_model, seed).Recipe;
        var clip = recipe.Number("clip", double.PositiveInfinity);
        float[] labels = [.. remaining.Select(left => (float)Math.Min(left, clip))];
        var options = BoostingRecipe.Options(recipe);
        var outOfFold = GroupedCrossValidation.Predict(
            data, labels, options, BoostingRecipe.Folds, BoostingRecipe.Deals(recipe), cancellation);
        return new FittedFleet(
            this,
            normaliser,
            GradientBoosting.Train(data, labels, options, cancellation),
            AlarmThreshold.Choose([.. outOfFold.SelectMany(deal => FittedFleet.Series(fit, deal))], Protocol),
            FixedInterval.Choose([.. fit.Select(FittedFleet.LifeOf)], Protocol),
            BestSensor.Choose(definition.Properties, definition.Regimes, [.. fit.Select(FittedFleet.Observed)], Protocol),
            clip);
    }

    /// <summary>The model's inputs, row by row, and what was left at each.</summary>
    public (TrainingMatrix Data, float[] Remaining) Matrix(IReadOnlyList<Engine> engines, RegimeNormalizer normaliser)
    {
        var upstream = new Dictionary<string, IModelInvoker>(StringComparer.Ordinal)
        {
            [_regimes.Name] = new NormaliserInvoker(normaliser),
        };
        var matrix = _features.Build(_model.Name, upstream, engines);
        int[] units = [.. engines.SelectMany((engine, unit) => Enumerable.Repeat(unit, engine.Rows.Count))];
        float[] remaining = [.. engines.SelectMany(engine => Enumerable.Range(1, engine.Rows.Count)
            .Select(cycle => (float)(engine.LeftAtEnd + engine.Rows.Count - cycle)))];
        return (new TrainingMatrix(matrix.Values.ToArray(), matrix.Columns.Count, units), remaining);
    }

    private static ModelSpec Seeded(ModelSpec spec, int seed) => spec with
    {
        Recipe = spec.Recipe with
        {
            Numbers = new Dictionary<string, double>(spec.Recipe.Numbers, StringComparer.Ordinal) { ["seed"] = seed },
        },
    };

    /// <summary>The normaliser in the place of its ONNX file: same numbers, nothing to load.</summary>
    private sealed class NormaliserInvoker(RegimeNormalizer normaliser) : IModelInvoker
    {
        public void Invoke(ReadOnlySpan<float> inputs, Span<float> outputs) =>
            normaliser.Transform(inputs[..normaliser.Settings], inputs[normaliser.Settings..], outputs);
    }
}
