namespace Pilotage.Server.Portfolio;

/// <summary>What a gate asks for, out of the package.</summary>
/// <param name="Needs">Evidence; all of it.</param>
/// <param name="Approve">Roles; each of them.</param>
public sealed record GateRule(Stage Stage, IReadOnlyList<EvidenceNeed> Needs, IReadOnlyList<string> Approve);

/// <summary>A role's vote, as far as a gate cares.</summary>
public sealed record GateVote(string Role, string Person, bool Approve, string? Note);

/// <summary>A gate, weighed.</summary>
/// <param name="Decision"><c>open</c>, <c>refused</c> (evidence missing, a vote against), <c>waiting</c> (votes missing) or <c>passed</c> (opened earlier).</param>
/// <param name="Missing">Names of the evidence and the votes that are missing.</param>
public sealed record GateView(
    string Stage,
    string Decision,
    bool WouldOpen,
    string Why,
    IReadOnlyList<string> Missing,
    IReadOnlyList<EvidenceItem> Evidence,
    IReadOnlyList<GateVote> Votes);

/// <summary>Policy over evidence plus approvals: both are needed, neither stands in for the other.</summary>
public static class GatePolicy
{
    private const string Passed = "passed";

    /// <summary>Weighs a gate; a person's assertion never replaces a figure, a figure never replaces a vote.</summary>
    public static GateView Weigh(GateRule rule, Stage current, Func<string, EvidenceReading> evidence, IReadOnlyList<GateVote> votes)
    {
        var items = rule.Needs.Select(need => need.Weigh(rule.Stage, evidence(need.Name))).ToList();
        var latest = votes.GroupBy(vote => vote.Role).Select(group => group.Last()).Where(vote => rule.Approve.Contains(vote.Role)).ToList();
        var lacking = items.Where(item => !item.Met).Select(item => item.Name).ToList();
        var against = latest.Where(vote => !vote.Approve).ToList();
        var silent = rule.Approve.Except(latest.Select(vote => vote.Role)).Select(role => $"vote of {role}").ToList();

        var (decision, why) = (lacking, against, silent) switch
        {
            _ when current >= rule.Stage => (Passed, $"it was passed already; the use case stands at {current.Word()}"),
            _ when !rule.Stage.Follows(current) => ("refused", $"the use case stands at {current.Word()}; gates are passed one at a time"),
            ({ Count: > 0 }, _, _) => ("refused", string.Join("; ", items.Where(item => !item.Met).Select(Lack))),
            (_, { Count: > 0 }, _) => ("refused", string.Join("; ", against.Select(vote => $"{vote.Role} ({vote.Person}) voted against: {vote.Note ?? "no reason given"}"))),
            (_, _, { Count: > 0 }) => ("waiting", string.Join("; ", silent.Select(vote => $"{vote} is missing"))),
            _ => ("open", "all evidence is met and every role has approved"),
        };
        return new(rule.Stage.Word(), decision, decision == "open", why, [.. lacking, .. silent], items, latest);
    }

    private static string Lack(EvidenceItem item) => item.Value is null
        ? $"{item.Name}: no data yet ({item.Why})"
        : $"{item.Name} is {item.Value}, needed {item.Needed} ({item.Why})";
}
