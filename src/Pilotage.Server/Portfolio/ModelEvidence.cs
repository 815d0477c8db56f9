using Pilotage.Server.Models.Contracts;

namespace Pilotage.Server.Portfolio;

/// <summary><c>model.registered</c>: is there a signed model of this package, good enough to have been registered.</summary>
internal sealed class ModelEvidence(IModelRegistry registry) : IEvidenceSource
{
    public IReadOnlyList<string> Names { get; } = ["model.registered"];

    public EvidenceReading Read(UseCase useCase, string name)
    {
        var models = registry.List(useCase.Tenant).Where(model => model.Package.ToString() == useCase.Definition.Package).ToList();
        return models.Count == 0
            ? EvidenceReading.Absent("no model of this package has been registered", "models")
            : EvidenceReading.Of(true, $"{models[0].Name} {models[0].Version}, signed", models[0].Model.ToString());
    }
}
