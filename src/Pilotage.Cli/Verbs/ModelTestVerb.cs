using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Pilotage.Cli.Frame;
using Pilotage.Core.Durability;
using Pilotage.Learning.Cases;
using Pilotage.Learning.Onnx;

namespace Pilotage.Cli.Verbs;

/// <summary><c>model test</c>: published cases of models in a folder, run without a server.</summary>
internal static class ModelTestVerb
{
    private const int CallSecondsMax = 24 * 60 * 60;

    private static readonly Column[] Columns = [new("NAME", "name"), new("RESULT", "result"), new("WORST ERROR", "worstError", Exact: true), new("REASON", "reason")];

    public static Verb Create(VerbFrame frame)
    {
        var path = VerbFrame.Name("path", "A folder, all models below it; or one model's file.");
        var relative = Number("--rtol", "Largest error relative to the expected value.", Tolerance.Default.Relative);
        var absolute = Number("--atol", "Largest error that is allowed besides.", Tolerance.Default.Absolute);
        var timeout = new Option<string>("--timeout") { Description = "Longest time of one case, as 60s or 5m; a model that takes longer is stopped.", HelpName = "TIME", DefaultValueFactory = _ => "60s" };
        var verb = VerbFrame.With(
            new Verb(
                "test",
                "Runs the cases beside models without a server: test_data_set_*/input_*.pb and output_*.pb, io.npz, golden sets. Ends with 1 where one differs or none could be loaded, with 3 where there is no model.",
                "pilotage model test ./models",
                "pilotage model test ./models/rul.onnx --rtol 1e-4 --atol 1e-6 -o json"),
            path, relative, absolute, timeout);
        verb.SetAction((parsed, cancellation) => Task.FromResult(Run(
            frame,
            parsed,
            Path.GetFullPath(parsed.GetValue(path)!, frame.Session.WorkingDirectory),
            new ModelTest(
                new Tolerance(Value(parsed, relative), Value(parsed, absolute)),
                new OnnxOptions(),
                TimeSpan.FromSeconds(Duration.Seconds("--timeout", parsed.GetValue(timeout)!, CallSecondsMax)),
                frame.Session.Time),
            cancellation)));
        return verb;
    }

    private static int Run(VerbFrame frame, ParseResult parsed, string root, ModelTest test, CancellationToken cancellation)
    {
        if (!File.Exists(root) && !Directory.Exists(root))
        {
            throw new CliFailure(ExitCode.NotFound, $"{root} is not there", "it names no file and no folder", "the folder that holds the models");
        }

        if (PlainFile.IsSomethingElse(File.ResolveLinkTarget(root, returnFinalTarget: true)?.FullName ?? root) && !Directory.Exists(root))
        {
            throw new CliFailure(ExitCode.Usage, $"{root} is no file", "a device or a pipe is there, and a model is read more than once", "a file that ends in .onnx");
        }

        var models = ModelTest.Models(root);
        if (models.Count == 0)
        {
            throw new CliFailure(ExitCode.NotFound, $"there is no model below {root}", "no file there ends in .onnx", "the folder that holds the models");
        }

        var results = new List<CaseResult>();
        foreach (var model in models)
        {
            results.AddRange(test.Run(root, model, cancellation));
        }

        int Count(CaseOutcome outcome) => results.Count(result => result.Outcome == outcome);
        var counts = (Passed: Count(CaseOutcome.Passed), Failed: Count(CaseOutcome.Failed), NotLoadable: Count(CaseOutcome.NotLoadable), NoCases: Count(CaseOutcome.NoCases));
        frame.Writer(parsed).Write(
            new JsonObject
            {
                ["passed"] = counts.Passed,
                ["failed"] = counts.Failed,
                ["notLoadable"] = counts.NotLoadable,
                ["withoutCases"] = counts.NoCases,
                ["items"] = new JsonArray([.. results.Select(Row)]),
            },
            Columns);
        frame.Session.Error.WriteLine($"{counts.Passed} passed, {counts.Failed} failed, {counts.NotLoadable} not loadable, {counts.NoCases} without cases");
        return counts.Failed > 0 || (counts.Passed == 0 && counts.NotLoadable > 0) ? ExitCode.Failed : ExitCode.Done;
    }

    private static JsonNode Row(CaseResult result) => new JsonObject
    {
        ["name"] = result.Name,
        ["result"] = result.Outcome switch
        {
            CaseOutcome.Passed => "passed",
            CaseOutcome.Failed => "failed",
            CaseOutcome.NotLoadable => "not loadable",
            _ => "no cases",
        },
        // JSON has no infinity; the reason says what could not be measured.
        ["worstError"] = result.WorstError is { } worst && double.IsFinite(worst) ? worst : null,
        ["reason"] = result.Reason,
    };

    private static Option<string> Number(string name, string description, double value) => new(name)
    {
        Description = description,
        HelpName = "NUMBER",
        DefaultValueFactory = _ => value.ToString("R", CultureInfo.InvariantCulture),
    };

    private static double Value(ParseResult parsed, Option<string> option) =>
        double.TryParse(parsed.GetValue(option), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) && number >= 0
            ? number
            : throw new CliFailure(ExitCode.Usage, $"{option.Name}: '{parsed.GetValue(option)}' is no tolerance", "a tolerance is a number, 0 or more", $"{option.Name} 1e-3");
}
