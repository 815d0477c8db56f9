using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Verbs;

/// <summary><c>data timeline</c>: what a device measured and what happened to it, in the order of time.</summary>
internal static class TimelineVerb
{
    // A table is for a person; whoever wants all of it takes JSON.
    private const int PointsInTable = 10;
    private const int DataCharsShown = 120;

    private static readonly Column[] Columns = [new("TIME", "time"), new("KIND", "kind"), new("NAME", "name"), new("VALUE", "value", Exact: true), new("UNIT", "unit"), new("SOURCE", "source", true), new("ID", "id", true)];

    public static Verb Create(VerbFrame frame)
    {
        var device = VerbFrame.Name("device", "The device, by id, path or name.");
        var from = Moment.Option("--from", "The first time that counts, an hour before the end if left out:");
        var to = Moment.Option("--to", "The first time that counts no more, now if left out:");
        var property = DataVerbs.Text("--property", "Its properties, several with commas; all of them without it.", "NAMES");
        var type = DataVerbs.Text("--type", "Types of events, several with commas; all without it.", "TYPES");
        var points = new Option<int?>("--points") { Description = "Points of each series at most, 2 to 5000; of more the least and the greatest of each part. 10 in a table, else 200.", HelpName = "N" };
        var limit = new Option<int?>("--limit") { Description = "Events at most, up to 10000; 1000 if left out.", HelpName = "N" };
        var cursor = DataVerbs.Text("--cursor", "Go on with the events where an earlier answer ended.", "CURSOR");
        var verb = VerbFrame.With(
            new Verb(
                "timeline",
                "What a device measured and what happened to it in one stretch of time: its series, thinned, and its events in order.",
                "pilotage data timeline pump-7 --from -2h",
                "pilotage data timeline pump-7 --from 2026-03-01T00:00:00Z --to 2026-03-02T00:00:00Z --property vibration --type stop -o json"),
            device, from, to, property, type, points, limit, cursor);
        verb.SetAction(async (parsed, cancellation) =>
        {
            using var api = frame.Connect(parsed);
            var writer = frame.Writer(parsed);
            var most = parsed.GetValue(points) ?? (writer.IsText ? PointsInTable : null);
            var told = await api.GetAsync(
                DataVerbs.Address(
                    $"api/v1/devices/{VerbFrame.Segment(parsed.GetValue(device), device)}/timeline",
                    ("from", Moment.Of(frame.Session, from, parsed)), ("to", Moment.Of(frame.Session, to, parsed)), ("property", parsed.GetValue(property)), ("type", parsed.GetValue(type)),
                    ("points", Text(most)), ("limit", Text(parsed.GetValue(limit))), ("cursor", parsed.GetValue(cursor))),
                cancellation);
            var rows = writer.IsMachineReadable ? told : Rows(told, writer.IsText ? DataCharsShown : int.MaxValue);
            writer.Write(rows, Columns, "name");
            if (rows is JsonArray { Count: 0 })
            {
                frame.Session.Error.WriteLine(Printable.Of($"nothing was measured and nothing happened from {told?["from"]} to {told?["to"]}"));
            }

            if (told?["nextCursor"] is { } next)
            {
                frame.Session.Error.WriteLine(Printable.Of($"there are more events: the same with --cursor {next}"));
            }

            return ExitCode.Done;
        });
        return verb;
    }

    private static string? Text(int? number) => number?.ToString(CultureInfo.InvariantCulture);

    /// <summary>Points and events in the order of time.</summary>
    private static JsonArray Rows(JsonNode? told, int dataChars)
    {
        var rows = new List<(DateTimeOffset Time, JsonObject Row)>();
        foreach (var series in told?["series"] as JsonArray ?? [])
        {
            foreach (var point in series?["points"] as JsonArray ?? [])
            {
                var at = DateTimeOffset.UnixEpoch.AddMilliseconds(point![0]!.GetValue<double>());
                rows.Add((at, Row(at, "point", series!["property"], point[1], series["unit"])));
            }
        }

        foreach (var one in told?["events"] as JsonArray ?? [])
        {
            var at = one!["at"]!.GetValue<DateTimeOffset>();
            var data = one["data"]?.ToJsonString(CliJson.Line) ?? "";
            var row = Row(at, "event", one["type"], data.Length <= dataChars ? data : data[..dataChars] + "…", null);
            (row["source"], row["id"]) = (one["source"]?.DeepClone(), one["id"]?.DeepClone());
            rows.Add((at, row));
        }

        return [.. rows.OrderBy(row => row.Time).Select(row => (JsonNode)row.Row)];
    }

    private static JsonObject Row(DateTimeOffset at, string kind, JsonNode? name, JsonNode? value, JsonNode? unit) => new()
    {
        ["time"] = at.ToString("yyyy-MM-dd'T'HH:mm:ss.FFF'Z'", CultureInfo.InvariantCulture),
        ["kind"] = kind,
        ["name"] = name?.DeepClone(),
        ["value"] = value?.DeepClone(),
        ["unit"] = unit?.DeepClone(),
    };
}
