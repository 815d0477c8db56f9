using Pilotage.Server.Rollouts.Contracts;

namespace Pilotage.Server.Portfolio;

/// <summary><c>rollout.confirmed</c>: has a release of this use case gone through all its waves.</summary>
internal sealed class RolloutEvidence(IRollouts rollouts) : IEvidenceSource
{
    public IReadOnlyList<string> Names { get; } = ["rollout.confirmed"];

    public EvidenceReading Read(UseCase useCase, string name)
    {
        var mine = rollouts.List(useCase.Tenant).Where(rollout => rollout.UseCase.Value == useCase.Id).ToList();
        if (mine.Count == 0)
        {
            return EvidenceReading.Absent("nothing has been rolled out yet", "rollouts");
        }

        return mine.Find(rollout => rollout.Status == "completed") is { } confirmed
            ? EvidenceReading.Of(true, $"{confirmed.Touched} of {confirmed.Targets} machines run {confirmed.Release} and proved it", confirmed.Rollout.Value)
            : EvidenceReading.Of(false, $"{mine[0].Rollout} is {mine[0].Status}: {mine[0].Cause}", mine[0].Rollout.Value);
    }
}
