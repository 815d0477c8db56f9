namespace Pilotage.System.Gateway.Peers;

/// <summary>One run of a foreign client. The drivers beside this file, <c>mqttjs.mjs</c> and <c>paho_mqtt.py</c>, take it as it stands here.</summary>
/// <param name="Mode">
/// <c>subscribe</c> writes <c>subscribed</c> and a line <c>message {…}</c> (<see cref="PeerMessage"/>) for each message, up to <see cref="Count"/>.
/// <c>publish</c> sends the payload once with each QoS named, one after the other. <c>stream</c> publishes each line of its input and
/// writes <c>published LINE</c> when the exchange is complete. One that is not let in writes <c>refused CODE REASON</c>.
/// </param>
/// <param name="Url"><c>mqtt:</c>, <c>mqtts:</c>, <c>ws:</c> or <c>wss:</c>.</param>
/// <param name="Version"><c>5</c> or <c>3.1.1</c>.</param>
/// <param name="ClientId">The client identifier.</param>
internal sealed record PeerCall(string Mode, Uri Url, string Version, string ClientId)
{
    /// <summary>PEM files: whom to trust, and what to show.</summary>
    public PeerFiles? Files { get; init; }

    public string Topic { get; init; } = "";

    public string Payload { get; init; } = "";

    public IReadOnlyList<int> Qos { get; init; } = [2];

    public bool Retain { get; init; }

    /// <summary>Keeps its session for ten minutes, and comes back by itself when the connection breaks.</summary>
    public bool Lasting { get; init; }

    /// <summary>Ends after so many messages; with 0 as soon as it has subscribed.</summary>
    public int? Count { get; init; }

    public IReadOnlyList<(string Name, string Value)> UserProperties { get; init; } = [];

    public string? ResponseTopic { get; init; }

    public string? CorrelationData { get; init; }

    public int? ExpirySeconds { get; init; }

    public (string Topic, string Payload)? Will { get; init; }

    public bool IsV5 => Version == "5";

    /// <summary>The drivers' command line.</summary>
    public IEnumerable<string> Arguments() =>
    [
        Mode, Url.OriginalString, "--version", Version, "--id", ClientId, "--topic", Topic, "--payload", Payload,
        .. Qos.SelectMany(qos => Option("qos", $"{qos}")),
        .. UserProperties.SelectMany(pair => Option("user", $"{pair.Name}={pair.Value}")),
        .. Option("ca", Files?.Authority), .. Option("cert", Files?.Certificate), .. Option("key", Files?.Key),
        .. Option("count", Count?.ToString()), .. Option("response", ResponseTopic), .. Option("correlation", CorrelationData),
        .. Option("expiry", ExpirySeconds?.ToString()),
        .. Option("will-topic", Will?.Topic), .. Option("will-payload", Will?.Payload),
        .. Retain ? ["--retain"] : Array.Empty<string>(), .. Lasting ? ["--lasting"] : Array.Empty<string>(),
    ];

    private static string[] Option(string name, string? value) => value is null ? [] : [$"--{name}", value];
}

/// <summary>Files of a client's side of TLS; the last two for mutual TLS only.</summary>
internal sealed record PeerFiles(string Authority, string? Certificate, string? Key);

/// <summary>A message as a foreign client saw it; what a 3.1.1 client cannot see is empty.</summary>
/// <param name="User">User properties in their order, <c>name:value</c> with spaces between.</param>
internal sealed record PeerMessage(
    string Topic, string Payload, int Qos, int Retain, string User, string Response, string Correlation, string Expiry);
