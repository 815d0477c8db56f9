using Pilotage.Core.Contracts.Releases;
using Pilotage.Server.Models.Contracts;
using Pilotage.Server.Package;

namespace Pilotage.Server.Rollouts;

/// <summary>
/// What a release is asked to hold, in one of three forms: a training run, from which everything follows; a package and one version of each
/// of its models; or every part by digest.
/// </summary>
internal sealed record ReleaseRequest
{
    /// <summary>A training run that registered its models; the alarm limit it chose becomes a parameter.</summary>
    public string? Run { get; init; }

    /// <summary>Every part by the digest of bytes in the artifact store; then name, version and models' shapes are given too.</summary>
    public IReadOnlyList<ReleasePart>? Artifacts { get; init; }

    public IReadOnlyList<ReleaseModel>? Shapes { get; init; }

    public string? Name { get; init; }

    public double? GoldenTolerance { get; init; }

    public ReleaseOrigin? Origin { get; init; }

    /// <summary>Digest of the package; null takes the one taken in last for <see cref="UseCase"/>.</summary>
    public string? Package { get; init; }

    public string? UseCase { get; init; }

    /// <summary>Model versions, written <c>name@version</c>; one for each model of the package.</summary>
    public IReadOnlyList<string>? Models { get; init; }

    /// <summary>Numbers for <c>${…}</c> in the pipeline, over those of the site: thresholds that training chose, say.</summary>
    public IReadOnlyDictionary<string, double>? Parameters { get; init; }

    /// <summary>Hardware classes; both that are supported when absent.</summary>
    public IReadOnlyList<string>? Hardware { get; init; }

    /// <summary>A version for people; the models' own versions when absent.</summary>
    public string? Version { get; init; }
}

/// <summary>One part of a release, by the digest of its bytes.</summary>
internal sealed record ReleasePart(string Kind, string Name, string Digest);

/// <summary>Turns a request into a manifest to be signed.</summary>
internal sealed class ReleaseDraft(IPackages packages, IModelRegistry registry, ITrainingRuns runs, IArtifactStore artifacts)
{
    private static readonly string[] EveryHardware = ["linux-x64", "linux-arm64"];

    public Outcome<ReleaseManifest> Of(TenantId tenant, ReleaseRequest request) => request switch
    {
        { Artifacts: { } parts } => OfParts(tenant, request, parts),
        { Run: { } run } => FromRun(tenant, request, run).Then(whole => Package(tenant, whole).Then(package => Of(tenant, whole, package))),
        _ => Package(tenant, request).Then(package => Of(tenant, request, package)),
    };

    private static Outcome<ReleaseManifest> OfParts(TenantId tenant, ReleaseRequest request, IReadOnlyList<ReleasePart> parts) => new ReleaseManifest
    {
        Tenant = tenant.Value,
        UseCase = request.UseCase ?? "",
        Name = request.Name ?? request.UseCase ?? "",
        Version = request.Version ?? "",
        Sequence = 1,
        Hardware = request.Hardware ?? EveryHardware,
        Artifacts = [.. parts.Select(part => new ReleaseArtifact { Kind = part.Kind, Name = part.Name, Digest = part.Digest, Bytes = 1 })],
        Parameters = request.Parameters ?? new Dictionary<string, double>(),
        Models = request.Shapes ?? [],
        GoldenTolerance = request.GoldenTolerance ?? 0,
        CreatedNs = 0,
        Origin = request.Origin ?? new ReleaseOrigin(),
    };

    private Outcome<ReleaseRequest> FromRun(TenantId tenant, ReleaseRequest request, string run)
    {
        var models = registry.List(tenant).Where(model => model.Run == run).ToList();
        if (models.Count == 0)
        {
            return new Refusal("release.run_not_found", $"No registered model comes from the run '{run}'; only a run that ended done can be released.");
        }

        var parameters = new Dictionary<string, double>(StringComparer.Ordinal);
        if (runs.AlarmOf(tenant, run) is { } alarm)
        {
            parameters[alarm.Parameter] = alarm.Threshold;
        }

        foreach (var (name, value) in request.Parameters ?? parameters)
        {
            parameters[name] = value;
        }

        return request with
        {
            Package = models[0].Package.ToString(),
            Models = [.. models.Select(model => $"{model.Name}@{model.Version}")],
            Version = request.Version ?? models[0].Version,
            Parameters = parameters,
        };
    }

    private Outcome<UseCasePackage> Package(TenantId tenant, ReleaseRequest request) => request switch
    {
        { Package: { } text } => Digest.TryParse(text, out var digest)
            ? packages.Get(tenant, digest)
            : new Refusal("release.malformed", $"'{text}' is not the digest of a package."),
        { UseCase: { } useCase } => packages.Latest(tenant, useCase),
        _ => new Refusal("release.malformed", "Name a package by its digest, or a use case."),
    };

    private Outcome<ReleaseManifest> Of(TenantId tenant, ReleaseRequest request, UseCasePackage package)
    {
        var parts = new List<ReleaseArtifact> { Keep(ArtifactKind.Pipeline, "pipeline.sql", System.Text.Encoding.UTF8.GetBytes(package.PipelineSql)) };
        foreach (var thing in package.Things)
        {
            parts.Add(Keep(ArtifactKind.Thing, thing.Name, package.Files[$"things/{thing.Name}.td.json"].Span));
        }

        var models = new List<ReleaseModel>();
        var origins = new List<RegisteredModel>();
        foreach (var spec in package.Models)
        {
            if (!Version(tenant, request, spec.Name).TryGet(out var model, out var refusal))
            {
                return refusal;
            }

            origins.Add(model);
            parts.Add(new ReleaseArtifact { Kind = ArtifactKind.Model, Name = spec.Name, Digest = model.Model.ToString(), Bytes = model.Bytes });
            parts.Add(new ReleaseArtifact { Kind = ArtifactKind.Golden, Name = spec.Name, Digest = model.Golden.ToString(), Bytes = 1 });
            models.Add(new ReleaseModel
            {
                Name = spec.Name,
                Version = model.Version,
                Inputs = model.Inputs,
                Outputs = model.Outputs,
                Missing = spec.Missing == MissingValues.Native ? "native" : "reject",

                // A model without a label of its own, such as a normaliser, only prepares the input of another.
                Internal = spec.Label is null,
            });
        }

        var parameters = new Dictionary<string, double>(package.Site?.Parameters ?? new Dictionary<string, double>());
        foreach (var (name, value) in request.Parameters ?? new Dictionary<string, double>())
        {
            parameters[name] = value;
        }

        var last = origins[^1];
        return new ReleaseManifest
        {
            Tenant = tenant.Value,
            UseCase = package.UseCase.Name,
            Name = package.UseCase.Name,
            Version = request.Version ?? string.Join('+', origins.Select(model => $"{model.Name}.{model.Version}")),
            Sequence = 1,
            Hardware = request.Hardware ?? EveryHardware,
            Artifacts = parts,
            Parameters = parameters,
            Models = models,
            GoldenTolerance = package.Models.Max(spec => spec.Golden.Tolerance),
            CreatedNs = 0,
            Origin = new ReleaseOrigin { Dataset = last.Dataset.ToString(), Run = last.Run, Package = package.Digest.ToString() },
        };
    }

    private Outcome<RegisteredModel> Version(TenantId tenant, ReleaseRequest request, string model)
    {
        var wanted = request.Models?.FirstOrDefault(text => text.StartsWith(model + "@", StringComparison.Ordinal));
        return wanted is null
            ? new Refusal("release.model_missing", $"The package's pipeline needs a version of the model '{model}'; write {model}@<version>.")
            : registry.Get(tenant, new ModelVersion(model, wanted[(model.Length + 1)..]));
    }

    private ReleaseArtifact Keep(string kind, string name, ReadOnlySpan<byte> content) =>
        new() { Kind = kind, Name = name, Digest = artifacts.Put(content).ToString(), Bytes = content.Length };
}
