using System.Text.Json;
using System.Text.Json.Nodes;
using Pilotage.Server.Fabric.Contracts;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Portfolio;

/// <summary>Keeps a gate's decision for good: a line of the ledger, and a node of the lineage tied to the outcome it rests on.</summary>
/// <remarks>
/// Each decision is a node of its own, <c>gate:&lt;use case&gt;/&lt;stage&gt;/&lt;ledger line&gt;</c>: an outcome is evidence of the decisions
/// that used it, and never of one that was taken before it was measured.
/// </remarks>
internal sealed class GateTrail(Ledger ledger, ILineage lineage)
{
    private const string OutcomePrefix = "outcome.";

    public LedgerLine Keep(TenantId tenant, string useCase, GateView view, long nowNs)
    {
        var used = OutcomeUsed(tenant, useCase, view);
        var line = ledger.Append(
            tenant,
            useCase,
            "gate",
            new JsonObject
            {
                ["stage"] = view.Stage,
                ["decision"] = view.Decision,
                ["why"] = view.Why,
                ["evidence"] = JsonSerializer.SerializeToNode(view.Evidence, Json.Web),
                ["votes"] = JsonSerializer.SerializeToNode(view.Votes, Json.Web),
            },
            nowNs);
        var decision = new NodeRef(NodeKind.Gate, $"{useCase}/{view.Stage}/{line.Sequence}");
        var attributes = new Dictionary<string, string> { ["decision"] = view.Decision };
        List<LineageEdge> edges = [new(decision, "decided", new(NodeKind.Ledger, $"{useCase}/{line.Sequence}"), nowNs, attributes)];
        if (used is { } outcome)
        {
            edges.Add(new(outcome, "evidence of", decision, nowNs, attributes));
        }

        lineage.Append(tenant, edges);
        return line;
    }

    /// <summary>The newest recorded outcome against the baseline that the gate's own outcome evidence was read from.</summary>
    private NodeRef? OutcomeUsed(TenantId tenant, string useCase, GateView view)
    {
        var baselines = view.Evidence.Where(item => item.Value is not null && item.Name.StartsWith(OutcomePrefix, StringComparison.Ordinal))
            .Select(item => item.From).ToHashSet(StringComparer.Ordinal);
        return baselines.Count == 0
            ? null
            : ledger.Lines(tenant, useCase).LastOrDefault(line => line.Kind == OutcomeRecord.Kind && baselines.Contains(BaselineOf(line))) is { } used
                ? OutcomeRecord.Node(useCase, used)
                : null;
    }

    private static string BaselineOf(LedgerLine line)
    {
        using var entry = JsonDocument.Parse(line.Entry);
        return entry.RootElement.GetProperty("facts").GetProperty("baseline").GetString() ?? "";
    }
}
