using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Pilotage.Broker.Connections;

/// <summary>
/// What a listener's TLS handshakes have in common, made once for each server certificate: the chain to send is looked up
/// and the native context built for all of them instead of for each.
/// </summary>
internal sealed class TlsHandshakes(ListenerOptions listener, TlsListenerOptions tls, BrokerHooks hooks)
{
    private Made? _made;

    /// <summary>The options for the next handshake.</summary>
    public SslServerAuthenticationOptions Options()
    {
        var certificate = tls.Certificate();
        var made = Volatile.Read(ref _made);
        if (made is null || !ReferenceEquals(made.Certificate, certificate))
        {
            // Two handshakes may both make one after a renewal; either serves.
            made = new(certificate, Make(certificate));
            Volatile.Write(ref _made, made);
        }

        return made.Options;
    }

    private SslServerAuthenticationOptions Make(X509Certificate2 certificate) => new()
    {
        ServerCertificateContext = SslStreamCertificateContext.Create(certificate, tls.Chain, offline: true),
#pragma warning disable CA5398 // These two and nothing older is what we promise, whatever the machine's policy allows.
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
#pragma warning restore CA5398
        ClientCertificateRequired = tls.ClientCertificates != ClientCertificates.None,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,

        // Empty, not absent: Kestrel would offer HTTP by ALPN. We offer nothing, which every MQTT client takes.
        ApplicationProtocols = [],

        // Whom to trust is the host's to say, in the callback: the roots of the machine play no part and are not read.
        CertificateChainPolicy = new()
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
            VerificationFlags = X509VerificationFlags.AllowUnknownCertificateAuthority,
        },
        RemoteCertificateValidationCallback = (_, shown, _, _) => shown is null
            ? tls.ClientCertificates != ClientCertificates.Required
            : shown is X509Certificate2 client && hooks.TrustsCertificate(listener.Name, client),
    };

    private sealed record Made(X509Certificate2 Certificate, SslServerAuthenticationOptions Options);
}
