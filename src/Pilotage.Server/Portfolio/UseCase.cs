namespace Pilotage.Server.Portfolio;

/// <summary>A use case of a tenant: its definition and the stage it stands at.</summary>
public sealed record UseCase(TenantId Tenant, UseCaseDefinition Definition, Stage Stage, long SinceNs)
{
    public string Id => Definition.Id;

    /// <summary>The gate's rule, or why there is none.</summary>
    public Outcome<GateRule> Gate(string word)
    {
        if (!Stages.Parse(word).TryGet(out var stage, out var refusal))
        {
            return refusal;
        }

        if (Definition.Gates.FirstOrDefault(gate => gate.Stage == word) is not { } gate)
        {
            return new Refusal("gate.not_found", $"The package of {Id} has no gate to {word}; it has {string.Join(", ", Definition.Gates.Select(g => g.Stage))}.");
        }

        var needs = new List<EvidenceNeed>(gate.Needs.Count);
        foreach (var text in gate.Needs)
        {
            if (!EvidenceNeed.Parse(text).TryGet(out var need, out refusal))
            {
                return refusal;
            }

            needs.Add(need);
        }

        return new GateRule(stage, needs, gate.Approve);
    }

    /// <summary>The word of the next gate, or null at the end.</summary>
    public string? NextGate => Definition.Gates.Select(gate => gate.Stage).FirstOrDefault(word => Stages.Parse(word) is { IsOk: true } next && next.Value.Follows(Stage));
}
