using System.Text.Json.Nodes;
using Pilotage.Core;
using Pilotage.Server.Fabric;
using Pilotage.Server.Fabric.Contracts;
using Pilotage.Server.Portfolio;
using Xunit;

namespace Pilotage.Tests.Server.Portfolio;

public sealed class GateTrailTests : IDisposable
{
    private static readonly TenantId Acme = new("acme");
    private readonly PortfolioBench _bench = new();
    private readonly Ledger _ledger;
    private readonly Lineage _lineage;
    private readonly GateTrail _trail;

    public GateTrailTests()
    {
        _ledger = new(_bench.Catalogue);
        _lineage = new(_bench.Catalogue);
        _trail = new(_ledger, _lineage);
    }

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void An_outcome_is_evidence_of_the_decisions_that_used_it_and_of_none_before_it()
    {
        Decide("pilot", "open", Item("readiness", "100", "fleet"));
        Decide("production", "refused", Item("outcome.ci_excludes_zero", null, "outcome"));
        var outcome = OutcomeRecord.Node("pm", _ledger.Append(Acme, "pm", OutcomeRecord.Kind, new JsonObject { ["baseline"] = "sha256:b" }, 3));
        var used = Decide("production", "open", Item("outcome.ci_excludes_zero", "true", "sha256:b"));

        var edges = _lineage.Down(Acme, outcome, 100).Edges;

        Assert.Equal([$"gate:pm/production/{used}", $"ledger:pm/{used}"], edges.Select(edge => edge.To.ToString()));
        Assert.Equal("open", edges[0].Attributes!["decision"]);
    }

    [Fact]
    public void A_decision_rests_on_the_newest_outcome_against_its_own_baseline()
    {
        _ledger.Append(Acme, "pm", OutcomeRecord.Kind, new JsonObject { ["baseline"] = "sha256:b" }, 1);
        var newest = OutcomeRecord.Node("pm", _ledger.Append(Acme, "pm", OutcomeRecord.Kind, new JsonObject { ["baseline"] = "sha256:b" }, 2));
        _ledger.Append(Acme, "pm", OutcomeRecord.Kind, new JsonObject { ["baseline"] = "sha256:other" }, 3);

        var line = Decide("production", "open", Item("outcome.ci_excludes_zero", "true", "sha256:b"));

        Assert.Equal([newest], _lineage.Up(Acme, new NodeRef(NodeKind.Gate, $"pm/production/{line}"), 100).Edges.Select(edge => edge.From));
    }

    private long Decide(string stage, string decision, EvidenceItem evidence) =>
        _trail.Keep(Acme, "pm", new GateView(stage, decision, decision == "open", "said so", [], [evidence], []), 1).Sequence;

    private static EvidenceItem Item(string name, string? value, string from) => new("production", name, value, "true", value is not null, "", from);
}
