using System.Text;
using System.Text.Json;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fabric.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.Server.Models.Contracts;
using Pilotage.Server.Models.Datasets;
using Pilotage.Server.Models.Training;
using Pilotage.Server.Package;
using Pilotage.Trust;

namespace Pilotage.Server.Models.Registry;

/// <summary>Registers what a run made, once every <c>must</c> of the package holds, and signs what is claimed about it.</summary>
internal sealed class ModelRegistry(ICatalogue catalogue, IArtifactStore artifacts, ILineage lineage, IServerKeys keys, TimeProvider time) : IModelRegistry
{
    public const string PredicateType = "https://pilotage.dev/attestations/model/v1";

    public bool Exists(TenantId tenant, ModelVersion version) => catalogue.Read(connection => connection.Scalar(
        "SELECT COUNT(*) FROM models_versions WHERE tenant = $tenant AND name = $name AND version = $version",
        ("$tenant", tenant.Value), ("$name", version.Model), ("$version", version.Version))) > 0;

    public Outcome<RegisteredModel> Get(TenantId tenant, ModelVersion version) =>
        Load(tenant, version.Model, version.Version).FirstOrDefault() is { } found
            ? found
            : new Refusal("model.not_found", $"There is no model {version}; GET /api/v1/models lists them.");

    public IReadOnlyList<RegisteredModel> List(TenantId tenant) => Load(tenant, null, null);

    /// <summary>Registers all models of a result, or none: a model whose limit is broken takes its companions with it.</summary>
    public Outcome<TrainingSummary> Register(
        TenantId tenant, UseCasePackage package, Dataset dataset, string run, string version, TrainingResult result)
    {
        var broken = result.Models.SelectMany(model => Broken(package.Model(model.Name)!, model.Metrics)).ToList();
        var summary = new TrainingSummary(
            [.. result.Models.Select(model => new TrainedSummary(model.Name, Digest.Of(model.Onnx).ToString(), model.Metrics, model.ExportError, model.ExportRows))],
            result.Alarm,
            result.FeatureRows,
            result.Units,
            broken.Count > 0 ? "must" : null,
            broken);
        if (broken.Count > 0)
        {
            return summary;
        }

        var now = time.NowNs();
        var registered = result.Models.Select(model => Sign(package, dataset, run, version, model, now)).ToList();
        catalogue.Write((connection, _) =>
        {
            foreach (var model in registered)
            {
                connection.Execute(
                    "INSERT INTO models_versions (tenant, name, version, document, at_ns) VALUES ($tenant, $name, $version, $document, $at)",
                    ("$tenant", tenant.Value), ("$name", model.Name), ("$version", model.Version), ("$document", JsonSerializer.Serialize(Row.Of(model), JsonSerializerOptions.Web)), ("$at", now));
            }

            return registered.Count;
        });
        var runNode = new NodeRef(NodeKind.Run, run);
        lineage.Append(tenant, [
            new LineageEdge(new NodeRef(NodeKind.Dataset, dataset.Digest.ToString()), "trained", runNode, now, new Dictionary<string, string> { ["dataset"] = dataset.Reference }),
            .. registered.Select(model => new LineageEdge(
                runNode, "made", new NodeRef(NodeKind.Model, model.Model.ToString()), now, new Dictionary<string, string> { ["model"] = $"{model.Name}@{model.Version}" })),
        ]);
        return summary;
    }

    private static IEnumerable<string> Broken(ModelSpec spec, IReadOnlyDictionary<string, double> metrics)
    {
        foreach (var must in spec.Must)
        {
            if (!metrics.TryGetValue(must.Metric, out var value))
            {
                yield return $"{must.At}: {spec.Name} was not measured by {must.Metric}, which must be {must.Comparison} {must.Limit}";
            }
            else if (!must.Holds(value))
            {
                yield return $"{must.At}: {must.Metric} of {spec.Name} is {value:G4} on units it had not seen and must be {must.Comparison} {must.Limit}";
            }
        }
    }

    private RegisteredModel Sign(UseCasePackage package, Dataset dataset, string run, string version, TrainedModel model, long now)
    {
        var spec = package.Model(model.Name)!;
        var (onnx, golden) = (artifacts.Put(model.Onnx), artifacts.Put(model.Golden));
        var predicate = JsonSerializer.SerializeToElement(new Claim(
            model.Name, version, dataset.Digest.ToString(), run, package.Digest.ToString(), golden.ToString(), spec.Recipe.Kind, model.Metrics), JsonSerializerOptions.Web);
        var envelope = new InTotoStatement([new InTotoSubject($"{model.Name}@{version}", onnx)], PredicateType, predicate).Sign(keys.Signing);
        return new RegisteredModel(
            model.Name,
            version,
            onnx,
            golden,
            dataset.Digest,
            run,
            package.Digest,
            model.Onnx.Length,
            [.. spec.Inputs.Select(input => input.Name)],
            [.. spec.Outputs.Select(output => output.Name)],
            model.Metrics,
            Encoding.UTF8.GetString(envelope.ToJson()),
            now);
    }

    private List<RegisteredModel> Load(TenantId tenant, string? name, string? version) => [.. catalogue.Read(connection => connection.Query(
            """
            SELECT document FROM models_versions
            WHERE tenant = $tenant AND ($name IS NULL OR name = $name) AND ($version IS NULL OR version = $version) ORDER BY at_ns DESC, name
            """,
            row => JsonSerializer.Deserialize<Row>(row.GetString(0), JsonSerializerOptions.Web)!,
            ("$tenant", tenant.Value), ("$name", name), ("$version", version)))
        .Select(row => row.ToModel())];

    /// <summary>What the signature covers besides the bytes themselves.</summary>
    internal sealed record Claim(
        string Model, string Version, string Dataset, string Run, string Package, string Golden, string Recipe, IReadOnlyDictionary<string, double> Metrics);

    /// <summary>A version as it is kept: digests as text.</summary>
    private sealed record Row(
        string Name, string Version, string Model, string Golden, string Dataset, string Run, string Package, long Bytes,
        IReadOnlyList<string> Inputs, IReadOnlyList<string> Outputs, IReadOnlyDictionary<string, double> Metrics, string Statement, long AtNs)
    {
        public static Row Of(RegisteredModel model) => new(
            model.Name, model.Version, model.Model.ToString(), model.Golden.ToString(), model.Dataset.ToString(), model.Run, model.Package.ToString(),
            model.Bytes, model.Inputs, model.Outputs, model.Metrics, model.Statement, model.AtNs);

        public RegisteredModel ToModel() => new(
            Name, Version, Parse(Model), Parse(Golden), Parse(Dataset), Run, Parse(Package), Bytes, Inputs, Outputs, Metrics, Statement, AtNs);

        private static Digest Parse(string text) => Digest.TryParse(text, out var digest) ? digest : throw new FormatException($"'{text}' is not a digest.");
    }
}
