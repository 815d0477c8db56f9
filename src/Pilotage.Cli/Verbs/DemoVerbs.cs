using System.CommandLine;
using Pilotage.Cli.Api;
using Pilotage.Cli.Demo;
using Pilotage.Cli.Demo.Cheats;
using Pilotage.Cli.Demo.Processes;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Verbs;

/// <summary><c>demo</c>: the main job end to end, and what happens to those who cheat.</summary>
internal static class DemoVerbs
{
    public static Verb Create(VerbFrame frame)
    {
        var data = new Option<string?>("--data") { Description = "Folder with NASA C-MAPSS files; without it, the built-in plant of 12 pumps.", HelpName = "DIR" };
        var subset = new Option<string>("--subset") { Description = "Sets to walk, one after another.", HelpName = "FD001,…", DefaultValueFactory = _ => "FD001" };
        var once = new Option<bool>("--once") { Description = "Walk the whole loop and end; exit code 0 when it ended right." };
        var report = new Option<string?>("--report") { Description = "Write what was measured as JSON.", HelpName = "FILE" };
        var port = new Option<int>("--port")
        {
            Description = "Port of the page and the API on 127.0.0.1; 0 takes a free one. MQTT takes 8883 where that is free, and any other port where not; the line 'start' says which.",
            HelpName = "N",
            DefaultValueFactory = _ => 8080,
        };
        var verb = VerbFrame.With(
            new Verb(
                "demo",
                "Takes a use case from pilot to production on recorded machines; sees a bad model halted and a hanging one caught.",
                "pilotage demo",
                "pilotage demo --once --data ./cmapss --subset FD001 --report r.json"),
            data, subset, once, report, port, Stop(frame), Cheat(frame));
        verb.SetAction((parsed, cancellation) =>
        {
            var options = new DemoOptions { Data = parsed.GetValue(data), Once = parsed.GetValue(once), Report = parsed.GetValue(report), Port = parsed.GetValue(port) };
            if (options.Data is null && parsed.GetResult(subset) is { Implicit: false })
            {
                throw new CliFailure(ExitCode.Usage, "--subset needs --data", "the built-in plant has no subsets", "--data with a folder that holds C-MAPSS files");
            }

            return ReaderWatch.RunAsync(frame.Session, token => RunAsync(frame.Session, parsed.GetValue(subset)!, options, token), cancellation);
        });
        return verb;
    }

    private static async Task<int> RunAsync(CliSession session, string subsets, DemoOptions options, CancellationToken cancellation)
    {
        var runs = options.Data is null ? [new DemoRun(session, options)] : Runs(session, subsets, options);

        // What the second one would be refused for is said before the first has run for minutes.
        runs.ForEach(run => run.Check());
        var exit = ExitCode.Done;
        foreach (var run in runs)
        {
            exit = Math.Max(exit, await run.RunAsync(cancellation));
        }

        return exit;
    }

    private static List<DemoRun> Runs(CliSession session, string subsets, DemoOptions options)
    {
        var wanted = subsets.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return wanted.Length == 0
            ? throw new CliFailure(ExitCode.Usage, "--subset names no set", null, "--subset FD001")
            : [.. wanted.Select((subset, at) => new DemoRun(session, options with
            {
                Data = Path.GetFullPath(options.Data!, session.WorkingDirectory),
                Subset = subset,
                Once = options.Once || at < wanted.Length - 1,
                Report = options.Report is { } file && wanted.Length > 1 ? Path.ChangeExtension(file, $"{subset}{Path.GetExtension(file)}") : options.Report,
            }))];
    }

    private static Verb Stop(VerbFrame frame)
    {
        var purge = new Option<bool>("--purge") { Description = "Also remove everything it left behind." };
        var verb = VerbFrame.With(
            new Verb("stop", "Ends the demonstration of this folder.", "pilotage demo stop", "pilotage demo stop --purge"), purge);
        verb.SetAction(async (parsed, cancellation) =>
        {
            var home = DemoHome.In(frame.Session.WorkingDirectory);
            var pid = DemoLock.Holder(home.Root);
            if (pid is { } running)
            {
                PosixKill.AskToEnd(running);
                await WaitForEndAsync(frame.Session, running, cancellation);
            }

            frame.Session.Output.WriteLine(pid is null ? "no demonstration is running here" : $"process {pid} has ended");
            if (parsed.GetValue(purge))
            {
                frame.Session.Output.WriteLine(home.Purge() ? $"{home.Root} is gone" : "there is nothing to remove");
            }

            return ExitCode.Done;
        });
        return verb;
    }

    private static async Task WaitForEndAsync(CliSession session, int pid, CancellationToken cancellation)
    {
        var began = session.Time.GetTimestamp();
        while (PosixKill.Exists(pid))
        {
            if (session.Time.GetElapsedTime(began) > TimeSpan.FromSeconds(40))
            {
                throw new CliFailure(ExitCode.TimedOut, $"process {pid} has not ended within 40 s", "its server or an edge may still be draining", $"kill {pid}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(200), session.Time, cancellation);
        }
    }

    private static Verb Cheat(VerbFrame frame)
    {
        var verb = new Verb(
            "cheat",
            "Tampers with the running demonstration in three ways and prints by what each is caught.",
            "pilotage demo cheat",
            "pilotage demo cheat -o json");
        verb.SetAction(async (parsed, cancellation) =>
        {
            var home = DemoHome.In(frame.Session.WorkingDirectory);
            if (DemoLock.Holder(home.Root) is null)
            {
                throw new CliFailure(
                    ExitCode.NotFound, "no demonstration is running here to cheat", $"nobody holds {home.Root}", "pilotage demo, in this folder, and then this in a second terminal");
            }

            // Its own server and no other: whatever the environment names is not there to be tampered with.
            var context = ApiContext.In(home.ContextFolder);
            using var api = new ApiClient(context.Server, context.ReadToken());
            var results = await CheatRun.RunAsync(home, api, frame.Session.Time, cancellation);
            frame.Writer(parsed).Write(
                results,
                [new("CHEAT", "cheat"), new("RESULT", "result"), new("BY", "by"), new("SAYS", "says")],
                "cheat");
            return results.All(result => Read.TextOrNull(result, "result") == "caught") ? ExitCode.Done : ExitCode.Failed;
        });
        return verb;
    }
}
