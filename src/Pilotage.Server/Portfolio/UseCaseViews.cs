namespace Pilotage.Server.Portfolio;

/// <summary>Use cases as lists and pages show them.</summary>
internal sealed class UseCaseViews(UseCaseStore store, Baselines baselines)
{
    public IReadOnlyList<UseCaseView> All(TenantId tenant) => [.. store.All(tenant).Select(View)];

    public Outcome<UseCaseView> One(TenantId tenant, string id) => store.Get(tenant, id).Then<UseCaseView>(useCase => View(useCase));

    private UseCaseView View(UseCase useCase)
    {
        var baseline = baselines.Read(useCase.Tenant, useCase.Id);
        var state = baseline.IsOk ? "frozen" : baseline.Refusal.Code == "baseline.not_found" ? "none" : "altered";
        var definition = useCase.Definition;
        return new(
            useCase.Id,
            definition.Version,
            definition.Package,
            useCase.Stage.Word(),
            useCase.NextGate,
            definition.Kpi,
            definition.Unit,
            definition.TargetPct,
            definition.Thing,
            definition.Bind,
            definition.EvidenceClass,
            definition.Origin,
            new(state, baseline.IsOk ? baseline.Value.Digest.ToString() : null),
            definition.Overrides);
    }
}

/// <summary>One use case.</summary>
public sealed record UseCaseView(
    string Id,
    string Version,
    string Package,
    string Stage,
    string? NextGate,
    string Kpi,
    string Unit,
    double TargetPct,
    string Thing,
    string Bind,
    string EvidenceClass,
    string Origin,
    BaselineState Baseline,
    IReadOnlyDictionary<string, string> Overrides);

/// <summary>none, frozen or altered.</summary>
public sealed record BaselineState(string State, string? Digest);
