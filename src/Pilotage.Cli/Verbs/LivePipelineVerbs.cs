using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Pilotage.Cli.Frame;
using Pilotage.Cli.Packages;
using Pilotage.Server.Package;

namespace Pilotage.Cli.Verbs;

/// <summary><c>pipeline</c> with a server: applied, listed, shown, paused, replayed over history.</summary>
internal static class LivePipelineVerbs
{
    private const string Route = "api/v1/pipelines";

    private static readonly Column[] Columns =
    [
        new("PIPELINE", "name"), new("VERSION", "version"), new("STATE", "state"), new("SINCE", "since"), new("DEVICES", "devices"), new("ROWS", "counts.rows"), new("BEHIND", "behind"), new("LATE", "counts.late"),
        new("ALERTS", "counts.standing"), new("LAST ROW", "lastRow"), new("BY", "appliedBy", true), new("APPLIED", "applied", true), new("FAILURES", "counts.failures", true), new("WHY", "why"),
    ];

    private static readonly Column[] StepColumns = [new("STEP", "step"), new("READS", "reads"), new("ROWS", "rows"), new("ROWS/S", "rowsPerSecond"), new("STATE", "stateBytes"), new("DOES", "does")];

    private static readonly Column[] PreviewColumns = [new("PIPELINE", "name"), new("VERSION", "version"), new("READS", "tables"), new("PUTS OUT", "outputs")];

    public static Verb[] Create(VerbFrame frame) =>
    [
        Apply(frame),
        frame.Lists(new Verb("list", "Lists the pipelines that run on the server and how each stands.", "pilotage pipeline list", "pilotage pipeline list -o wide"), _ => Route, Columns),
        Show(frame),
        Pauses(frame, "pause", "Runs a pipeline no more until it is resumed; what it has put out stays.", "pilotage pipeline pause fan-wear --dry-run"),
        Pauses(frame, "resume", "Runs a pipeline again from where it was: what came meanwhile is read from the store. One that failed is begun again.", "pilotage pipeline resume fan-wear --dry-run"),
        Replay(frame),
        Remove(frame),
    ];

    private static Verb Apply(VerbFrame frame)
    {
        var path = VerbFrame.Name("path", "The folder of a package, or a file with the text.");
        var name = DataVerbs.Text("--name", "What the pipeline is called; default: the name of the package or the file.", "NAME");
        var site = DataVerbs.Text("--site", "The site file inside the package whose numbers hold. Default site.yaml, where there is one.", "FILE");
        var set = new Option<string[]>("--set") { Description = "A number for a ${parameter}, in place of the site's. May be given again.", HelpName = "NAME=NUMBER" };
        var models = new Option<string[]>("--model") { Description = "The version of a model that the text asks; the newest where it is not given. May be given again.", HelpName = "NAME=VERSION" };
        var from = Moment.Option("--from", "Read what was received since then first, with empty windows; without it, what arrives from now on:");
        var fresh = new Option<bool>("--fresh") { Description = "Begin with empty windows instead of those of the version before." };
        var preview = new Option<bool>("--preview") { Description = "Say what it would read, put out and take over, and do nothing." };
        var verb = VerbFrame.With(
            new Verb(
                "apply",
                "Runs a pipeline on the server from now on, in the place of the version before, whose windows it goes on with where its steps compute the same.",
                "pilotage pipeline apply hot-bearings.sql --set limit=80",
                "pilotage pipeline apply samples/pump-bearings --from -7d",
                "pilotage pipeline apply hot-bearings.sql --preview"),
            path, name, site, set, models, from, fresh, preview);
        verb.SetAction(async (parsed, cancellation) =>
        {
            var (called, body) = Text(frame, parsed, path, site, set);
            if (Pairs(parsed, models, "--model", "rul=3") is { Count: > 0 } versions)
            {
                body["models"] = new JsonObject(versions.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value)));
            }

            if (Moment.Of(frame.Session, from, parsed) is { } since)
            {
                body["from"] = since;
            }

            if (parsed.GetValue(fresh))
            {
                body["fresh"] = true;
            }

            var address = $"{Route}/{VerbFrame.Segment(parsed.GetValue(name) ?? called, path)}";
            using var api = frame.Connect(parsed);
            if (parsed.GetValue(preview))
            {
                var outlook = await api.PostAsync($"{address}/preview", body, cancellation);
                frame.Writer(parsed).Write(outlook, PreviewColumns, "name");
                Notes(frame, outlook);
                Restored(frame, outlook, "would go on");
                frame.Session.Error.WriteLine("nothing was applied: the same without --preview applies it");
                return ExitCode.Done;
            }

            var applied = await api.PutAsync(address, body, cancellation);
            var writer = frame.Writer(parsed);
            writer.Write(writer.IsMachineReadable ? applied : applied?["pipeline"], Columns, "name");
            Notes(frame, applied);
            Restored(frame, applied, "go on");
            return ExitCode.Done;
        });
        return verb;
    }

    private static Verb Show(VerbFrame frame)
    {
        var name = Pipeline();
        var text = new Option<bool>("--text") { Description = "Print the text that runs." };
        var verb = VerbFrame.With(
            new Verb(
                "show",
                "Shows what a pipeline does now: its steps, with rows a second since they were looked at last and the size of their state.",
                "pilotage pipeline show fan-wear",
                "pilotage pipeline show fan-wear --text"),
            name, text);
        verb.SetAction(async (parsed, cancellation) =>
        {
            using var api = frame.Connect(parsed);
            var pipeline = await api.GetAsync($"{Route}/{VerbFrame.Segment(parsed.GetValue(name), name)}", cancellation);
            if (parsed.GetValue(text))
            {
                frame.Session.Output.WriteLine($"{pipeline?["sql"]}".TrimEnd());
                return ExitCode.Done;
            }

            var writer = frame.Writer(parsed);
            writer.Write(writer.IsMachineReadable ? pipeline : pipeline?["steps"], writer.IsMachineReadable ? Columns : StepColumns, "step");
            if (writer.IsText)
            {
                var row = pipeline?["pipeline"];
                frame.Session.Error.WriteLine(Printable.Of(
                    $"{row?["name"]} version {row?["version"]}, {row?["state"]}{(row?["why"] is { } why ? $": {why}" : "")}; {row?["behind"]} rows behind; applied by {row?["appliedBy"]} at {row?["applied"]}"));
                foreach (var output in row?["outputs"]?.AsArray() ?? [])
                {
                    frame.Session.Error.WriteLine(Printable.Of($"puts out {output}"));
                }
            }

            Notes(frame, pipeline);
            if (pipeline?["lastFailure"] is { } failure)
            {
                frame.Session.Error.WriteLine(Printable.Of($"note: a model failed at {pipeline["pipeline"]?["counts"]?["failures"]} rows, the last time: {failure}"));
            }

            return ExitCode.Done;
        });
        return verb;
    }

    private static Verb Pauses(VerbFrame frame, string verb, string says, string example)
    {
        var name = Pipeline();
        var made = VerbFrame.With(new Verb(verb, says, $"pilotage pipeline {verb} fan-wear", example), name);
        return frame.Changes(made, parsed => ($"{Route}/{VerbFrame.Segment(parsed.GetValue(name), name)}/{verb}", new JsonObject()), Columns);
    }

    private static Verb Remove(VerbFrame frame)
    {
        var name = Pipeline();
        return frame.Removes(
            VerbFrame.With(
                new Verb("remove", "Ends a pipeline and forgets its windows; the series and alerts that it put out stay.", "pilotage pipeline remove fan-wear --yes", "pilotage pipeline remove fan-wear --dry-run"), name),
            HttpMethod.Delete,
            name,
            segment => $"{Route}/{segment}",
            Columns);
    }

    private static Verb Replay(VerbFrame frame)
    {
        var name = Pipeline();
        var from = Moment.Option("--from", "The first time of history:");
        from.Required = true;
        var to = Moment.Option("--to", "The first that is not read any more; now without it:");
        var close = new Option<bool>("--close-windows") { Description = "Close the windows that are open after the last row; live they stay open." };
        var verb = VerbFrame.With(
            new Verb(
                "replay",
                "Runs a pipeline over stored history in the order in which it arrived, beginning with empty windows, and prints alerts, series and inferences as lines of JSON. Nothing is stored.",
                "pilotage pipeline replay fan-wear --from -7d > week.jsonl",
                "pilotage pipeline replay fan-wear --from 2026-03-01T00:00:00Z --to 2026-03-02T00:00:00Z --close-windows"),
            name, from, to, close);
        verb.SetAction((parsed, cancellation) => ReaderWatch.RunAsync(
            frame.Session,
            async token =>
            {
                var body = new JsonObject { ["from"] = Moment.Of(frame.Session, from, parsed), ["to"] = Moment.Of(frame.Session, to, parsed), ["closeWindows"] = parsed.GetValue(close) };
                using var api = frame.Connect(parsed);
                string? end = null;
                await api.CopyAsync(
                    $"{Route}/{VerbFrame.Segment(parsed.GetValue(name), name)}/replay",
                    lines => ExportVerb.WholeAsync(async () => end = await PrintAsync(frame, lines, token), "replay"),
                    token, HttpMethod.Post, body);
                if (end is null || JsonNode.Parse(end) is not JsonObject done)
                {
                    throw new CliFailure(ExitCode.Failed, "the replay broke off before its end", null, "the same command again; the server's log says why, if it was not the network");
                }

                frame.Session.Error.WriteLine($"{done["rows"]} rows, {done["late"]} late, {done["repeated"]} repeated; {done["inferences"]} inferences, {done["alertsRaised"]} alerts raised, {done["alertsCleared"]} cleared");
                return (long?)done["failures"] > 0
                    ? throw new CliFailure(ExitCode.PartlyDone, $"a model failed at {done["failures"]} rows; what comes after it has not seen them", null, "the server's log says what it said")
                    : ExitCode.Done;
            },
            cancellation));
        return verb;
    }

    /// <summary>Prints lines as they come; the one that says that it is the last comes back.</summary>
    private static async Task<string?> PrintAsync(VerbFrame frame, Stream lines, CancellationToken cancellation)
    {
        using var reader = new StreamReader(lines, Encoding.UTF8);
        while (await reader.ReadLineAsync(cancellation) is { } line)
        {
            if (line.StartsWith("{\"done\":true,", StringComparison.Ordinal))
            {
                return line;
            }

            frame.Session.Output.WriteLine(line);
        }

        return null;
    }

    private static (string Name, JsonObject Body) Text(VerbFrame frame, ParseResult parsed, Argument<string> path, Option<string?> site, Option<string[]> set)
    {
        var given = VerbFrame.FileGiven(parsed.GetValue(path), path);
        var full = Path.GetFullPath(given, frame.Session.WorkingDirectory);
        var numbers = new JsonObject();
        string? sql;
        string name;
        if (Directory.Exists(full))
        {
            var package = PipelineVerbs.Take(PackageReader.ReadFolder(PackageFolder.Of(full), parsed.GetValue(site) ?? "site.yaml"));
            foreach (var (parameter, value) in package.Site?.Parameters ?? new Dictionary<string, double>())
            {
                numbers[parameter] = value;
            }

            (name, sql) = (package.UseCase.Name, package.PipelineSql);
        }
        else
        {
            (name, sql) = (Path.GetFileNameWithoutExtension(full), Read(given, full));
        }

        foreach (var (parameter, text) in Pairs(parsed, set, "--set", "limit=80"))
        {
            numbers[parameter] = double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value)
                ? value
                : throw new CliFailure(ExitCode.Usage, $"--set: '{text}' is not a number", null, $"--set {parameter}=7");
        }

        return (name, new JsonObject { ["sql"] = sql, ["parameters"] = numbers });
    }

    private static string Read(string given, string full)
    {
        try
        {
            return File.ReadAllText(full, Encoding.UTF8);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CliFailure(ExitCode.NotFound, $"cannot read {given}", FileFault.Why(failure, full), "a file with the text of a pipeline, or the folder of a package");
        }
    }

    private static Dictionary<string, string> Pairs(ParseResult parsed, Option<string[]> option, string called, string example)
    {
        var pairs = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in PipelineVerbs.Pairs(parsed, option, called, example))
        {
            pairs[name] = value;
        }

        return pairs;
    }

    private static void Notes(VerbFrame frame, JsonNode? answer)
    {
        foreach (var note in answer?["notes"]?.AsArray() ?? [])
        {
            frame.Session.Error.WriteLine(Printable.Of($"note: {note}"));
        }
    }

    private static void Restored(VerbFrame frame, JsonNode? answer, string goOn)
    {
        if (answer?["restored"] is JsonObject restored)
        {
            frame.Session.Error.WriteLine($"{restored["takenOver"]} steps {goOn} with what they had, {restored["startedEmpty"]} begin empty, what {restored["dropped"]} kept is dropped");
        }
    }

    private static Argument<string> Pipeline() => VerbFrame.Name("pipeline", "The pipeline.");
}
