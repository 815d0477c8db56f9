using Pilotage.Learning.Onnx;
using Pilotage.Runtime;
using Pilotage.Server.Fabric.Contracts;
using Pilotage.Server.Models.Contracts;
using Pilotage.Server.Package;
using Pilotage.Streams;

namespace Pilotage.Server.Models.Registry;

/// <summary>Registered models for pipelines that run on the server.</summary>
internal sealed class PipelineModels(IModelRegistry registry, IPackages packages, IArtifactStore artifacts) : IPipelineModels
{
    public Outcome<IReadOnlyList<PipelineModel>> List(TenantId tenant, IReadOnlyDictionary<string, string> chosen)
    {
        foreach (var (name, version) in chosen)
        {
            if (!registry.Get(tenant, new ModelVersion(name, version)).TryGet(out _, out var refusal))
            {
                return refusal;
            }
        }

        // Newest first, so the first of a name is the one to be asked where no version is named.
        var listed = registry.List(tenant)
            .Where(model => !chosen.TryGetValue(model.Name, out var version) || version == model.Version)
            .DistinctBy(model => model.Name, StringComparer.Ordinal);
        var known = new List<PipelineModel>();
        foreach (var model in listed)
        {
            if (packages.Get(tenant, model.Package).TryGet(out var package, out _) && package.Model(model.Name) is { } spec)
            {
                known.Add(new PipelineModel(spec.ToSchema(), model.Version));
            }
        }

        return known;
    }

    public Outcome<IModelInvoker> Load(TenantId tenant, PipelineModel model) => registry.Get(tenant, new ModelVersion(model.Schema.Name, model.Version))
        .Then(found => artifacts.Read(found.Model))
        .Then(bytes => OnnxInvoker.Load(bytes, new OnnxOptions(), model.Schema))
        .Then(invoker => (Outcome<IModelInvoker>)invoker);
}
