namespace Pilotage.Server.Portfolio;

/// <summary><c>verdicts</c> and <c>alerts.right_pct</c>: did the people at the machines look, and were the alerts right.</summary>
internal sealed class FieldEvidence(Alerts alerts) : IEvidenceSource
{
    private const string Count = "verdicts";
    private const string Right = "alerts.right_pct";

    public IReadOnlyList<string> Names { get; } = [Count, Right];

    public EvidenceReading Read(UseCase useCase, string name)
    {
        var all = alerts.OfReleases(useCase.Tenant).Where(alert => alert.Rollout is null).ToList();
        var judged = all.Where(alert => alert.Verdict is { Answer: "right" or "wrong" }).ToList();
        var from = $"{all.Count} alerts";
        if (name == Count)
        {
            return EvidenceReading.Of(judged.Count, $"{judged.Count} of {all.Count} alerts were judged right or wrong", from);
        }

        return judged.Count == 0
            ? EvidenceReading.Absent("no alert was judged yet", from)
            : EvidenceReading.Of(
                Math.Round(100.0 * judged.Count(alert => alert.Verdict!.Answer == "right") / judged.Count, 1),
                $"{judged.Count(alert => alert.Verdict!.Answer == "right")} of {judged.Count} judged alerts were right",
                from);
    }
}
