using System.CommandLine;
using System.Text.Json.Nodes;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Verbs;

/// <summary><c>device trace</c>: every packet of one device for a time, without what is in it.</summary>
internal static class TraceVerb
{
    private const int SecondsMax = 600;
    private static readonly (string Field, string Word)[] Numbers = [("packetId", "id"), ("qos", "qos"), ("reason", "reason")];
    private static readonly string[] Flags = ["retain", "duplicate"];

    public static Verb Create(VerbFrame frame)
    {
        var id = VerbFrame.Name("id", "The device.");
        var lasts = new Option<string>("--for") { Description = "How long, 1s to 10m; then it is off by itself.", HelpName = "TIME", DefaultValueFactory = _ => "1m" };
        var verb = VerbFrame.With(
            new Verb(
                "trace",
                "Prints every MQTT packet to and from a device as it passes: type, identifier, QoS, size and reason code, never a payload. Begun before the device connects, it begins with the answer to CONNECT.",
                "pilotage device trace my-pi --for 1m",
                "pilotage device trace edge-1 --for 10m -o json > edge-1.ndjson"),
            id,
            lasts);
        verb.SetAction((parsed, cancellation) => ReaderWatch.RunAsync(
            frame.Session,
            token => FollowAsync(frame, parsed, VerbFrame.Segment(parsed.GetValue(id), id), Duration.Seconds("--for", parsed.GetValue(lasts)!, SecondsMax), token),
            cancellation));
        return verb;
    }

    private static async Task<int> FollowAsync(VerbFrame frame, ParseResult parsed, string device, int seconds, CancellationToken cancellation)
    {
        using var api = frame.Connect(parsed);
        var writer = frame.Writer(parsed);
        await foreach (var packet in api.StreamAsync($"api/v1/devices/{device}/trace?seconds={seconds}", cancellation))
        {
            if (packet["end"] is not null)
            {
                return ExitCode.Done;
            }

            var passedOver = (packet["skipped"] ?? packet["missed"])?.GetValue<long>() ?? 0;
            if (passedOver > 0)
            {
                await frame.Session.Error.WriteLineAsync($"{passedOver} packets were passed over: there were more than can be told");
            }

            if (packet["type"] is not null)
            {
                writer.WriteStreamed(packet, Line(packet));
            }
            else if (packet["at"] is not null)
            {
                await frame.Session.Error.WriteLineAsync($"tracing {device} for {seconds} s");
            }
        }

        throw new CliFailure(ExitCode.Failed, "the server ended the trace before its time was over", null, "the same command again");
    }

    private static string Line(JsonNode packet)
    {
        var words = new List<string>
        {
            Column.Text(packet["at"]), $"{Column.Text(packet["direction"]),-3}", $"{Column.Text(packet["type"]),-11}", $"{Column.Text(packet["bytes"])} B",
        };
        words.AddRange(Numbers.Where(one => packet[one.Field] is not null).Select(one => $"{one.Word}={Column.Text(packet[one.Field])}"));
        words.AddRange(Flags.Where(flag => packet[flag]?.GetValue<bool>() == true));
        return Printable.Of($"{string.Join(' ', words)}  {Column.Text(packet["clientId"])}");
    }
}
