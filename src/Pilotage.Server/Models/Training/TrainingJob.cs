using Pilotage.Core.Units;
using Pilotage.Learning.Boosting;
using Pilotage.Learning.Export;
using Pilotage.Learning.Golden;
using Pilotage.Learning.Onnx;
using Pilotage.Runtime;
using Pilotage.Server.Models.Datasets;
using Pilotage.Server.Package;
using Pilotage.Streams;

namespace Pilotage.Server.Models.Training;

/// <summary>Trains the models of a package on a dataset, those that feed others first. Pure: bytes in, bytes out.</summary>
internal sealed class TrainingJob(UseCasePackage package, DatasetManifest dataset, DatasetRows rows, string version, string run, string datasetDigest, TimeProvider time)
{
    /// <summary>Rows on which the exported file is compared with the model it came from; evenly spread.</summary>
    private const int ExportRowsMax = 20_000;

    public Outcome<TrainingResult> Execute(Action<string> progress, CancellationToken cancellation)
    {
        if (!PackagePipeline.Compile(package).TryGet(out var plan, out var refusal))
        {
            return refusal;
        }

        var upstream = new Dictionary<string, IModelInvoker>(StringComparer.Ordinal);
        try
        {
            return Train(plan, upstream, progress, cancellation);
        }
        finally
        {
            foreach (var invoker in upstream.Values.OfType<IDisposable>())
            {
                invoker.Dispose();
            }
        }
    }

    private Outcome<TrainingResult> Train(
        PipelinePlan plan, Dictionary<string, IModelInvoker> upstream, Action<string> progress, CancellationToken cancellation)
    {
        var trained = new List<TrainedModel>();
        AlarmChoice? alarm = null;
        var featureRows = 0L;
        foreach (var schema in plan.Models)
        {
            cancellation.ThrowIfCancellationRequested();
            var spec = package.Model(schema.Name)!;
            progress($"{spec.Name}: features");
            if (!DatasetBuilder.Build(plan, spec.Name, upstream, SourceRows(plan), time).TryGet(out var asked, out var refusal))
            {
                return refusal;
            }

            // A fleet replayed twice arrives in two orders and must give one model.
            var features = asked.Ordered();

            featureRows = features.Rows;
            var fitted = spec.Recipe.Kind == PackageRegimes.RecipeKind
                ? RegimeRecipe.Fit(spec, features, Properties(spec))
                : Regression(spec, features, progress, cancellation, ref alarm);
            if (!fitted.TryGet(out var fit, out refusal) || !Finish(spec, schema, features, fit.Onnx, fit.Predict, fit.Metrics, upstream).TryGet(out var model, out refusal))
            {
                return refusal;
            }

            trained.Add(model);
        }

        return new TrainingResult(trained, alarm, featureRows, dataset.Units.Count(unit => unit.Rows > 0));
    }

    private Outcome<(byte[] Onnx, Action<ReadOnlySpan<float>, Span<float>> Predict, Dictionary<string, double> Metrics)> Regression(
        ModelSpec spec, FeatureMatrix features, Action<string> progress, CancellationToken cancellation, ref AlarmChoice? alarm)
    {
        if (!HoursPerLabelUnit(spec).TryGet(out var hours, out var unlabelled))
        {
            return unlabelled;
        }

        var labelled = LabelledRows.Of(features, dataset, hours);
        var units = labelled.Matrix.Units.ToArray().Distinct().Count();
        if (units < 2)
        {
            return new Refusal("training.too_few_units", $"{spec.Name} needs at least 2 units that stopped; the dataset has {units}.");
        }

        var clip = spec.Recipe.Number("clip", double.PositiveInfinity);
        progress($"{spec.Name}: cross-validation by unit, {units} units");
        var outOfFold = BoostingRecipe.OutOfFold(
            labelled, spec.Recipe, (fold, of) => progress($"{spec.Name}: cross-validation by unit, fold {fold} of {of}"), cancellation);
        var metrics = RegressionMetrics.Mean([.. outOfFold.Select(deal => Metrics(labelled, deal, clip))]);
        if (package.UseCase.Alarm is { } rule && rule.Model == spec.Name)
        {
            progress($"{spec.Name}: alarm limit");
            if (!AlarmDecision.Choose(package.UseCase, rule, dataset, labelled, outOfFold).TryGet(out alarm, out var refusal))
            {
                return refusal;
            }
        }

        progress($"{spec.Name}: final fit on {units} units");
        var trees = GradientBoosting.Train(labelled.Matrix, labelled.Labels(clip), BoostingRecipe.Options(spec.Recipe), cancellation);
        return (OnnxWriter.TreeEnsemble(trees, Properties(spec)), (row, into) => into[0] = trees.Predict(row), metrics);
    }

    private Dictionary<string, double> Metrics(LabelledRows labelled, float[] outOfFold, double clip)
    {
        var metrics = RegressionMetrics.Of(outOfFold, labelled.Remaining, clip);
        metrics["worst_site_rmse"] = WorstSite(labelled, outOfFold, clip);
        return metrics;
    }

    private static Outcome<double> HoursPerLabelUnit(ModelSpec spec)
    {
        if (spec.Label is not { From: "stops" })
        {
            return new Refusal(
                "training.label_source",
                $"{spec.At}: {spec.Name} has labels from {spec.Label?.From ?? "nowhere"}; gbt_regression learns the time to the next stop, so write label: {{from: stops}}.");
        }

        var hour = Ucum.Parse("h").Value;
        return Ucum.Parse(spec.Outputs[0].Unit).Then(unit => unit.ConvertsTo(hour)
            ? (Outcome<double>)unit.To(hour, 1)
            : new Refusal("training.label_unit", $"{spec.Outputs[0].At}: {spec.Outputs[0].Name} is in {unit.Code}, but time to a stop is a time; write h or d."));
    }

    /// <summary>Loads the file that was written, compares it with what it was written from, and takes its golden answers.</summary>
    private static Outcome<TrainedModel> Finish(
        ModelSpec spec,
        ModelSchema schema,
        FeatureMatrix features,
        byte[] onnx,
        Action<ReadOnlySpan<float>, Span<float>> predict,
        Dictionary<string, double> metrics,
        Dictionary<string, IModelInvoker> upstream)
    {
        if (!OnnxInvoker.Load(onnx, new OnnxOptions(), schema).TryGet(out var invoker, out var refusal))
        {
            return refusal;
        }

        upstream[spec.Name] = invoker;
        var model = invoker.Model;
        var (answer, expected) = (new float[model.OutputWidth], new float[model.OutputWidth]);
        var (worst, compared) = (0.0, 0L);
        for (var row = 0; row < features.Rows; row += Math.Max(1, features.Rows / ExportRowsMax))
        {
            model.Run(features.Row(row), answer);
            predict(features.Row(row), expected);
            for (var i = 0; i < answer.Length; i++)
            {
                worst = answer[i].Equals(expected[i]) ? worst : Math.Max(worst, Math.Abs(answer[i] - expected[i]) / Math.Max(1, Math.Abs(expected[i])));
            }

            compared++;
        }

        if (!(worst <= spec.Golden.Tolerance))
        {
            return new Refusal("training.export_differs", $"The ONNX file of {spec.Name} differs from the trained model by {worst:G3} over {compared} rows; {spec.Golden.Tolerance:G3} is allowed.");
        }

        var every = Math.Max(1, features.Rows / Math.Max(1, spec.Golden.Rows));
        var golden = GoldenSet.Record(
            model, Enumerable.Range(0, Math.Min(spec.Golden.Rows, features.Rows)).Select(i => features.Row(i * every).ToArray()), spec.Golden.Tolerance);
        return new TrainedModel(spec.Name, onnx, golden.Write(), metrics, worst, compared);
    }

    /// <summary>The error of the site (second level of the path) that is predicted worst.</summary>
    private double WorstSite(LabelledRows labelled, float[] outOfFold, double clip)
    {
        var bySite = Enumerable.Range(0, outOfFold.Length).GroupBy(row => Site(dataset.Units[labelled.Matrix.Units[row]].Path), StringComparer.Ordinal);
        return bySite.Max(site => RegressionMetrics.Of(
            [.. site.Select(row => outOfFold[row])], [.. site.Select(row => labelled.Remaining[row])], clip)["rmse"]);

        static string Site(string path) => path.Split('/') is [_, var site, ..] ? site : path;
    }

    private IEnumerable<SourceRow> SourceRows(PipelinePlan plan)
    {
        var source = plan.Sources.Select((thing, index) => (thing.Name, index)).First(pair => pair.Name == dataset.Thing).index;
        for (var i = 0; i < rows.Count; i++)
        {
            yield return new SourceRow(new DeviceId(dataset.Units[rows.Unit(i)].Device), rows.TimeNs(i), rows.Values(i), source);
        }
    }

    private ModelProperties Properties(ModelSpec spec) => new(
        spec.Name,
        version,
        [.. spec.Inputs.Select(input => new ModelColumn(input.Name, input.Unit))],
        [.. spec.Outputs.Select(output => new ModelColumn(output.Name, output.Unit))])
    {
        Dataset = datasetDigest,
        Run = run,
    };
}
