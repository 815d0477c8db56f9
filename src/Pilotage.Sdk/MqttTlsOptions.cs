using System.Security.Cryptography.X509Certificates;

namespace Pilotage.Sdk;

/// <summary>How a client secures its connection: TLS 1.2 or 1.3.</summary>
public sealed record MqttTlsOptions
{
    /// <summary>The client's own certificate with its private key; nothing when the broker asks for none.</summary>
    public X509Certificate2? ClientCertificate { get; init; }

    /// <summary>Roots to trust instead of the machine's; empty means the machine's.</summary>
    public IReadOnlyList<X509Certificate2> Roots { get; init; } = [];

    /// <summary>The name that must stand in the server's certificate; by default the endpoint's host.</summary>
    public string? ServerName { get; init; }
}
