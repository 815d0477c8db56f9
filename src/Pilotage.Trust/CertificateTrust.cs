using System.Security.Cryptography.X509Certificates;

namespace Pilotage.Trust;

/// <summary>Decides whether a peer's certificate chains to one of the given roots, now.</summary>
public sealed class CertificateTrust(IReadOnlyCollection<X509Certificate2> roots, TimeProvider time)
{
    /// <summary>Checks signature, validity and purpose; nothing but the given roots is trusted.</summary>
    public Outcome<X509Certificate2> Check(X509Certificate2 certificate, PeerPurpose purpose)
    {
        using var chain = new X509Chain();
        var policy = chain.ChainPolicy;
        policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        policy.CustomTrustStore.AddRange(roots.ToArray());
        policy.RevocationMode = X509RevocationMode.NoCheck; // Revocation is the fleet's answer, per device, at once.
        policy.DisableCertificateDownloads = true;
        policy.VerificationTimeIgnored = false;
        policy.VerificationTime = time.GetUtcNow().UtcDateTime;
        policy.ApplicationPolicy.Add(new(purpose == PeerPurpose.Client ? "1.3.6.1.5.5.7.3.2" : "1.3.6.1.5.5.7.3.1"));
        if (chain.Build(certificate))
        {
            return certificate;
        }

        var why = string.Join("; ", chain.ChainStatus.Select(s => s.Status.ToString()).Distinct(StringComparer.Ordinal));
        return new Refusal("trust.certificate", $"The certificate of \"{certificate.Subject}\" is not trusted here: {why}.");
    }
}

/// <summary>What a peer's certificate must be good for.</summary>
public enum PeerPurpose
{
    /// <summary>It connects to us.</summary>
    Client,

    /// <summary>We connect to it.</summary>
    Server,
}
