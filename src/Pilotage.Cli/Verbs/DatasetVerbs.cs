using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Pilotage.Cli.Frame;
using Pilotage.Core.Contracts;

namespace Pilotage.Cli.Verbs;

/// <summary><c>dataset</c>: what models are taught with, frozen under a digest, and where each column of it comes from.</summary>
internal static class DatasetVerbs
{
    private static readonly Column[] Columns =
    [
        new("NAME", "name"), new("VERSION", "version"), new("ROWS", "rows"), new("DEVICES", "units"), new("STOPPED", "unitsStopped"), new("HELD OUT", "heldOut"), new("VERDICTS", "verdicts"), new("CUT", "cutAt"),
        new("DIGEST", "digest"), new("PACKAGE", "package", true),
    ];

    private static readonly Column[] OriginColumns =
    [
        new("COLUMN", "name"), new("KIND", "kind"), new("UNIT", "unit"), new("ORIGIN", "origin"), new("MODEL", "model"), new("VALUES", "values"), new("MISSING", "missing"), new("OVERWRITTEN", "overwritten"),
        new("SERIES", "seriesCount"), new("STEPS", "steps", true), new("MADE OF", "properties", true), new("THROUGH", "through", true), new("DOORS", "doors", true), new("RETENTION", "retention", true),
        new("POINTS FROM", "pointsFrom", true),
    ];

    private static readonly Column[] ChangeColumns = [new("WHAT", "what"), new("CHANGE", "change"), new("NAME", "name"), new("BEFORE", "before"), new("AFTER", "after")];

    public static Verb Create(VerbFrame frame) => VerbFrame.With(
        new Verb("dataset", "Datasets: stored rows, stops and verdicts, frozen under a digest that models are taught with."), Cut(frame), List(frame), Show(frame), Diff(frame));

    private static Verb Cut(VerbFrame frame)
    {
        var name = VerbFrame.Name("name", "What it is called; a cut of other data under the same name is the next version of it.");
        var package = new Option<string>("--package") { Description = "The use case whose package says what is a column, by name or by the digest of the package.", Required = true, HelpName = "USECASE" };
        var devices = DataVerbs.Text("--devices", "Devices by their path; those that the site of the package binds without it.", "PATTERN");
        var from = Moment.Option("--from", "The first time of a row that counts:");
        var to = Moment.Option("--to", "The first time of a row that counts no more:");
        var asOf = Moment.Option("--as-of", "As it was known then; nothing that arrived later counts, be it a row, a stop, a verdict or a device:");
        var last = new Option<double?>("--last-hours-before-stop") { Description = "Only rows so close before a stop carry a label.", HelpName = "HOURS" };
        last.Validators.Add(given =>
        {
            if (given.Tokens.Count == 1 && double.TryParse(given.Tokens[0].Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var hours) && !(hours > 0 && hours <= DatasetBounds.LastHoursMax))
            {
                given.AddError(FormattableString.Invariant($"--last-hours-before-stop: {given.Tokens[0].Value} is out of range: hours above 0 and at most {DatasetBounds.LastHoursMax}"));
            }
        });
        return frame.Changes(
            VerbFrame.With(
                new Verb(
                    "cut",
                    "Cuts a dataset. The same data gives the same digest, and the version that is there; with --as-of and --to also when more has arrived since.",
                    "pilotage dataset cut pumps --package pump-bearings",
                    "pilotage dataset cut pumps --package pump-bearings --to 2026-06-01T00:00:00Z --as-of 2026-06-02T00:00:00Z"),
                name, package, devices, from, to, asOf, last),
            parsed =>
            {
                var body = new JsonObject { ["name"] = VerbFrame.Given(parsed.GetValue(name), name), ["package"] = parsed.GetValue(package) };
                foreach (var (field, option) in new[] { ("devices", devices), ("from", from), ("to", to), ("asOf", asOf) })
                {
                    if ((option == devices ? parsed.GetValue(option) : Moment.Of(frame.Session, option, parsed)) is { } given)
                    {
                        body[field] = given;
                    }
                }

                if (parsed.GetValue(last) is { } hours)
                {
                    body["lastHoursBeforeStop"] = hours;
                }

                return ("api/v1/datasets", body);
            },
            answer => Noted(frame, answer),
            Columns);
    }

    /// <summary>Says of which columns there is no value at all: it may have been deleted, or never have come.</summary>
    private static int Noted(VerbFrame frame, JsonNode? cut)
    {
        if (cut?["withoutValue"] is JsonArray { Count: > 0 } columns)
        {
            frame.Session.Error.WriteLine(Printable.Of($"note: no row has a value of {string.Join(", ", columns.Select(Column.Text))}; where each column comes from: pilotage dataset show {cut["reference"]}"));
        }

        return ExitCode.Done;
    }

    private static Verb List(VerbFrame frame)
    {
        var verb = new Verb("list", "Lists the datasets, each version by itself.", "pilotage dataset list", "pilotage dataset list -o name");
        verb.SetAction(async (parsed, cancellation) =>
        {
            using var api = frame.Connect(parsed);
            var datasets = await api.ListAsync("api/v1/datasets", cancellation);
            frame.Writer(parsed).Write(datasets, Columns);
            if (datasets.Count == 0)
            {
                frame.Session.Error.WriteLine("there are no datasets; one is cut with: pilotage dataset cut NAME --package USECASE");
            }

            return ExitCode.Done;
        });
        return verb;
    }

    private static Verb Show(VerbFrame frame)
    {
        var reference = VerbFrame.Name("dataset", "The dataset: name@version, the name alone for the newest version, or the digest.");
        var verb = VerbFrame.With(
            new Verb(
                "show",
                "Shows every column of a dataset with its unit and where it comes from: the property of a thing, the expression of the pipeline, or the label; -o wide says by which ways values come in and how long they stay now.",
                "pilotage dataset show pumps@2",
                "pilotage dataset show pumps@2 -o json"),
            reference);
        verb.SetAction(async (parsed, cancellation) =>
        {
            using var api = frame.Connect(parsed);
            var answer = await api.GetAsync($"api/v1/datasets/{VerbFrame.Segment(parsed.GetValue(reference), reference)}/columns", cancellation);
            var writer = frame.Writer(parsed);
            writer.Write(writer.IsMachineReadable ? answer : Counted(answer?["columns"]), OriginColumns, "name");
            var dataset = answer?["dataset"];
            var bounds = string.Concat(new[] { ("from", "from"), ("to", "to"), ("asOf", "as of") }.Where(bound => answer?[bound.Item1] is not null).Select(bound => $", {bound.Item2} {answer![bound.Item1]}"));
            frame.Session.Error.WriteLine(Printable.Of(
                $"{dataset?["name"]}@{dataset?["version"]}: {dataset?["rows"]} rows of {dataset?["units"]} devices of the type {answer?["thing"]}, cut {dataset?["cutAt"]}{bounds}, {dataset?["digest"]}"));
            return ExitCode.Done;
        });
        return verb;
    }

    private static Verb Diff(VerbFrame frame)
    {
        var name = VerbFrame.Name("name", "The dataset, without a version.");
        var from = VerbFrame.Name("from", "The version before.");
        var to = VerbFrame.Name("to", "The version after.");
        var verb = VerbFrame.With(
            new Verb(
                "diff",
                "Shows what changed between two versions: bounds of the cut, rows, devices, labels, and columns with their units, expressions and values.",
                "pilotage dataset diff pumps 1 2",
                "pilotage dataset diff pumps 1 2 -o csv"),
            name, from, to);
        verb.SetAction(async (parsed, cancellation) =>
        {
            using var api = frame.Connect(parsed);
            var diff = await api.GetAsync(
                DataVerbs.Address($"api/v1/datasets/{VerbFrame.Segment(parsed.GetValue(name), name)}/diff", ("from", Version(parsed, from)), ("to", Version(parsed, to))), cancellation);
            var (writer, changes) = (frame.Writer(parsed), Changes(diff));
            writer.Write(writer.IsMachineReadable ? diff : changes, ChangeColumns, "name");
            frame.Session.Error.WriteLine(Printable.Of(diff?["same"]?.GetValue<bool>() == true
                ? $"{diff["from"]} and {diff["to"]} are the same data: one digest"
                : $"{diff?["from"]} to {diff?["to"]}: {changes.Count} changes"));
            return ExitCode.Done;
        });
        return verb;
    }

    private static string Version(ParseResult parsed, Argument<string> argument) => parsed.GetValue(argument) is { } text && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var version)
        ? version.ToString(CultureInfo.InvariantCulture)
        : throw new CliFailure(ExitCode.Usage, $"<{argument.Name}> '{parsed.GetValue(argument)}' is no version", "a version is a number from 1 on", "pilotage dataset list shows the versions that there are");

    /// <summary>The same columns with the number of their series, which may be hundreds.</summary>
    private static JsonArray Counted(JsonNode? columns) => new([.. (columns as JsonArray ?? []).OfType<JsonObject>().Select(column =>
    {
        var row = column.DeepClone().AsObject();
        row["seriesCount"] = (row["series"] as JsonArray)?.Count;
        return (JsonNode)row;
    })]);

    private static JsonArray Changes(JsonNode? diff)
    {
        var rows = new JsonArray();
        if (diff?["rows"]?.GetValue<long>() is { } more and not 0)
        {
            rows.Add(Change("rows", more > 0 ? "added" : "removed", $"{Math.Abs(more)}", null, null));
        }

        foreach (var cut in diff?["cutChanged"] as JsonArray ?? [])
        {
            rows.Insert(0, Change("cut", "changed", $"{cut?["what"]}", cut?["before"], cut?["after"]));
        }

        foreach (var (what, field) in new[] { ("device", "units"), ("label", "labels"), ("column", "columns") })
        {
            foreach (var change in new[] { "added", "removed", "changed" })
            {
                foreach (var one in diff?[$"{field}{char.ToUpperInvariant(change[0])}{change[1..]}"] as JsonArray ?? [])
                {
                    rows.Add(one is JsonObject item
                        ? Change(item["what"] is { } part ? $"{what} {part}" : what, change, $"{item["column"] ?? item["alert"]}", item["before"], item["after"] ?? item["answer"])
                        : Change(what, change, $"{one}", null, null));
                }
            }
        }

        return rows;
    }

    private static JsonObject Change(string what, string change, string name, JsonNode? before, JsonNode? after) =>
        new() { ["what"] = what, ["change"] = change, ["name"] = name, ["before"] = before?.DeepClone(), ["after"] = after?.DeepClone() };
}
