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
}
