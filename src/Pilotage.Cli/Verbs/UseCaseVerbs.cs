using System.CommandLine;
using System.Text.Json.Nodes;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Verbs;

/// <summary><c>usecase</c>: what is promised, at which stage it stands, what is known and what it paid.</summary>
internal static class UseCaseVerbs
{
    private static readonly Column[] ListColumns =
    [
        new("ID", "id"), new("STAGE", "stage"), new("VERSION", "version"), new("KPI", "kpi"), new("BASELINE", "baseline.state"),
        new("EVIDENCE", "evidenceClass"), new("NEXT GATE", "nextGate"), new("MACHINES", "origin", true),
    ];

    private static readonly Column[] EvidenceColumns =
    [
        new("STAGE", "stage"), new("EVIDENCE", "name"), new("VALUE", "value"), new("NEEDED", "needed"), new("MET", "met"), new("WHY", "why"),
        new("FROM", "from", true),
    ];

    private static readonly Column[] ValueColumns =
    [
        new("USE CASE", "useCase"), new("EVIDENCE", "evidenceClass"), new("TOTAL VS BEST FIXED %", "totalVsBestFixedPct"), new("LOW", "ci95.0"), new("HIGH", "ci95.1"),
        new("VS BEST SENSOR %", "vsBestSensorPct"), new("FAILURES", "failures"), new("UNITS", "units"), new("NET", "net"), new("CURRENCY", "currency"), new("CLAIM", "claim"),
    ];

    public static Verb Create(VerbFrame frame) => VerbFrame.With(
        new Verb("usecase", "Use cases: packages, stage, evidence and value."),
        frame.Lists(
            new Verb("list", "Lists the use cases.", "pilotage usecase list", "pilotage usecase list -o json"),
            _ => "api/v1/use-cases",
            ListColumns),
        Show(frame),
        Evidence(frame),
        Value(frame),
        PackageVerbs.Init(frame),
        PackageVerbs.Lint(frame),
        PackageVerbs.Install(frame, ListColumns));

    private static Verb Show(VerbFrame frame)
    {
        var id = VerbFrame.Name("id", "The use case.");
        return frame.Reads(
            VerbFrame.With(new Verb("show", "Shows one use case.", "pilotage usecase show pump-bearings", "pilotage usecase show pump-bearings -o yaml"), id),
            parsed => $"api/v1/use-cases/{VerbFrame.Segment(parsed.GetValue(id), id)}",
            ListColumns);
    }

    private static Verb Evidence(VerbFrame frame)
    {
        var id = VerbFrame.Name("id", "The use case.");
        return frame.Reads(
            VerbFrame.With(
                new Verb("evidence", "Lists the evidence of every gate: value, what is needed, met or not, and why.", "pilotage usecase evidence pump-bearings", "pilotage usecase evidence pump-bearings -o wide"),
                id),
            parsed => $"api/v1/use-cases/{VerbFrame.Segment(parsed.GetValue(id), id)}/evidence",
            EvidenceColumns);
    }

    private static Verb Value(VerbFrame frame)
    {
        var id = VerbFrame.Name("id", "The use case.");
        var explain = new Option<bool>("--explain") { Description = "Print the formula, every assumption with its source and owner, and the limits." };
        var verb = VerbFrame.With(
            new Verb("value", "Shows what the use case paid, with interval, evidence class and claim.", "pilotage usecase value pump-bearings", "pilotage usecase value pump-bearings --explain"),
            id,
            explain);
        verb.SetAction(async (parsed, cancellation) =>
        {
            using var api = frame.Connect(parsed);
            var value = await api.GetAsync($"api/v1/use-cases/{VerbFrame.Segment(parsed.GetValue(id), id)}/value", cancellation);
            var writer = frame.Writer(parsed);
            if (writer.IsText)
            {
                ValueText.Write(frame.Session.Output, value as JsonObject ?? [], parsed.GetValue(explain));
            }
            else
            {
                writer.Write(value, ValueColumns, "useCase");
            }

            return ExitCode.Done;
        });
        return verb;
    }
}
