namespace Pilotage.Server.Models.Contracts;

/// <summary>Model versions: immutable, signed, each with its golden answers and where it came from.</summary>
public interface IModelRegistry
{
    /// <summary>One version, or the refusal that it is not there.</summary>
    Outcome<RegisteredModel> Get(TenantId tenant, ModelVersion version);

    /// <summary>All versions of all models, newest first.</summary>
    IReadOnlyList<RegisteredModel> List(TenantId tenant);
}

/// <summary>One registered version.</summary>
/// <param name="Model">Digest of the ONNX bytes.</param>
/// <param name="Golden">Digest of the golden set.</param>
/// <param name="Dataset">Digest of the dataset's manifest.</param>
/// <param name="Statement">The DSSE envelope (JSON) over model, dataset, run and metrics.</param>
/// <param name="Metrics">Measured on devices the model had not seen, by name.</param>
public sealed record RegisteredModel(
    string Name,
    string Version,
    Digest Model,
    Digest Golden,
    Digest Dataset,
    string Run,
    Digest Package,
    long Bytes,
    IReadOnlyList<string> Inputs,
    IReadOnlyList<string> Outputs,
    IReadOnlyDictionary<string, double> Metrics,
    string Statement,
    long AtNs);
