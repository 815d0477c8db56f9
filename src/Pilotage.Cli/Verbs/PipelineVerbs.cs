using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Pilotage.Cli.Frame;
using Pilotage.Cli.Packages;
using Pilotage.Core;
using Pilotage.Server.Package;
using Pilotage.Server.Package.Pipelines;

namespace Pilotage.Cli.Verbs;

/// <summary><c>pipeline</c>: that of a package, checked, explained and run over rows of a file, without a server; and with one, see <see cref="LivePipelineVerbs"/>.</summary>
internal static class PipelineVerbs
{
    private static readonly Column[] NoteColumns = [new("LINE", "line"), new("COLUMN", "column"), new("HERE", "what"), new("IN FLINK", "instead")];
    private static readonly Column[] StepColumns = [new("STEP", "step"), new("READS", "reads"), new("ROWS", "rows"), new("STATE", "stateBytes"), new("DOES", "does")];

    public static Verb Create(VerbFrame frame) => VerbFrame.With(
        new Verb("pipeline", "Pipelines: checked, explained and tested in a package without a server; applied, watched and replayed on one."),
        [Check(frame), Explain(frame), Test(frame), .. LivePipelineVerbs.Create(frame)]);

    private static Verb Check(VerbFrame frame)
    {
        var flink = new Option<bool>("--flink") { Description = "Tell what a Flink cluster lacks or means otherwise, each at its line and column." };
        var (path, site, parameters) = (Path(), Site(), Parameters());
        var verb = VerbFrame.With(
            new Verb(
                "check",
                "Compiles the pipeline of a package and tells its faults as line and column; exit code 1 if there is one.",
                "pilotage pipeline check samples/pump-bearings",
                "pilotage pipeline check ./fan-wear --flink"),
            path, site, parameters, flink);
        verb.SetAction(parsed =>
        {
            var desk = Open(frame, parsed, path, site, parameters);
            if (parsed.GetValue(flink))
            {
                return Flink(frame, parsed, desk);
            }

            var writer = frame.Writer(parsed);
            if (writer.IsText)
            {
                frame.Session.Output.WriteLine($"the pipeline of {desk.Package.UseCase.Name} is sound; it puts out {string.Join(", ", desk.Outputs)}");
            }
            else
            {
                writer.Write(new JsonObject { ["ok"] = true, ["outputs"] = new JsonArray([.. desk.Outputs.Select(output => (JsonNode)output)]) }, [new("OUTPUTS", "outputs")]);
            }

            return ExitCode.Done;
        });
        return verb;
    }

    private static Verb Explain(VerbFrame frame)
    {
        var input = new Option<string?>("--input") { Description = "CSV with the columns device, ts and properties, in order of arrival: then rows and state are those after it.", HelpName = "FILE" };
        var (path, site, parameters, models) = (Path(), Site(), Parameters(), Models());
        var verb = VerbFrame.With(
            new Verb(
                "explain",
                "Prints the steps of a pipeline, which reads which, and with rows of a file how many each passed on and what its state takes in a checkpoint.",
                "pilotage pipeline explain samples/pump-bearings",
                "pilotage pipeline explain ./fan-wear --input rows.csv --model wear=wear.onnx"),
            path, site, parameters, input, models);
        verb.SetAction(parsed =>
        {
            var desk = Open(frame, parsed, path, site, parameters);
            var steps = parsed.GetValue(input) is { } file ? Run(frame, parsed, desk, file, models, TextWriter.Null, closesWindows: false).Steps : desk.Steps();
            frame.Writer(parsed).Write(
                steps,
                StepColumns,
                "step");
            return ExitCode.Done;
        });
        return verb;
    }

    private static Verb Test(VerbFrame frame)
    {
        var input = new Option<string>("--input") { Description = "CSV with the columns device, ts and properties, in order of arrival.", HelpName = "FILE", Required = true };
        var expect = new Option<string?>("--expect") { Description = "Lines that it has to put out; the first that differs is told, and the exit code is 1.", HelpName = "FILE" };
        var close = new Option<bool>("--close-windows") { Description = "Close the windows that are open after the last row; live they stay open." };
        var (path, site, parameters, models) = (Path(), Site(), Parameters(), Models());
        var verb = VerbFrame.With(
            new Verb(
                "test",
                "Runs a pipeline over rows of a file by the code that runs it live, and prints alerts, series and inferences as lines of JSON.",
                "pilotage pipeline test ./fan-wear --input rows.csv --model wear=wear.onnx > expected.jsonl",
                "pilotage pipeline test ./fan-wear --input rows.csv --model wear=wear.onnx --expect expected.jsonl"),
            path, site, parameters, input, models, expect, close);
        verb.SetAction(parsed =>
        {
            var desk = Open(frame, parsed, path, site, parameters);
            if (parsed.GetValue(expect) is not { } expected)
            {
                Say(frame, Run(frame, parsed, desk, parsed.GetValue(input)!, models, frame.Session.Output, parsed.GetValue(close)));
                return ExitCode.Done;
            }

            using var lines = new StreamReader(Read(frame, expected, "--expect"));
            using var compared = new ComparingWriter(lines);
            Say(frame, Run(frame, parsed, desk, parsed.GetValue(input)!, models, compared, parsed.GetValue(close)));
            if (compared.Difference() is { } difference)
            {
                throw new CliFailure(ExitCode.Failed, $"the pipeline puts out something else than {expected}", difference, "the same without --expect prints all of it");
            }

            frame.Session.Output.WriteLine($"the pipeline puts out the {compared.Lines} lines of {expected}");
            return ExitCode.Done;
        });
        return verb;
    }

    private static int Flink(VerbFrame frame, ParseResult parsed, PipelineDesk desk)
    {
        var notes = Take(desk.Flink);
        var writer = frame.Writer(parsed);
        writer.Write(writer.IsMachineReadable ? new JsonObject { ["notes"] = notes, ["remarks"] = new JsonArray([.. PipelineDesk.FlinkRemarks.Select(remark => (JsonNode)remark)]) } : notes, NoteColumns, "line");
        foreach (var remark in writer.IsText ? PipelineDesk.FlinkRemarks : [])
        {
            frame.Session.Output.WriteLine($"- {remark}");
        }

        return ExitCode.Done;
    }

    private static void Say(VerbFrame frame, PipelineReport report) => frame.Session.Error.WriteLine($"{report.Counted}; {report.Lines} lines");

    private static PipelineReport Run(VerbFrame frame, ParseResult parsed, PipelineDesk desk, string input, Option<string[]> models, TextWriter output, bool closesWindows)
    {
        var files = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var (name, file) in Pairs(parsed, models, "--model", "rul=rul.onnx"))
        {
            using var model = Read(frame, file, "--model");
            using var bytes = new MemoryStream();
            model.CopyTo(bytes);
            files[name] = bytes.ToArray();
        }

        using var rows = Read(frame, input, "--input");
        return Take(desk.Run(rows, files, output, closesWindows));
    }

    private static PipelineDesk Open(VerbFrame frame, ParseResult parsed, Argument<string> path, Option<string?> site, Option<string[]> parameters)
    {
        var folder = PackageFolder.Of(System.IO.Path.GetFullPath(parsed.GetValue(path)!, frame.Session.WorkingDirectory));
        var chosen = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var (name, text) in Pairs(parsed, parameters, "--set", "alarm_days=7"))
        {
            chosen[name] = double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value)
                ? value
                : throw new CliFailure(ExitCode.Usage, $"--set: '{text}' is not a number", null, $"--set {name}=7");
        }

        return Take(PackageReader.ReadFolder(folder, parsed.GetValue(site) ?? "site.yaml").Then(package => PipelineDesk.Open(package, chosen)));
    }

    public static IEnumerable<(string Name, string Value)> Pairs(ParseResult parsed, Option<string[]> option, string called, string example)
    {
        foreach (var pair in parsed.GetValue(option) ?? [])
        {
            var at = pair.IndexOf('=', StringComparison.Ordinal);
            yield return at > 0 ? (pair[..at], pair[(at + 1)..]) : throw new CliFailure(ExitCode.Usage, $"{called}: '{pair}' is no name and value", "a sign = stands between them", $"{called} {example}");
        }
    }

    private static FileStream Read(VerbFrame frame, string file, string option)
    {
        var path = System.IO.Path.Combine(frame.Session.WorkingDirectory, file);
        return File.Exists(path) ? File.OpenRead(path) : throw new CliFailure(ExitCode.NotFound, $"{option}: there is no file {file}");
    }

    public static T Take<T>(Outcome<T> outcome) => outcome.TryGet(out var value, out var refusal)
        ? value
        : throw new CliFailure(ExitCode.Failed, refusal.Message.TrimEnd('.'), null, "docs/reference/sql.md tells the language")
        {
            Code = refusal.Code,
            Faults = [.. refusal.Details.Select(detail => (detail.Where, detail.Message))],
        };

    private static Argument<string> Path() => VerbFrame.Name("path", "The folder of a package, or any file in it.");

    private static Option<string?> Site() => new("--site") { Description = "The site file inside the package that binds it. Default site.yaml, where there is one.", HelpName = "FILE" };

    private static Option<string[]> Parameters() => new("--set") { Description = "A number for a ${parameter}, in place of the site's; where there is no site file, one that is not set is 1. May be given again.", HelpName = "NAME=NUMBER" };

    private static Option<string[]> Models() => new("--model") { Description = "The ONNX file of a model that the pipeline asks. May be given again.", HelpName = "NAME=FILE" };

    /// <summary>Holds lines against those of a file, and remembers the first that differs.</summary>
    private sealed class ComparingWriter(StreamReader expected) : StringWriter
    {
        private string? _difference;

        public long Lines { get; private set; }

        public override void WriteLine(string? value)
        {
            Lines++;
            var wanted = expected.ReadLine();
            _difference ??= wanted == value ? null : wanted is null ? $"line {Lines} is one more: {value}" : $"line {Lines} is {value}, and was to be {wanted}";
        }

        /// <summary>What differs first, lines that are missing at the end too.</summary>
        public string? Difference() => _difference ?? (expected.ReadLine() is { } missing ? $"after {Lines} lines this one is missing: {missing}" : null);
    }
}
