using System.Security.Cryptography.X509Certificates;

namespace Pilotage.Broker;

/// <summary>TLS 1.2 and 1.3 of one listener.</summary>
public sealed record TlsListenerOptions
{
    /// <summary>Asked at each handshake, so that a renewed certificate needs no restart; has its private key.</summary>
    public required Func<X509Certificate2> Certificate { get; init; }

    /// <summary>Intermediate certificates to send along.</summary>
    public X509Certificate2Collection? Chain { get; init; }

    /// <summary>
    /// Whether a client must, may or need not show a certificate; <see cref="BrokerHooks.TrustsCertificate"/> judges
    /// it.
    /// </summary>
    public ClientCertificates ClientCertificates { get; init; } = ClientCertificates.Required;
}

/// <summary>What a TLS listener asks of its clients.</summary>
public enum ClientCertificates
{
    /// <summary>No certificate, no connection.</summary>
    Required,

    /// <summary>A certificate is asked for; one that is shown must be trusted.</summary>
    Optional,

    /// <summary>None is asked for.</summary>
    None,
}
