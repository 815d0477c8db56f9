using System.CommandLine;
using System.Text.Json.Nodes;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Verbs;

/// <summary><c>alert</c>: what the models saw, and what a person found.</summary>
internal static class AlertVerbs
{
    private static readonly Column[] Columns =
    [
        new("ID", "id"), new("DEVICE", "device"), new("TIME", "ts"), new("KIND", "kind"), new("SCORE", "score"), new("VERDICT", "verdict.answer"),
        new("CAUSE", "verdict.cause", true), new("RELEASE", "release", true), new("PIPELINE", "pipeline", true),
    ];

    public static Verb Create(VerbFrame frame) => VerbFrame.With(
        new Verb("alert", "Alerts and the verdicts on them."),
        frame.Lists(new Verb("list", "Lists the alerts, newest first.", "pilotage alert list", "pilotage alert list -o csv"), _ => "api/v1/alerts", Columns),
        Judge(frame));

    private static Verb Judge(VerbFrame frame)
    {
        var id = VerbFrame.Name("id", "The alert.");
        var answer = VerbFrame.Name("answer", "right, wrong or unsure.").AcceptOnlyFromAmong("right", "wrong", "unsure");
        var cause = new Option<string?>("--cause") { Description = "What was found.", HelpName = "CAUSE" };
        var note = new Option<string?>("--note") { Description = "Free text.", HelpName = "TEXT" };
        var person = new Option<string?>("--person") { Description = "Who looked; default: the account of the token.", HelpName = "NAME" };
        return frame.Changes(
            VerbFrame.With(
                new Verb(
                    "verdict",
                    "Says whether an alert was right; the answer becomes a label of the next dataset.",
                    "pilotage alert verdict \"$(pilotage alert list -o name | head -1)\" right --cause bearing --note 'outer race'",
                    "pilotage alert verdict ALERT wrong --note 'sensor loose' --dry-run     # ALERT out of: pilotage alert list"),
                id,
                answer,
                cause,
                note,
                person),
            parsed => ($"api/v1/alerts/{VerbFrame.Segment(parsed.GetValue(id), id)}/verdict", new JsonObject
            {
                ["answer"] = parsed.GetValue(answer),
                ["cause"] = parsed.GetValue(cause),
                ["note"] = parsed.GetValue(note),
                ["person"] = parsed.GetValue(person),
            }),
            Columns);
    }
}
