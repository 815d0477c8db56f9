using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Verbs;

/// <summary><c>data sql</c>: a question in the SQL of pipelines over what is stored.</summary>
internal static class SqlVerb
{
    private const string Route = "api/v1/sql";

    public static Verb Create(VerbFrame frame)
    {
        var text = new Argument<string?>("query") { Description = "One SELECT; a thing type is a table with the columns device, ts and its properties.", Arity = ArgumentArity.ZeroOrOne };
        var file = DataVerbs.Text("--file", "Read it from a file.", "FILE");
        var path = DataVerbs.Text("--path", "Of the table only devices with this path; * stays within a level, ** does not.", "PATTERN");
        var from = Moment.Option("--from", "The first time that is read, of which the question may say more:");
        var to = Moment.Option("--to", "The first time that is read no more:");
        var verb = VerbFrame.With(
            new Verb(
                "sql",
                "Asks what is stored in the SQL of pipelines: windows, OVER, groups, ORDER BY and LIMIT; see docs/reference/sql.md. With -o csv rows come as they are found.",
                "pilotage data sql \"SELECT device, ts, bearing_temp FROM pump WHERE ts >= NOW() - INTERVAL '1' HOUR AND bearing_temp > 80\"",
                "pilotage data sql 'SELECT device, MAX(vibration) AS worst FROM pump GROUP BY device ORDER BY worst DESC LIMIT 10'",
                "pilotage data sql --file hourly.sql --path 'acme/lyon/**' -o csv > hourly.csv"),
            text, file, path, from, to);
        verb.SetAction((parsed, cancellation) =>
        {
            var body = new JsonObject { ["sql"] = Question(frame, parsed.GetValue(text), parsed.GetValue(file)) };
            foreach (var (name, value) in (ReadOnlySpan<(string, string?)>)[("path", parsed.GetValue(path)), ("from", Moment.Of(frame.Session, from, parsed)), ("to", Moment.Of(frame.Session, to, parsed))])
            {
                if (value is not null)
                {
                    body[name] = value;
                }
            }

            return parsed.GetValue(frame.Options.Output) == "csv" && parsed.GetResult(frame.Options.Json) is not { Implicit: false }
                ? ReaderWatch.RunAsync(frame.Session, token => CsvAsync(frame, parsed, body, token), cancellation)
                : RowsAsync(frame, parsed, body, cancellation);
        });
        return verb;
    }

    private static string Question(VerbFrame frame, string? text, string? file)
    {
        if (text is null == file is null)
        {
            throw new CliFailure(
                ExitCode.Usage, text is null ? "there is no question" : "there are two questions", "it is given as an argument, or in a file",
                "pilotage data sql \"SELECT device, ts, bearing_temp FROM pump LIMIT 10\"");
        }

        try
        {
            return text ?? File.ReadAllText(Path.Combine(frame.Session.WorkingDirectory, file!), Encoding.UTF8);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliFailure(ExitCode.NotFound, $"cannot read {file}", FileFault.Why(e, Path.Combine(frame.Session.WorkingDirectory, file!)), "the name of a file with one SELECT");
        }
    }

    private static async Task<int> CsvAsync(VerbFrame frame, ParseResult parsed, JsonObject body, CancellationToken cancellation)
    {
        using var api = frame.Connect(parsed);
        var note = await api.CopyAsync(
            Route,
            answer => ExportVerb.WholeAsync(() => ExportVerb.CopyTextAsync(answer, frame.Session.Output, cancellation), "answer"),
            cancellation, HttpMethod.Post, body, "text/csv");
        DataVerbs.Note(frame, note);
        return ExitCode.Done;
    }

    private static async Task<int> RowsAsync(VerbFrame frame, ParseResult parsed, JsonObject body, CancellationToken cancellation)
    {
        using var api = frame.Connect(parsed);
        var answer = await api.PostAsync(Route, body, cancellation);
        var names = (answer?["columns"]?.AsArray() ?? []).Select(column => column!["name"]!.GetValue<string>()).ToList();
        var writer = frame.Writer(parsed);

        // Machines are told by name; a table is filled by place, because a name may have any letters.
        writer.Write(
            writer.IsMachineReadable ? Named(answer, names) : answer,
            [.. names.Select((name, at) => new Column(name.ToUpperInvariant(), at.ToString(CultureInfo.InvariantCulture), Exact: true, Name: name))], "0");
        DataVerbs.Note(frame, (string?)answer?["note"]);
        return ExitCode.Done;
    }

    private static JsonObject Named(JsonNode? answer, List<string> names)
    {
        var rows = new JsonArray();
        foreach (var row in answer?["items"]?.AsArray() ?? [])
        {
            rows.Add(new JsonObject(names.Select((name, at) => KeyValuePair.Create(name, row![at]?.DeepClone()))));
        }

        var named = new JsonObject { ["columns"] = answer?["columns"]?.DeepClone(), ["items"] = rows, ["rows"] = answer?["rows"]?.DeepClone(), ["pointsRead"] = answer?["pointsRead"]?.DeepClone() };
        DataVerbs.TakeNote(answer, named);
        return named;
    }
}
