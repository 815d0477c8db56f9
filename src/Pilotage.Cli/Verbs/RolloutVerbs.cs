using System.CommandLine;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Verbs;

/// <summary><c>rollout</c>: what is changing on the devices, and why it went on or stopped.</summary>
internal static class RolloutVerbs
{
    private static readonly Column[] Columns =
    [
        new("ID", "id"), new("RELEASE", "release"), new("STATUS", "status"), new("WAVES PASSED", "wavesPassed"), new("TOUCHED", "touched|counts.touched"),
        new("NOTE", "note"), new("CAUSE", "cause"), new("STARTED", "startedAt", true), new("ENDED", "endedAt", true),
    ];

    public static Verb Create(VerbFrame frame) => VerbFrame.With(
        new Verb("rollout", "Rollouts: waves, guards and outcome."),
        frame.Lists(new Verb("list", "Lists the rollouts.", "pilotage rollout list", "pilotage rollout list -o wide"), _ => "api/v1/rollouts", Columns),
        Show(frame),
        Watch(frame));

    private static Verb Show(VerbFrame frame)
    {
        var id = VerbFrame.Name("id", "The rollout.");
        var verb = VerbFrame.With(
            new Verb(
                "show",
                "Shows one rollout: cause, waves, guards, and each device with its phase and the evidence for it; -o wide adds what happened when.",
                "pilotage rollout show ROLLOUT     # ROLLOUT out of: pilotage rollout list",
                "pilotage rollout show \"$(pilotage rollout list -o name | head -1)\" -o yaml"),
            id);
        verb.SetAction(async (parsed, cancellation) =>
        {
            using var api = frame.Connect(parsed);
            var rollout = await api.GetAsync($"api/v1/rollouts/{VerbFrame.Segment(parsed.GetValue(id), id)}", cancellation);
            var writer = frame.Writer(parsed);
            if (writer.IsText)
            {
                RolloutText.Write(frame.Session.Output, writer, rollout);
            }
            else
            {
                writer.Write(rollout, [.. Columns, new("HALTED BY", "haltedBy", true)]);
            }

            return ExitCode.Done;
        });
        return verb;
    }

    private static Verb Watch(VerbFrame frame)
    {
        var id = VerbFrame.Name("id", "The rollout.");
        var until = new Option<string?>("--until") { Description = "End when the rollout has this status; exit code 1 when it ends otherwise.", HelpName = "STATUS" }
            .AcceptOnlyFromAmong("rolling", "shadow", "paused", "completed", "halted");
        var verb = VerbFrame.With(
            new Verb(
                "watch",
                "Prints every change until the rollout ends.",
                "pilotage rollout watch ROLLOUT     # ROLLOUT out of: pilotage rollout list",
                "pilotage rollout watch \"$(pilotage rollout list -o name | tail -1)\" --until completed -o json"),
            id,
            until);
        verb.SetAction((parsed, cancellation) => ReaderWatch.RunAsync(
            frame.Session, token => FollowAsync(frame, parsed, VerbFrame.Segment(parsed.GetValue(id), id), parsed.GetValue(until), token), cancellation));
        return verb;
    }

    private static async Task<int> FollowAsync(VerbFrame frame, ParseResult parsed, string id, string? until, CancellationToken cancellation)
    {
        using var api = frame.Connect(parsed);
        var writer = frame.Writer(parsed);
        await foreach (var change in api.StreamAsync($"api/v1/rollouts/{id}/watch", cancellation))
        {
            var status = Column.Text(change["status"]);
            writer.WriteStreamed(change, $"{status,-10} wave {Column.Text(change["wave"])}  touched {Column.Text(Column.Find(change, "counts.touched"))}  {Column.Text(change["cause"])}");
            if (until == status || status is "completed" or "halted")
            {
                return until is not null && until != status
                    ? throw new CliFailure(ExitCode.Failed, $"the rollout ended {status} and was never {until}", Column.Text(change["cause"]))
                    : ExitCode.Done;
            }
        }

        throw new CliFailure(ExitCode.Failed, "the server ended the stream before the rollout had ended", null, "the same command again");
    }
}
