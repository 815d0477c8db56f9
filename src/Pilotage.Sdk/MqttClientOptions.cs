using System.ComponentModel.DataAnnotations;
using Pilotage.Protocols.Mqtt;

namespace Pilotage.Sdk;

/// <summary>Everything about one client. Only the endpoint is required.</summary>
public sealed record MqttClientOptions
{
    /// <summary>Where the broker listens.</summary>
    public required MqttEndpoint Endpoint { get; init; }

    /// <summary>
    /// Nothing means no TLS, which brokers of ours accept on Unix sockets and marked loopback listeners only.
    /// </summary>
    public MqttTlsOptions? Tls { get; init; }

    /// <summary>5.0 unless the broker is an old one.</summary>
    public MqttVersion Version { get; init; } = MqttVersion.V5;

    /// <summary>
    /// Names the session; when empty the broker chooses one, which suits sessions that end with the connection.
    /// </summary>
    public string ClientId { get; init; } = "";

    /// <summary>
    /// Whether the first connection forgets an earlier session; reconnections resume theirs whenever it can have one.
    /// </summary>
    public bool CleanStart { get; init; } = true;

    /// <summary>
    /// How long the broker keeps the session without a connection. In 3.1.1 anything above zero means "for good".
    /// </summary>
    public TimeSpan SessionExpiry { get; init; }

    /// <summary>Silence after which a ping is sent; the broker may set another.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Nothing when absent.</summary>
    public string? UserName { get; init; }

    /// <summary>Nothing when absent.</summary>
    public ReadOnlyMemory<byte>? Password { get; init; }

    /// <summary>Published by the broker when this client is lost.</summary>
    public MqttMessage? Will { get; init; }

    /// <summary>How long the broker waits for the client to come back before it publishes the will.</summary>
    public TimeSpan WillDelay { get; init; }

    /// <summary>QoS 1 and 2 publishes on their way at the same time; more wait. The broker may allow fewer.</summary>
    [Range(1, 65_535)]
    public int InflightMax { get; init; } = 64;

    /// <summary>
    /// Publishes waiting for room or for a connection; past that <see cref="MqttClient.PublishAsync"/> itself waits.
    /// </summary>
    [Range(1, 1_000_000)]
    public int QueueMax { get; init; } = 1024;

    /// <summary>
    /// A queue on disk for publishes with QoS 1 and 2, for programs that must not lose one; nothing by default, and
    /// then what is unanswered goes with the program.
    /// </summary>
    public MqttQueueOptions? Queue { get; init; }

    /// <summary>Unacknowledged messages taken from the broker at the same time.</summary>
    [Range(1, 65_535)]
    public int ReceiveMaximum { get; init; } = 64;

    /// <summary>
    /// Calls of the message handler under way at the same time; 1 means that each waits for the one before. With more,
    /// calls still begin in order and acks leave in order.
    /// </summary>
    [Range(1, 65_535)]
    public int HandlersMax { get; init; } = 1;

    /// <summary>Largest packet taken from the broker, in bytes.</summary>
    [Range(128, 268_435_460)]
    public int PacketBytesMax { get; init; } = 16 * 1024 * 1024;

    /// <summary>From the first byte to CONNACK, TLS included.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// Upper end of the first wait before a new connection; the wait itself is drawn between zero and it.
    /// </summary>
    public TimeSpan BackoffMin { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Upper end of the longest wait; it doubles up to here.</summary>
    public TimeSpan BackoffMax { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>A connection that held this long lets the next wait begin at <see cref="BackoffMin"/> again.</summary>
    public TimeSpan StableAfter { get; init; } = TimeSpan.FromSeconds(60);
}
