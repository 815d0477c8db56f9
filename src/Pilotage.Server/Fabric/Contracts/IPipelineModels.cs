using Pilotage.Streams;

namespace Pilotage.Server.Fabric.Contracts;

/// <summary>Models that pipelines on the server may ask; whoever keeps models gives them.</summary>
public interface IPipelineModels
{
    /// <summary>The models of a tenant as a pipeline is compiled against them, each by its newest version or by the one that is named.</summary>
    /// <param name="tenant">Whose.</param>
    /// <param name="chosen">Versions by the name of the model.</param>
    Outcome<IReadOnlyList<PipelineModel>> List(TenantId tenant, IReadOnlyDictionary<string, string> chosen);

    /// <summary>Loads a version, to be asked by one pipeline and disposed of with it.</summary>
    Outcome<IModelInvoker> Load(TenantId tenant, PipelineModel model);
}

/// <summary>A version of a model.</summary>
public sealed record PipelineModel(ModelSchema Schema, string Version);
