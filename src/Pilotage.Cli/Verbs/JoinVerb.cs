using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Verbs;

/// <summary><c>data join</c>: several series at the times of the first one.</summary>
internal static class JoinVerb
{
    private const int AgeMostSeconds = 366 * 24 * 60 * 60;
    private const double MsPerSecond = 1000;

    public static Verb Create(VerbFrame frame)
    {
        var series = new Argument<string[]>("series") { Description = "DEVICE/PROPERTY, two or more; the times of the first count. The device by id, path or name.", Arity = ArgumentArity.OneOrMore };
        var from = Moment.Option("--from", "The first time that counts:");
        var to = Moment.Option("--to", "The first time that counts no more:");
        var age = DataVerbs.Text("--max-age", "How old a value of the others may be: 30s, 5m, 1h; any age without it.", "TIME");
        var verb = VerbFrame.With(
            new Verb(
                "join",
                "Shows several series at the times of the first: each of the others with its latest value at or before.",
                "pilotage data join pump-7/vibration pump-7/bearing_temp --max-age 10m --from 2026-01-01T00:00:00Z",
                "pilotage data join acme/lyon/line-1/pump-7/vibration weather/ambient pump-7/state -o csv"),
            series, from, to, age);
        verb.SetAction(async (parsed, cancellation) =>
        {
            using var api = frame.Connect(parsed);
            var answer = await api.GetAsync(
                DataVerbs.Address(
                    "api/v1/series/join", ("series", string.Join(',', parsed.GetValue(series)!)), ("from", Moment.Of(frame.Session, from, parsed)), ("to", Moment.Of(frame.Session, to, parsed)),
                    ("maxAge", parsed.GetValue(age) is { } length ? $"PT{Duration.Seconds("--max-age", length, AgeMostSeconds)}S" : null)),
                cancellation);
            var names = (answer?["columns"]?.AsArray() ?? []).Skip(1).Select(column => column!.GetValue<string>()).ToList();
            var writer = frame.Writer(parsed);
            writer.Write(
                writer.IsMachineReadable ? Named(answer, names) : Timed(answer),
                [new Column("TIME", "0", Name: "ts"), .. names.Select((name, at) => new Column(name.ToUpperInvariant(), (at + 1).ToString(CultureInfo.InvariantCulture), Exact: true, Name: name))], "0");
            DataVerbs.Note(frame, (string?)answer?["note"]);
            return ExitCode.Done;
        });
        return verb;
    }

    /// <summary>Rows by place, because a name may have any letters; the time as people read it.</summary>
    private static JsonObject Timed(JsonNode? answer) => new()
    {
        ["items"] = new JsonArray([.. Rows(answer).Select(row => (JsonNode)new JsonArray([Time(row), .. row.Skip(1).Select(value => value?.DeepClone())]))]),
    };

    private static JsonObject Named(JsonNode? answer, List<string> names)
    {
        var named = new JsonObject
        {
            ["items"] = new JsonArray([.. Rows(answer).Select(row => (JsonNode)new JsonObject(
                names.Select((name, at) => KeyValuePair.Create(name, row[at + 1]?.DeepClone())).Prepend(KeyValuePair.Create("ts", (JsonNode?)Time(row)))))]),
            ["units"] = new JsonObject(names.Select((name, at) => KeyValuePair.Create(name, answer!["units"]![at + 1]?.DeepClone()))),
        };
        DataVerbs.TakeNote(answer, named);
        return named;
    }

    private static IEnumerable<JsonArray> Rows(JsonNode? answer) => (answer?["items"]?.AsArray() ?? []).Select(row => row!.AsArray());

    private static JsonValue Time(JsonArray row) => JsonValue.Create(
        DateTimeOffset.UnixEpoch.AddSeconds(row[0]!.GetValue<double>() / MsPerSecond).ToString("yyyy-MM-dd'T'HH:mm:ss.FFF'Z'", CultureInfo.InvariantCulture));
}
