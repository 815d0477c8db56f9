using Pilotage.Server.Portfolio;
using Xunit;

namespace Pilotage.Tests.Server.Portfolio;

public sealed class GatePolicyTests
{
    private static readonly GateRule Production = new(
        Stage.Production,
        [EvidenceNeed.Parse("outcome.ci_excludes_zero").Value, EvidenceNeed.Parse("shadow.days >= 7").Value],
        ["sponsor", "maintenance"]);

    private static readonly GateVote[] AllVotes = [new("sponsor", "j.martin", true, null), new("maintenance", "crew-a", true, null)];

    [Fact]
    public void Opens_on_all_evidence_and_all_votes()
    {
        var gate = GatePolicy.Weigh(Production, Stage.Pilot, Evidence(excludesZero: true, days: 7), AllVotes);

        Assert.True(gate.WouldOpen);
        Assert.Empty(gate.Missing);
    }

    [Fact]
    public void Every_vote_in_the_world_does_not_replace_a_figure()
    {
        var gate = GatePolicy.Weigh(Production, Stage.Pilot, Evidence(excludesZero: true, days: 6.9), AllVotes);

        Assert.Equal("refused", gate.Decision);
        Assert.Equal(["shadow.days"], gate.Missing);
        Assert.Contains("shadow.days is 6.9, needed >= 7", gate.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void No_data_is_not_zero_and_not_met()
    {
        var gate = GatePolicy.Weigh(
            Production with { Needs = [EvidenceNeed.Parse("alert_rate <= 5").Value] }, Stage.Pilot, name => EvidenceReading.Absent("no alert yet", name), AllVotes);

        Assert.Equal("refused", gate.Decision);
        Assert.Null(gate.Evidence[0].Value);
        Assert.Contains("no data yet", gate.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void Evidence_alone_waits_for_the_roles_and_names_them()
    {
        var gate = GatePolicy.Weigh(Production, Stage.Pilot, Evidence(excludesZero: true, days: 7), AllVotes[..1]);

        Assert.Equal("waiting", gate.Decision);
        Assert.Equal(["vote of maintenance"], gate.Missing);
    }

    [Fact]
    public void A_vote_against_refuses_until_that_role_changes_it()
    {
        GateVote against = new("maintenance", "crew-a", false, "alarms at night");

        var refused = GatePolicy.Weigh(Production, Stage.Pilot, Evidence(true, 7), [.. AllVotes, against]);
        var open = GatePolicy.Weigh(Production, Stage.Pilot, Evidence(true, 7), [.. AllVotes, against, AllVotes[1]]);

        Assert.Equal("refused", refused.Decision);
        Assert.Contains("alarms at night", refused.Why, StringComparison.Ordinal);
        Assert.True(open.WouldOpen);
    }

    [Fact]
    public void A_vote_of_a_role_the_gate_did_not_ask_counts_for_nothing()
    {
        var gate = GatePolicy.Weigh(Production, Stage.Pilot, Evidence(true, 7), [AllVotes[0], new("intern", "x", true, null)]);

        Assert.Equal("waiting", gate.Decision);
        Assert.DoesNotContain(gate.Votes, vote => vote.Role == "intern");
    }

    [Fact]
    public void Gates_are_passed_one_at_a_time()
    {
        var gate = GatePolicy.Weigh(Production, Stage.Idea, Evidence(true, 7), AllVotes);

        Assert.Equal("refused", gate.Decision);
    }

    [Theory]
    [InlineData(Stage.Production)]
    [InlineData(Stage.Scaled)]
    public void A_gate_that_was_passed_says_so_and_does_not_ask_again(Stage current)
    {
        var gate = GatePolicy.Weigh(Production, current, Evidence(false, 0), []);

        Assert.Equal("passed", gate.Decision);
        Assert.False(gate.WouldOpen);
        Assert.Contains("passed already", gate.Why, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("shadow.days => 7")]
    [InlineData("shadow.days >= seven")]
    [InlineData("shadow.days >=")]
    public void A_malformed_need_is_refused(string text) => Assert.Equal("gate.need_malformed", EvidenceNeed.Parse(text).Refusal.Code);

    private static Func<string, EvidenceReading> Evidence(bool excludesZero, double days) => name => name switch
    {
        "outcome.ci_excludes_zero" => EvidenceReading.Of(excludesZero, "interval", "outcome"),
        _ => EvidenceReading.Of(days, "since the rollout", "rollout"),
    };
}
