using System.Net;

namespace Pilotage.Broker;

/// <summary>One place where clients may connect, with its own policy.</summary>
public sealed record ListenerOptions
{
    /// <summary>Shown to the hooks, in logs and in metrics.</summary>
    public required string Name { get; init; }

    /// <summary>An IP endpoint (port 0 takes a free one) or a Unix socket, which is given mode 0600.</summary>
    public required EndPoint EndPoint { get; init; }

    /// <summary>Required for IP endpoints, unless <see cref="Insecure"/> says otherwise.</summary>
    public TlsListenerOptions? Tls { get; init; }

    /// <summary>Plain MQTT over IP: loopback addresses only, and a warning is logged at every start.</summary>
    public bool Insecure { get; init; }

    /// <summary>Set for MQTT over WebSockets; nothing for MQTT on the bare connection.</summary>
    public WebSocketListenerOptions? WebSocket { get; init; }

    /// <summary>
    /// When messages of this listener's clients are acknowledged. <see cref="AckPolicy.Memory"/> is faster and loses
    /// what the disk did not have yet when the process dies.
    /// </summary>
    public AckPolicy Acks { get; init; }
}

/// <summary>MQTT over WebSockets (MQTT 5.0, section 6).</summary>
public sealed record WebSocketListenerOptions
{
    /// <summary>The only path that is served.</summary>
    public string Path { get; init; } = "/mqtt";

    /// <summary>
    /// Origins whose pages may connect, for example <c>https://console.plant</c>; <c>*</c> for all. Pages of the
    /// listener's own origin always may, by ws those of its https twin too; clients that name no origin are not asked.
    /// </summary>
    public IReadOnlyList<string> Origins { get; init; } = [];
}

/// <summary>When a message is acknowledged.</summary>
public enum AckPolicy
{
    /// <summary>Once it is on disk.</summary>
    Durable,

    /// <summary>Once it is in memory; it is written all the same.</summary>
    Memory,
}
