using System.CommandLine;
using System.CommandLine.Invocation;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Verbs;

/// <summary><c>topic</c>: what passes through the gateway, and a word of one's own.</summary>
internal static class TopicVerbs
{
    private static readonly Column[] Levels =
    [
        new("TOPIC", "level|topic", Name: "topic"), new("MESSAGES", "messages"), new("LAST", "last"), new("TOPICS", "topics", true),
    ];

    public static Verb Create(VerbFrame frame) => VerbFrame.With(
        new Verb("topic", "Topics: what passes through the gateway."), Tree(frame), Tail(frame), Publish(frame), Spool.Flush(frame));

    private static Verb Tree(VerbFrame frame)
    {
        var prefix = new Argument<string?>("prefix") { Description = "Whole levels to look below; without them, everything.", Arity = ArgumentArity.ZeroOrOne };
        var depth = new Option<int?>("--depth") { Description = "Levels shown, 1 to 16.", HelpName = "N" };
        var limit = new Option<int?>("--limit") { Description = "Lines shown at most, 1 to 20000; 1000 if left out.", HelpName = "N" };
        var verb = VerbFrame.With(
            new Verb(
                "tree",
                "Shows the levels of the topics with the messages at and below each since the server started, and when the last one came.",
                "pilotage topic tree --depth 3",
                "pilotage topic tree acme/lyon -o wide"),
            prefix,
            depth,
            limit);
        verb.SetAction(async (parsed, cancellation) =>
        {
            using var api = frame.Connect(parsed);
            var parameters = new[] { ("prefix", parsed.GetValue(prefix)), ("depth", Text(parsed.GetValue(depth))), ("limit", Text(parsed.GetValue(limit))) }
                .Where(p => p.Item2 is not null).Select(p => $"{p.Item1}={Uri.EscapeDataString(p.Item2!)}").ToList();
            var tree = await api.GetAsync($"api/v1/topics{(parameters.Count == 0 ? "" : "?")}{string.Join('&', parameters)}", cancellation);
            var writer = frame.Writer(parsed);
            writer.Write(writer.IsShort ? Indented(tree) : tree, Levels, "topic");
            if (tree?["truncated"]?.GetValue<bool>() == true)
            {
                await frame.Session.Error.WriteLineAsync($"only the first {ResultWriter.Rows(tree).Count} levels are shown; give a prefix, --depth, or a larger --limit");
            }

            return ExitCode.Done;
        });
        return verb;
    }

    private static Verb Tail(VerbFrame frame)
    {
        var filter = VerbFrame.Name("filter", "A topic; + stands for one level, # for all that follow.");
        var count = VerbFrame.Count("End after so many messages.");
        var verb = VerbFrame.With(
            new Verb(
                "tail",
                "Prints messages as they are stored, those that edges forward included; says how many it had to skip.",
                "pilotage topic tail 'acme/#'",
                "pilotage topic tail 'acme/lyon/+/_tele' --count 10 -o json"),
            filter,
            count);
        verb.SetAction((parsed, cancellation) => ReaderWatch.RunAsync(
            frame.Session, token => FollowAsync(frame, parsed, parsed.GetValue(filter)!, parsed.GetValue(count), token), cancellation));
        return verb;
    }

    private static async Task<int> FollowAsync(VerbFrame frame, ParseResult parsed, string filter, int? count, CancellationToken cancellation)
    {
        using var api = frame.Connect(parsed);
        var writer = frame.Writer(parsed);
        var seen = 0;
        await foreach (var message in api.StreamAsync($"api/v1/messages/live?filter={Uri.EscapeDataString(filter)}", cancellation))
        {
            if (message["missed"] is { } missed)
            {
                await frame.Session.Error.WriteLineAsync($"{missed} messages were skipped: they came faster than they were read");
            }

            if (message["at"] is not null)
            {
                await frame.Session.Error.WriteLineAsync($"listening to {filter}");
            }

            if (message["topic"] is null)
            {
                continue;
            }

            writer.WriteStreamed(message, Line(message));
            if (++seen == count)
            {
                return ExitCode.Done;
            }
        }

        throw new CliFailure(ExitCode.Failed, "the server ended the stream", null, "the same command again");
    }

    private static string Line(JsonNode message)
    {
        var payload = message["payload"] is { } text ? text.GetValue<string>() : $"base64:{Column.Text(message["payloadBase64"])}";
        var rest = message["cut"]?.GetValue<bool>() == true ? $"… ({Column.Text(message["bytes"])} bytes)" : "";
        return Printable.Of($"{Column.Text(message["ts"])} {Column.Text(message["topic"])} {payload}{rest}");
    }

    private static Verb Publish(VerbFrame frame)
    {
        var topic = VerbFrame.Name("topic", "A topic of a device, <tenant>/<site>/…/<device>/_<class>[/<name>].");
        var message = new Option<string?>("--message") { Description = "The payload as text; '' for an empty one.", HelpName = "TEXT" };
        var file = new Option<string?>("--file") { Description = "The payload as the bytes of a file.", HelpName = "FILE" };
        var qos = new Option<string>("--qos")
        {
            Description = "0 or 1 to its subscribers; it is stored either way. With --spool 1 or 2.",
            HelpName = "QOS",
            DefaultValueFactory = _ => "1",
        }.AcceptOnlyFromAmong("0", "1", "2");
        var retain = new Option<bool>("--retain") { Description = "Keep it for later subscribers; an empty one takes the kept one away." };
        var spool = new Spool(frame);
        var verb = frame.Changes(
            VerbFrame.With(
                new Verb(
                    "publish",
                    "Publishes one message in the name of a device; done once it is stored. It is held to what the device itself may publish, and audited under your name. "
                    + "With --spool it is done once the message is on disk here, with a server or without.",
                    "pilotage topic publish acme/lyon/my-pi/_tele --message '{\"values\":{\"vibration\":2.1}}'",
                    "pilotage topic publish acme/lyon/my-pi/_state --message '' --retain",
                    "pilotage topic publish acme/lyon/my-pi/_tele --file row.json --spool /var/spool/my-pi --mqtts pilotage.plant:8883 --identity mine/my-pi"),
                [topic, message, file, qos, retain, .. spool.Options]),
            parsed =>
            {
                if (parsed.GetValue(qos) == "2")
                {
                    throw new CliFailure(ExitCode.Usage, "--qos 2 goes with --spool only", "the server stores what it is given over HTTP once in any case", "--qos 1, or --spool DIR");
                }

                var body = new JsonObject
                {
                    ["topic"] = parsed.GetValue(topic),
                    ["qos"] = int.Parse(parsed.GetValue(qos)!, CultureInfo.InvariantCulture),
                    ["retain"] = parsed.GetValue(retain),
                };
                AddPayload(body, parsed.GetValue(message), parsed.GetValue(file), frame.Session.WorkingDirectory);
                return ("api/v1/messages", body);
            },
            new Column("TOPIC", "topic"),
            new Column("DEVICE", "device"),
            new Column("BYTES", "bytes"),
            new Column("RETAINED", "retained"),
            new Column("NOTE", "note"));
        var overHttp = (AsynchronousCommandLineAction)verb.Action!;
        var dryRun = verb.Options.OfType<Option<bool>>().Single(option => option.Name == "--dry-run");
        verb.SetAction((parsed, cancellation) => spool.IsAsked(parsed)
            ? spool.PublishAsync(
                parsed,
                parsed.GetValue(topic)!,
                Payload(parsed.GetValue(message), parsed.GetValue(file), frame.Session.WorkingDirectory),
                byte.Parse(parsed.GetValue(qos)!, CultureInfo.InvariantCulture),
                parsed.GetValue(retain),
                parsed.GetValue(dryRun),
                cancellation)
            : overHttp.InvokeAsync(parsed, cancellation));
        return verb;
    }

    private static void AddPayload(JsonObject body, string? message, string? file, string folder)
    {
        var payload = Payload(message, file, folder);
        if (message is not null)
        {
            body["payload"] = message;
        }
        else
        {
            body["payloadBase64"] = Convert.ToBase64String(payload);
        }
    }

    private static byte[] Payload(string? message, string? file, string folder)
    {
        if (message is null == file is null)
        {
            throw new CliFailure(ExitCode.Usage, "a message has one payload", "give --message or --file, not both and not neither", "--message 'TEXT'");
        }

        if (message is not null)
        {
            return Encoding.UTF8.GetBytes(message);
        }

        try
        {
            return File.ReadAllBytes(Path.Combine(folder, file!));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CliFailure(ExitCode.Usage, $"--file {file} cannot be read", failure.Message, "--file with a file that is there, or --message 'TEXT'");
        }
    }

    private static JsonArray Indented(JsonNode? tree) => [.. ResultWriter.Rows(tree).OfType<JsonObject>().Select(row =>
    {
        var told = row.DeepClone().AsObject();
        var depth = row["depth"]?.GetValue<int>() ?? 0;
        var topic = Column.Text(row["topic"]);
        told["level"] = depth == 0 ? topic : new string(' ', 2 * depth) + topic[(topic.LastIndexOf('/') + 1)..];
        return (JsonNode)told;
    })];

    private static string? Text(int? number) => number?.ToString(CultureInfo.InvariantCulture);
}
