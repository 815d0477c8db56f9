namespace Pilotage.Server.Portfolio;

/// <summary><c>baseline.frozen</c> and <c>ledger.intact</c>: is what we measure against, and what was recorded, untouched.</summary>
internal sealed class BaselineEvidence(Baselines baselines, Ledger ledger) : IEvidenceSource
{
    private const string Frozen = "baseline.frozen";
    private const string Intact = "ledger.intact";

    public IReadOnlyList<string> Names { get; } = [Frozen, Intact];

    public EvidenceReading Read(UseCase useCase, string name)
    {
        if (name == Intact)
        {
            var verified = ledger.Verify(useCase.Tenant, useCase.Id);
            return verified.TryGet(out var lines, out var broken)
                ? EvidenceReading.Of(true, $"{lines} lines, every link follows", $"ledger:{useCase.Id}")
                : EvidenceReading.Of(false, broken.Message, $"ledger:{useCase.Id}");
        }

        var baseline = baselines.Read(useCase.Tenant, useCase.Id);
        return baseline.TryGet(out var frozen, out var refusal)
            ? EvidenceReading.Of(true, $"frozen {frozen.Document.FrozenAt} over {frozen.Document.Units.Count} units, signature valid", frozen.Digest.ToString())
            : refusal.Code == "baseline.not_found"
                ? EvidenceReading.Absent(refusal.Message, "baseline")
                : EvidenceReading.Of(false, refusal.Message, "baseline");
    }
}
