using System.CommandLine;
using System.Text.Json.Nodes;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Verbs;

/// <summary><c>data tail</c>: new points as they are stored.</summary>
internal static class TailVerb
{
    public static Verb Create(VerbFrame frame)
    {
        var property = new Argument<string?>("property") { Description = "One property, of every device; without it, all of --device.", Arity = ArgumentArity.ZeroOrOne };
        var device = DataVerbs.Text("--device", "One device: id, path or name.", "ID");
        var count = VerbFrame.Count("End after so many points.");
        var verb = VerbFrame.With(
            new Verb(
                "tail",
                "Prints points as they are stored: time, device, property and value; says how many it had to skip.",
                "pilotage data tail vibration",
                "pilotage data tail --device pump-7 --count 10 -o json"),
            property, device, count);
        verb.SetAction((parsed, cancellation) => ReaderWatch.RunAsync(
            frame.Session, token => FollowAsync(frame, parsed, parsed.GetValue(property), parsed.GetValue(device), parsed.GetValue(count), token), cancellation));
        return verb;
    }

    private static async Task<int> FollowAsync(VerbFrame frame, ParseResult parsed, string? property, string? device, int? count, CancellationToken cancellation)
    {
        if (string.IsNullOrWhiteSpace(property) && (string.IsNullOrWhiteSpace(device) || device is "." or ".."))
        {
            throw new CliFailure(ExitCode.Usage, "what to follow is not known", "all points of all devices are more than anybody reads", "a property, or --device ID; topic tail follows messages");
        }

        using var api = frame.Connect(parsed);
        var id = device is null ? null : (await api.GetAsync($"api/v1/devices/{Uri.EscapeDataString(device)}", cancellation))?["id"]?.GetValue<string>();
        var writer = frame.Writer(parsed);
        var seen = 0;
        await foreach (var happened in api.StreamAsync(DataVerbs.Address("api/v1/events", ("kind", "telemetry"), ("device", id)), cancellation))
        {
            if (happened["missed"] is { } missed)
            {
                await frame.Session.Error.WriteLineAsync($"{missed} rows were skipped: they came faster than they were read");
            }

            if (happened["at"] is not null)
            {
                await frame.Session.Error.WriteLineAsync($"following {property ?? "everything"}{(id is null ? "" : $" of {id}")}");
            }

            foreach (var (name, value) in (happened["data"] as JsonObject ?? []).Where(one => property is null || one.Key == property))
            {
                var point = new JsonObject { ["ts"] = happened["ts"]?.DeepClone(), ["device"] = happened["device"]?.DeepClone(), ["property"] = name, ["value"] = value?.DeepClone() };
                writer.WriteStreamed(point, Printable.Of($"{Column.Text(point["ts"])} {Column.Text(point["device"])} {name} {new Column("", "value", Exact: true).Cell(point)}"));
                if (++seen == count)
                {
                    return ExitCode.Done;
                }
            }
        }

        throw new CliFailure(ExitCode.Failed, "the server ended the stream", null, "the same command again");
    }
}
