using static Pilotage.Server.Portfolio.Value.ValueStatement;

namespace Pilotage.Server.Portfolio;

/// <summary><c>outcome.*</c>: what was measured against the frozen baseline.</summary>
internal sealed class OutcomeEvidence(ValueBook values) : IEvidenceSource
{
    public IReadOnlyList<string> Names { get; } = ["outcome.units", "outcome.saving_pct", "outcome.ci_excludes_zero"];

    public EvidenceReading Read(UseCase useCase, string name)
    {
        if (!values.Measure(useCase).TryGet(out var report, out var refusal))
        {
            return EvidenceReading.Absent(refusal.Message, "outcome");
        }

        var why = $"{Whole(report.TotalVsBestFixedPct)} % [{Whole(report.Ci95[0])}, {Whole(report.Ci95[1])}] of total downtime against the best fixed interval, {report.Units} machines, {report.EvidenceClass}";
        return name switch
        {
            "outcome.units" => EvidenceReading.Of(report.Units, why, report.Baseline),
            "outcome.saving_pct" => EvidenceReading.Of(report.TotalVsBestFixedPct, why, report.Baseline),
            _ => EvidenceReading.Of(report.CiExcludesZero, why, report.Baseline),
        };
    }
}
