using System.Text.Json.Nodes;
using Pilotage.Learning.Decisions;
using Pilotage.Server.Fabric.Contracts;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Portfolio;

/// <summary>Freezes a baseline over the lives that have ended, before anything was piloted.</summary>
internal sealed class BaselineFreeze(Lives lives, Baselines baselines, Ledger ledger, ILineage lineage, TimeProvider time)
{
    private const int LivesMin = 5;

    public Outcome<FrozenBaseline> Freeze(UseCase useCase)
    {
        if (useCase.Stage != Stage.Idea)
        {
            return new Refusal("baseline.too_late", $"{useCase.Id} stands at {useCase.Stage.Word()}: a baseline is frozen before the pilot begins, or it measures nothing.");
        }

        var ended = lives.Ended(useCase);
        if (ended.Count < LivesMin)
        {
            return new Refusal("baseline.too_few", $"{ended.Count} machines of {useCase.Id} have a recorded stop; {LivesMin} are the least a baseline can rest on.");
        }

        var now = time.NowNs();
        return baselines.Freeze(useCase.Tenant, Document(useCase, ended, now), now).Then(frozen =>
        {
            Record(useCase, frozen, now);
            return (Outcome<FrozenBaseline>)frozen;
        });
    }

    private BaselineDocument Document(UseCase useCase, IReadOnlyList<UnitLife> ended, long nowNs)
    {
        var rule = useCase.Definition.Rule;
        var protocol = new DowntimeProtocol(rule.LeadCycles, rule.UnplannedHours, rule.PlannedHours);
        var known = ended.Select(life => new Life(life.Device, life.Cycles)).ToList();
        var interval = FixedInterval.Choose(known, protocol);
        return new BaselineDocument
        {
            UseCase = useCase.Id,
            Version = useCase.Definition.Version,
            Kpi = useCase.Definition.Kpi,
            FrozenAt = Clock.Rfc3339(nowNs),
            Data = lives.DigestOf(useCase.Tenant, ended).ToString(),
            Units = [.. ended.Select(life => new BaselineUnit(life.Device, life.Cycles, life.Planned, life.Hours))],
            Rule = rule,
            FixedIntervalCycles = interval,
            RunToFailureRate = DowntimeTotal.Of(known.Select(protocol.RunToFailure)).HoursPer1000,
            FixedIntervalRate = DowntimeTotal.Of(known.Select(life => protocol.WorkAt(life, interval))).HoursPer1000,
            Assumptions = useCase.Definition.Assumptions,
        };
    }

    private void Record(UseCase useCase, FrozenBaseline frozen, long nowNs)
    {
        var line = ledger.Append(
            useCase.Tenant,
            useCase.Id,
            "baseline",
            new JsonObject { ["digest"] = frozen.Digest.ToString(), ["data"] = frozen.Document.Data, ["units"] = frozen.Document.Units.Count },
            nowNs);
        var node = new NodeRef(NodeKind.Baseline, frozen.Digest.ToString());
        lineage.Append(
            useCase.Tenant,
            [
                .. frozen.Document.Units.Select(unit => new LineageEdge(new(NodeKind.SeriesSpan, unit.Device), "frozen", node, nowNs)),
                new LineageEdge(node, "recorded", new(NodeKind.Ledger, $"{useCase.Id}/{line.Sequence}"), nowNs),
            ]);
    }
}
