using Pilotage.Trust;

namespace Pilotage.Server.Access.Contracts;

/// <summary>The server's own keys: what it signs with, and the authority that names its devices.</summary>
public interface IServerKeys
{
    /// <summary>Signs releases, baselines, approvals and ledger heads.</summary>
    SigningKey Signing { get; }

    /// <summary>Issues device and server certificates.</summary>
    CertificateAuthority Authority { get; }

    /// <summary>Trusts client certificates of the authority and of <c>--tls-ca</c>.</summary>
    CertificateTrust ClientTrust { get; }
}
