using System.Globalization;
using System.Text.Json.Nodes;
using Pilotage.Server.Fabric.Contracts;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Portfolio;

/// <summary>Writes a measured outcome into the ledger and ties it to the alerts it rests on.</summary>
internal sealed class OutcomeRecord(ValueBook values, Ledger ledger, ILineage lineage, TimeProvider time)
{
    /// <summary>The kind of an outcome's line in the ledger.</summary>
    public const string Kind = "outcome";

    public static NodeRef Node(string useCase, LedgerLine line) => new(NodeKind.Outcome, $"{useCase}/{line.Sequence}");

    public Outcome<OutcomeLine> Record(UseCase useCase) => values.Measure(useCase).Then<OutcomeLine>(report =>
    {
        var now = time.NowNs();
        var line = ledger.Append(
            useCase.Tenant,
            useCase.Id,
            Kind,
            new JsonObject
            {
                ["baseline"] = report.Baseline,
                ["evidenceClass"] = report.EvidenceClass,
                ["totalVsBestFixedPct"] = report.TotalVsBestFixedPct,
                ["ci95"] = new JsonArray([.. report.Ci95.Select(bound => (JsonNode)bound)]),
                ["failures"] = report.Failures,
                ["units"] = report.Units,
                ["net"] = report.Net,
                ["currency"] = report.Currency,
                ["claim"] = report.Claim,
            },
            now);
        var outcome = Node(useCase.Id, line);
        lineage.Append(
            useCase.Tenant,
            [
                .. report.Lives.Where(life => life.Alert is not null).Select(life => new LineageEdge(new(NodeKind.Alert, life.Alert!), "counted", outcome, now)),
                new LineageEdge(new(NodeKind.Baseline, report.Baseline), "measured against", outcome, now),
                new LineageEdge(outcome, "recorded", new(NodeKind.Ledger, $"{useCase.Id}/{line.Sequence}"), now, Money(report)),
            ]);
        return new OutcomeLine($"{useCase.Id}/{line.Sequence}", report);
    });

    /// <summary>What the thread of an alert ends in, as the ledger line has it.</summary>
    private static Dictionary<string, string> Money(ValueReport report) => new()
    {
        ["net"] = report.Net.ToString("0.##", CultureInfo.InvariantCulture),
        ["currency"] = report.Currency,
        ["evidenceClass"] = report.EvidenceClass,
    };
}

/// <summary>The ledger line of an outcome and the report it records.</summary>
public sealed record OutcomeLine(string LedgerEntry, ValueReport Report);
