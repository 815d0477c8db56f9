using System.CommandLine;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Verbs;

/// <summary><c>session</c>: the gateway's sessions, whoever holds them.</summary>
internal static class SessionVerbs
{
    private static readonly Column[] Columns =
    [
        new("CLIENT", "clientId"), new("DEVICE", "device"), new("CONNECTED", "connected"), new("SINCE", "since"), new("LISTENER", "listener"),
        new("QUEUED", "queued"), new("DROPPED", "dropped"), new("LAST DISCONNECT", "lastDisconnect.why"),
        new("REMOTE", "remote", true), new("MQTT", "version", true), new("KEEP ALIVE", "keepAliveSeconds", true), new("IN", "messagesIn", true), new("OUT", "messagesOut", true),
        new("SUBSCRIPTIONS", "subscriptions", true), new("QUEUED BYTES", "queuedBytes", true), new("ENDED", "lastDisconnect.at", true),
    ];

    public static Verb Create(VerbFrame frame) => VerbFrame.With(
        new Verb("session", "Sessions of MQTT clients: devices, edges, and whoever else the gateway let in."), List(frame));

    private static Verb List(VerbFrame frame)
    {
        var connected = new Option<string?>("--connected") { Description = "Only those that are connected, or only those that are away.", HelpName = "BOOL" }
            .AcceptOnlyFromAmong("true", "false");
        return frame.Lists(
            VerbFrame.With(
                new Verb(
                    "list",
                    "Lists the sessions by client id, with what waits for each and how its last connection ended.",
                    "pilotage session list",
                    "pilotage session list --connected false -o wide"),
                connected),
            parsed => parsed.GetValue(connected) is { } only ? $"api/v1/clients?connected={only}" : "api/v1/clients",
            Columns);
    }
}
