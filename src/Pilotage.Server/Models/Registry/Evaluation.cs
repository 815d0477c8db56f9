using Pilotage.Learning.Onnx;
using Pilotage.Runtime;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Models.Contracts;
using Pilotage.Server.Models.Training;
using Pilotage.Streams;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Models.Registry;

/// <summary>The truth to score a model against: what each device had left at its last stored row, in the unit of the label.</summary>
/// <param name="Devices">Path, id or name of a device to what was left.</param>
internal sealed record EvaluationRequest(IReadOnlyDictionary<string, double> Devices);

/// <summary>Scores of the last row of each device; the truth is taken as given and its source is the caller's to name.</summary>
internal sealed record EvaluationReport(
    string Model, string Version, int Devices, IReadOnlyDictionary<string, double> Metrics, IReadOnlyList<DevicePrediction> Predictions);

/// <summary>One device's prediction beside the truth.</summary>
internal sealed record DevicePrediction(string Device, double Predicted, double Truth);

/// <summary>Runs the package's pipeline over stored rows of devices no model was fitted on, and compares with a given truth.</summary>
internal sealed class Evaluation(IFleet fleet, TimeSeriesStore store, IPackages packages, IModelRegistry registry, IArtifactStore artifacts, TimeProvider time)
{
    public Outcome<EvaluationReport> Score(TenantId tenant, ModelVersion version, EvaluationRequest request)
    {
        var truth = new Dictionary<DeviceId, double>();
        foreach (var (name, left) in request.Devices)
        {
            if (!fleet.Resolve(tenant, name).TryGet(out var device, out var unknown))
            {
                return unknown;
            }

            truth[device.Id] = left;
        }

        var invokers = new Dictionary<string, IModelInvoker>(StringComparer.Ordinal);
        try
        {
            return registry.Get(tenant, version).Then(model => packages.Get(tenant, model.Package).Then(package =>
                PackagePipeline.Compile(package).Then(plan => Score(tenant, plan, model, package, truth, invokers))));
        }
        finally
        {
            foreach (var invoker in invokers.Values.OfType<IDisposable>())
            {
                invoker.Dispose();
            }
        }
    }

    private Outcome<EvaluationReport> Score(
        TenantId tenant, PipelinePlan plan, RegisteredModel model, Package.UseCasePackage package, Dictionary<DeviceId, double> truth, Dictionary<string, IModelInvoker> invokers)
    {
        foreach (var schema in plan.Models)
        {
            if (!registry.Get(tenant, new ModelVersion(schema.Name, model.Version)).Then(one => artifacts.Read(one.Model))
                .Then(bytes => OnnxInvoker.Load(bytes, new OnnxOptions(), schema)).TryGet(out var invoker, out var refusal))
            {
                return refusal;
            }

            invokers[schema.Name] = invoker;
        }

        var source = plan.Sources.Select((thing, index) => (thing.Name, index)).First(pair => pair.Name == package.UseCase.Thing).index;
        var properties = package.Thing.Properties.Select(property => property.Name).ToList();
        var rows = store.Replay(tenant, [.. truth.Keys], properties, long.MinValue, long.MaxValue)
            .Select(row => new SourceRow(row.Device, row.TimeNs, row.Values.ToArray(), source));
        return DatasetBuilder.Build(plan, model.Name, invokers, rows, time).Then(features => Compare(model, package, features, truth, invokers[model.Name]));
    }

    private static Outcome<EvaluationReport> Compare(
        RegisteredModel model, Package.UseCasePackage package, FeatureMatrix features, Dictionary<DeviceId, double> truth, IModelInvoker invoker)
    {
        var last = new Dictionary<DeviceId, int>();
        for (var row = 0; row < features.Rows; row++)
        {
            last[features.Key(row).Device] = row;
        }

        if (last.Count < truth.Count)
        {
            return new Refusal("evaluation.no_rows", $"{truth.Count - last.Count} of {truth.Count} devices have no stored row to score.");
        }

        var answer = new float[model.Outputs.Count];
        var scored = last.OrderBy(pair => pair.Key.Value, StringComparer.Ordinal).Select(pair =>
        {
            invoker.Invoke(features.Row(pair.Value), answer);
            return new DevicePrediction(pair.Key.Value, answer[0], truth[pair.Key]);
        }).ToList();
        var clip = package.Model(model.Name)!.Recipe.Number("clip", double.PositiveInfinity);
        var metrics = RegressionMetrics.Of([.. scored.Select(one => (float)one.Predicted)], [.. scored.Select(one => (float)one.Truth)], clip);
        return new EvaluationReport(model.Name, model.Version, scored.Count, metrics, scored);
    }
}
