using System.Net;
using System.Security.Cryptography.X509Certificates;
using Pilotage.Protocols.Mqtt;

namespace Pilotage.Broker;

/// <summary>What a client showed when it asked to connect.</summary>
public sealed record ConnectRequest
{
    /// <summary>Name of the listener.</summary>
    public required string Listener { get; init; }

    /// <summary>3.1.1 or 5.0.</summary>
    public required MqttVersion Version { get; init; }

    /// <summary>Never empty: when the client sent none, the broker has made one up.</summary>
    public required string ClientId { get; init; }

    /// <summary>Whether the broker made the client id up.</summary>
    public bool ClientIdAssigned { get; init; }

    /// <summary>Nothing when absent.</summary>
    public string? UserName { get; init; }

    /// <summary>Nothing when absent.</summary>
    public ReadOnlyMemory<byte>? Password { get; init; }

    /// <summary>
    /// Trusted by <see cref="BrokerHooks.TrustsCertificate"/> already; lives as long as the connection.
    /// </summary>
    public X509Certificate2? Certificate { get; init; }

    /// <summary>Whether the connection is encrypted.</summary>
    public bool Encrypted { get; init; }

    /// <summary>The peer's address; nothing for a Unix socket.</summary>
    public EndPoint? Remote { get; init; }

    /// <summary>User properties of CONNECT.</summary>
    public IReadOnlyList<(string Name, string Value)> UserProperties { get; init; } = [];
}
