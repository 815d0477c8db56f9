using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Verbs;

/// <summary><c>device</c>: what is connected, and how to connect one more.</summary>
internal static class DeviceVerbs
{
    private static readonly Column[] Columns =
    [
        new("ID", "id"), new("PATH", "path"), new("THING", "thing"), new("EDGE", "edge"), new("STATUS", "status"), new("CONNECTED", "connected"), new("SINCE", "since"),
        new("WHY", "reason", true), new("LAST REPORT", "lastReport", true),
    ];

    /// <summary>Of its first session, which is its only one as a rule.</summary>
    private static readonly Column[] ConnectionColumns =
    [
        new("THROUGH", "connection.through", true), new("REMOTE", "connection.clients.0.remote"), new("LISTENER", "connection.clients.0.listener"),
        new("MESSAGES IN", "connection.clients.0.messagesIn", true), new("MESSAGES OUT", "connection.clients.0.messagesOut", true),
        new("QUEUED", "connection.clients.0.queued"), new("QUEUED BYTES", "connection.clients.0.queuedBytes", true), new("DROPPED", "connection.clients.0.dropped", true),
        new("KEEP ALIVE", "connection.clients.0.keepAliveSeconds", true), new("LAST DISCONNECT", "connection.clients.0.lastDisconnect.why", true),
    ];

    private static readonly Column[] BadColumns =
    [
        new("RECEIVED", "received"), new("DEVICE", "device"), new("WHY", "reason"), new("PAYLOAD", "payload|payloadBase64", Name: "payloadBase64"), new("TOPIC", "topic", true),
    ];

    private const int PayloadShown = 80;

    public static Verb Create(VerbFrame frame) => VerbFrame.With(
        new Verb("device", "Devices: identity, place and state."),
        frame.Lists(
            new Verb("list", "Lists the devices.", "pilotage device list", "pilotage device list -o name"), _ => "api/v1/devices", Columns),
        Show(frame),
        Values(frame),
        Bad(frame),
        TraceVerb.Create(frame),
        EnrolVerbs.Enroll(frame),
        Revoke(frame),
        EnrolVerbs.Restore(frame),
        Delete(frame));

    private static Verb Show(VerbFrame frame)
    {
        var id = VerbFrame.Name("id", "The device.");
        var verb = VerbFrame.With(
            new Verb(
                "show",
                "Shows one device, and how it is connected: since when, from where, what waits for it, how its last connection ended.",
                "pilotage device show pump-12-run-6",
                "pilotage device show edge-1 -o yaml"),
            id);
        verb.SetAction(async (parsed, cancellation) =>
        {
            using var api = frame.Connect(parsed);
            var path = $"api/v1/devices/{VerbFrame.Segment(parsed.GetValue(id), id)}";
            var device = await api.GetAsync(path, cancellation);
            if (device is JsonObject told)
            {
                told["connection"] = await api.GetAsync($"{path}/connection", cancellation);
            }

            frame.Writer(parsed).Write(device, [.. Columns, .. ConnectionColumns]);
            return ExitCode.Done;
        });
        return verb;
    }

    private static Verb Values(VerbFrame frame)
    {
        var id = VerbFrame.Name("id", "The device.");
        return frame.Reads(
            VerbFrame.With(
                new Verb("values", "Shows the last value of everything a device sent, and when it was measured.", "pilotage device values pump-12-run-6", "pilotage device values my-pi -o json"), id),
            parsed => $"api/v1/devices/{VerbFrame.Segment(parsed.GetValue(id), id)}/series",
            new Column("PROPERTY", "property"),
            new Column("VALUE", "lastValue", Exact: true),
            new Column("UNIT", "unit"),
            new Column("TIME", "lastTime"));
    }

    private static Verb Bad(VerbFrame frame)
    {
        var id = new Argument<string?>("id") { Description = "One device; without it, all of them.", Arity = ArgumentArity.ZeroOrOne };
        var verb = VerbFrame.With(
            new Verb("bad", "Lists the messages that were kept but could not be understood, newest first, and why.", "pilotage device bad", "pilotage device bad my-pi -o wide"), id);
        verb.SetAction(async (parsed, cancellation) =>
        {
            using var api = frame.Connect(parsed);
            var device = parsed.GetValue(id);
            if (device is not null)
            {
                // Named by path or name too; and one that is not there is an error, not an empty list.
                device = Column.Text((await api.GetAsync($"api/v1/devices/{VerbFrame.Segment(device, id)}", cancellation))?["id"]);
            }

            var page = await api.GetAsync($"api/v1/messages/bad{(device is null ? "" : $"?device={Uri.EscapeDataString(device)}")}", cancellation);
            var writer = frame.Writer(parsed);
            writer.Write(writer.IsText ? Readable(page) : page, BadColumns, "topic");
            return ExitCode.Done;
        });
        return verb;
    }

    private static Verb Revoke(VerbFrame frame)
    {
        var id = VerbFrame.Name("id", "The device.");
        return frame.Removes(
            VerbFrame.With(
                new Verb(
                    "revoke",
                    "Cuts a device off: its connections end, its certificates and unused codes are refused from now on; 'restore' lets it in again.",
                    "pilotage device revoke my-pi --yes",
                    "pilotage device revoke my-pi --dry-run"),
                id),
            HttpMethod.Post,
            id,
            segment => $"api/v1/devices/{segment}/revocation",
            new Column("REVOKED", "id"));
    }

    private static Verb Delete(VerbFrame frame)
    {
        var id = VerbFrame.Name("id", "The device.");
        return frame.Removes(
            VerbFrame.With(
                new Verb(
                    "delete",
                    "Takes a device out of the fleet, one with a certificate after 'revoke' only. What it sent stays stored: a device enrolled anew under its id has it again. One that goes on publishing to an open listener comes back.",
                    "pilotage device delete my-pi --yes",
                    "pilotage device delete my-pi --dry-run"),
                id),
            HttpMethod.Delete,
            id,
            segment => $"api/v1/devices/{segment}",
            new Column("DELETED", "id"),
            new Column("PATH", "path"),
            new Column("SERIES KEPT", "seriesKept"),
            new Column("NOTE", "note"));
    }

    /// <summary>The payload as text, where it is one.</summary>
    private static JsonArray Readable(JsonNode? page) => [.. ResultWriter.Rows(page).OfType<JsonObject>().Select(row =>
    {
        var told = row.DeepClone().AsObject();
        var text = Encoding.UTF8.GetString(Convert.FromBase64String(Column.Text(row["payloadBase64"])));
        told["payload"] = text.Length <= PayloadShown ? text : text[..PayloadShown] + "…";
        return (JsonNode)told;
    })];
}
