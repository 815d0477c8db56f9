using Pilotage.Testing;

namespace Pilotage.System.Gateway.Peers;

/// <summary><c>mosquitto_pub</c> and <c>mosquitto_sub</c> of the Debian package mosquitto-clients.</summary>
internal sealed class MosquittoPeer : Peer
{
    private const string MessageFormat =
        MessageStart + """{"topic":"%t","payload":"%p","qos":%q,"retain":%r,"user":"%P","response":"%R","correlation":"%D","expiry":"%E"}""";

    protected override string SubscribedStart => "Subscribed (mid: ";

    // Packet identifiers count from 1, as the payloads of a stream do.
    protected override string PublishedStart(PeerCall call) => $"Client {call.ClientId} received PUBCOMP (Mid: ";

    public override async Task PublishAsync(PeerCall call)
    {
        foreach (var qos in call.Qos)
        {
            await SeeThroughAsync(call with { Qos = [qos] });
        }
    }

    public override ChildProcess Start(PeerCall call)
    {
        var program = call.Mode == "subscribe" ? "mosquitto_sub" : "mosquitto_pub";

        // Its lines are wanted as they come, those of -d with them; into a pipe it would hold them back.
        return Start("stdbuf", ["-oL", program, "-d", .. Common(call), .. OfMode(call)], "it is part of coreutils");
    }

    private static IEnumerable<string> Common(PeerCall call) =>
    [
        "-h", call.Url.Host, "-p", $"{call.Url.Port}", "-V", call.IsV5 ? "mqttv5" : "mqttv311", "-i", call.ClientId,
        "-t", call.Topic, "-q", $"{call.Qos[0]}",
        .. Option("--cafile", call.Files?.Authority), .. Option("--cert", call.Files?.Certificate), .. Option("--key", call.Files?.Key),
        .. call.Lasting ? ["-c"] : Array.Empty<string>(), .. call is { Lasting: true, IsV5: true } ? ["-x", "600"] : Array.Empty<string>(),
        .. call.Will is var (topic, payload) ? ["--will-topic", topic, "--will-payload", payload, "--will-qos", "1"] : Array.Empty<string>(),
    ];

    private static IEnumerable<string> OfMode(PeerCall call) => call.Mode switch
    {
        "subscribe" => ["-F", MessageFormat, .. call.Count switch { null => Array.Empty<string>(), 0 => ["-E"], var count => ["-C", $"{count}"] }],
        "publish" => ["-m", call.Payload, .. call.Retain ? ["-r"] : Array.Empty<string>(), .. Properties(call)],
        _ => ["-l"],
    };

    private static IEnumerable<string> Properties(PeerCall call) =>
    [
        .. call.UserProperties.SelectMany(pair => new[] { "-D", "publish", "user-property", pair.Name, pair.Value }),
        .. Property("response-topic", call.ResponseTopic),
        .. Property("correlation-data", call.CorrelationData),
        .. Property("message-expiry-interval", call.ExpirySeconds?.ToString()),
    ];

    private static string[] Property(string name, string? value) => value is null ? [] : ["-D", "publish", name, value];

    private static string[] Option(string name, string? value) => value is null ? [] : [name, value];
}
