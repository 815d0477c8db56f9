using System.CommandLine;
using System.Text.Json.Nodes;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Verbs;

/// <summary><c>gate</c>: what a gate still needs, and a person's decision on it.</summary>
internal static class GateVerbs
{
    private static readonly Column[] CheckColumns =
    [
        new("EVIDENCE", "name"), new("VALUE", "value"), new("NEEDED", "needed"), new("MET", "met"), new("WHY", "why"), new("FROM", "from", true),
    ];

    private static readonly Column[] DecisionColumns =
    [
        new("STAGE", "stage"), new("DECISION", "decision"), new("WHY", "why"), new("MISSING", "missing"), new("LEDGER", "ledgerEntry", true),
    ];

    public static Verb Create(VerbFrame frame) => VerbFrame.With(
        new Verb("gate", "Gates between stages: evidence and approvals."), Check(frame), Decide(frame));

    private static Verb Check(VerbFrame frame)
    {
        var id = VerbFrame.Name("usecase", "The use case.");
        var stage = VerbFrame.Name("stage", "The stage behind the gate: pilot, production, …");
        var verb = VerbFrame.With(
            new Verb("check", "Says whether a gate would open now or was passed already; exit code 6 if not.", "pilotage gate check pump-bearings production", "pilotage gate check pump-bearings pilot -o json"),
            id,
            stage);
        verb.SetAction(async (parsed, cancellation) =>
        {
            using var api = frame.Connect(parsed);
            var gate = await api.GetAsync($"api/v1/use-cases/{VerbFrame.Segment(parsed.GetValue(id), id)}/gates/{VerbFrame.Segment(parsed.GetValue(stage), stage)}", cancellation);
            var writer = frame.Writer(parsed);
            writer.Write(writer.IsMachineReadable ? gate : gate?["evidence"], CheckColumns);
            var passed = Column.Text(gate?["decision"]) == "passed";
            if (passed || gate?["wouldOpen"]?.GetValue<bool>() == true)
            {
                if (passed)
                {
                    frame.Session.Error.WriteLine($"passed: {Column.Text(gate?["why"])}");
                }

                return ExitCode.Done;
            }

            frame.Session.Error.WriteLine($"refused: {Column.Text(gate?["why"])}");
            return ExitCode.Refused;
        });
        return verb;
    }

    private static Verb Decide(VerbFrame frame)
    {
        var id = VerbFrame.Name("usecase", "The use case.");
        var stage = VerbFrame.Name("stage", "The stage behind the gate.");
        var role = new Option<string>("--role") { Description = "The role that votes, as the package names it.", Required = true, HelpName = "ROLE" };
        var person = new Option<string>("--person") { Description = "Who votes; must hold the role in site.yaml.", Required = true, HelpName = "NAME" };
        var vote = new Option<string>("--vote") { Description = "approve or reject.", DefaultValueFactory = _ => "approve", HelpName = "VOTE" }
            .AcceptOnlyFromAmong("approve", "reject");
        var note = new Option<string?>("--note") { Description = "The reason, kept in the ledger.", HelpName = "TEXT" };
        return frame.Changes(
            VerbFrame.With(
                new Verb(
                    "decide",
                    "Casts the vote of a role; the gate opens when evidence and all votes are there.",
                    "pilotage gate decide pump-bearings pilot --role sponsor --person demo.sponsor",
                    "pilotage gate decide pump-bearings production --role maintenance --person demo.maintenance --vote reject --note 'alarms at night'"),
                id,
                stage,
                role,
                person,
                vote,
                note),
            parsed => ($"api/v1/use-cases/{VerbFrame.Segment(parsed.GetValue(id), id)}/gates/{VerbFrame.Segment(parsed.GetValue(stage), stage)}/decide", new JsonObject
            {
                ["role"] = parsed.GetValue(role),
                ["person"] = parsed.GetValue(person),
                ["vote"] = parsed.GetValue(vote),
                ["note"] = parsed.GetValue(note),
            }),
            DecisionColumns);
    }
}
