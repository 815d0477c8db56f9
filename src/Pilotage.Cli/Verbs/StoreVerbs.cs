using System.CommandLine;
using System.Text.Json.Nodes;
using Pilotage.Cli.Frame;
using Pilotage.Core;
using Pilotage.Server.Hosting;

namespace Pilotage.Cli.Verbs;

/// <summary><c>store</c>: the series in a data folder, looked at and mended without a server.</summary>
internal static class StoreVerbs
{
    private static readonly Column[] Columns = [new("SERIES", "series"), new("POINTS", "points"), new("DELETED", "deleted"), new("DAMAGED", "damaged"), new("PUT ASIDE", "aside")];

    public static Verb Create(VerbFrame frame) => VerbFrame.With(
        new Verb("store", "The series in a data folder that no server uses: what is there, and what a disk has damaged."), Check(frame), Repair(frame));

    private static Verb Check(VerbFrame frame)
    {
        var data = Data();
        var verb = VerbFrame.With(
            new Verb(
                "check",
                "Reads every point in a data folder and says what cannot be read; nothing is changed. Stop its server first. Ends with 8 where something is damaged.",
                "pilotage store check --data /var/lib/pilotage",
                "pilotage store check --data ./data -o json"),
            data);
        verb.SetAction(async (parsed, cancellation) => Tell(frame, parsed, Take(await StoreMending.RunAsync(Place(frame, parsed, data), isToMend: false, cancellation))));
        return verb;
    }

    private static Verb Repair(VerbFrame frame)
    {
        var data = Data();
        var yes = new Option<bool>("--yes") { Description = "Say that it is meant; without it, nothing is done." };
        var verb = VerbFrame.With(
            new Verb(
                "repair",
                "Writes what can be read of damaged files anew and puts them aside. Only what cannot be read is lost, and told. Stop its server first, and take a copy of the folder where you can.",
                "pilotage store repair --data /var/lib/pilotage --yes",
                "pilotage store repair --data ./data --yes -o json"),
            data, yes);
        verb.SetAction(async (parsed, cancellation) =>
        {
            if (!parsed.GetValue(yes))
            {
                throw new CliFailure(ExitCode.Usage, "nothing was done: repair must be said to be meant", "it takes out of the store what cannot be read", "pilotage store check shows it; then the same with --yes");
            }

            var report = Take(await StoreMending.RunAsync(Place(frame, parsed, data), isToMend: true, cancellation));
            Tell(frame, parsed, report);
            return ExitCode.Done;
        });
        return verb;
    }

    private static Option<string> Data() => new("--data") { Description = "The data folder.", Required = true, HelpName = "DIR" };

    private static string Place(VerbFrame frame, ParseResult parsed, Option<string> data) => Path.Combine(frame.Session.WorkingDirectory, parsed.GetValue(data)!);

    private static MendingReport Take(Outcome<MendingReport> report) => report.TryGet(out var read, out var refusal) ? read : throw new CliFailure(
        refusal.Code.EndsWith("not_found", StringComparison.Ordinal) ? ExitCode.NotFound : ExitCode.Failed, "the store was not read", refusal.Message.TrimEnd('.'), "pilotage store check --help");

    private static int Tell(VerbFrame frame, ParseResult parsed, MendingReport report)
    {
        frame.Writer(parsed).Write(
            new JsonObject
            {
                ["series"] = report.Series,
                ["points"] = report.Points,
                ["deleted"] = report.Hidden,
                ["damaged"] = report.Noticed,
                ["damages"] = new JsonArray([.. report.Damages.Select(damage => JsonValue.Create(damage))]),
                ["aside"] = new JsonArray([.. report.Aside.Select(name => JsonValue.Create(name))]),
            },
            Columns);
        if (report.Hidden > 0)
        {
            frame.Session.Error.WriteLine(FormattableString.Invariant($"note: {report.Hidden} points that were deleted still take their space; it comes back when their segments are written anew."));
        }

        foreach (var damage in report.Damages)
        {
            frame.Session.Error.WriteLine($"damaged: {Printable.Of(damage)}");
        }

        if (report.Noticed > report.Damages.Count)
        {
            frame.Session.Error.WriteLine("note: more was met than these blocks: records of the log, or the footer of a segment; what they held is served as far as it can be read.");
        }

        return report.Noticed == 0 ? ExitCode.Done : ExitCode.PartlyDone;
    }
}
