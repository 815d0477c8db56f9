using Pilotage.Core;
using Pilotage.Runtime;
using Pilotage.Server.Models.Training;
using Pilotage.Server.Package;
using Pilotage.Streams;

namespace Pilotage.Load.Value;

/// <summary>The package's own pipeline over the engines' rows: the features its models are asked with, engine by engine.</summary>
internal sealed class PackageFeatures(UseCasePackage package)
{
    private const long HourNs = 3_600_000_000_000;

    private readonly PipelinePlan _plan = PackagePipeline.Compile(package).Value;

    /// <summary>One matrix row a cycle, in the order of the engines and their cycles.</summary>
    public FeatureMatrix Build(
        string model, IReadOnlyDictionary<string, IModelInvoker> upstream, IReadOnlyList<Engine> engines)
    {
        var matrix = DatasetBuilder.Build(_plan, model, upstream, Rows(engines), TimeProvider.System).Value;
        return matrix.Rows == engines.Sum(engine => engine.Rows.Count)
            ? matrix
            : throw new InvalidOperationException($"The pipeline gave {matrix.Rows} rows for {engines.Sum(engine => engine.Rows.Count)} cycles.");
    }

    private static IEnumerable<SourceRow> Rows(IEnumerable<Engine> engines) => engines.SelectMany(engine =>
        engine.Rows.Select((row, cycle) => new SourceRow(new DeviceId(engine.Name), (cycle + 1) * HourNs, row)));
}
