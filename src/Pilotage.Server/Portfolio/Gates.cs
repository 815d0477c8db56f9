using System.Text;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Portfolio;

/// <summary>Weighs gates, takes votes, and moves a use case when a gate opens.</summary>
internal sealed class Gates(
    UseCaseStore useCases, EvidenceBook evidence, Baselines baselines, GateTrail trail, IPeople people, TimeProvider time)
{
    /// <summary>What the gate says now; nothing is decided by asking.</summary>
    public Outcome<GateView> Check(TenantId tenant, string id, string stage) => useCases.Get(tenant, id).Then(useCase => Weigh(useCase, stage));

    /// <summary>Casts a vote, then weighs: the gate opens in the moment evidence and all votes are there.</summary>
    public Outcome<GateDecision> Decide(Principal who, string id, string stage, GateVote vote)
    {
        if (!useCases.Get(who.Tenant, id).TryGet(out var useCase, out var refusal) || !useCase.Gate(stage).TryGet(out var rule, out refusal))
        {
            return refusal;
        }

        if (useCase.Stage >= rule.Stage)
        {
            return new Refusal("gate.already_decided", $"{id} stands at {useCase.Stage.Word()}; the gate to {stage} was opened.");
        }

        if (!rule.Approve.Contains(vote.Role))
        {
            return new Refusal("gate.role_unknown", $"The gate to {stage} asks for {string.Join(", ", rule.Approve)}, not for {vote.Role}.");
        }

        var request = new ApprovalRequest(Subject(id, stage), vote.Role, vote.Person, vote.Approve, vote.Note, Bound(useCase, rule));
        return people.Approve(who, request).TryGet(out _, out refusal) ? Weigh(useCase, stage).Then(view => (Outcome<GateDecision>)Record(useCase, rule, view)) : refusal;
    }

    private GateDecision Record(UseCase useCase, GateRule rule, GateView view)
    {
        var now = time.NowNs();
        if (view.WouldOpen)
        {
            useCases.Move(useCase, rule.Stage, now);
        }

        var line = trail.Keep(useCase.Tenant, useCase.Id, view, now);
        return new(view.Stage, view.Decision, view.Why, view.Missing, view.Evidence, view.Votes, $"{useCase.Id}/{line.Sequence}");
    }

    private Outcome<GateView> Weigh(UseCase useCase, string stage) => useCase.Gate(stage).Then<GateView>(rule =>
    {
        var bound = Bound(useCase, rule).ToString();
        var votes = people.Approvals(useCase.Tenant, Subject(useCase.Id, stage))
            .Where(approval => approval.Bound == bound)
            .Select(approval => new GateVote(approval.Role, approval.DisplayName, approval.Approve, approval.Note))
            .ToList();
        return GatePolicy.Weigh(rule, useCase.Stage, name => evidence.Read(useCase, name), votes);
    });

    /// <summary>A vote counts for this gate of this package against this baseline; change one of them and it must be cast again.</summary>
    private Digest Bound(UseCase useCase, GateRule rule)
    {
        var baseline = baselines.Read(useCase.Tenant, useCase.Id);
        var text = $"{useCase.Id}|{useCase.Definition.Package}|{rule.Stage.Word()}|{(baseline.IsOk ? baseline.Value.Digest.ToString() : "no baseline")}";
        return Digest.Of(Encoding.UTF8.GetBytes(text));
    }

    private static string Subject(string useCase, string stage) => $"gate:{useCase}/{stage}";
}

/// <summary>What came of a vote.</summary>
public sealed record GateDecision(
    string Stage,
    string Decision,
    string Why,
    IReadOnlyList<string> Missing,
    IReadOnlyList<EvidenceItem> Evidence,
    IReadOnlyList<GateVote> Votes,
    string LedgerEntry);
