using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Pilotage.Trust;

/// <summary>Decides whether a peer's certificate chains to one of the given roots, now.</summary>
/// <remarks>
/// What it found good it remembers by digest with the time for which it holds, so that a device that comes back costs a
/// look-up in place of a chain. Nothing is remembered of one that was refused.
/// </remarks>
public sealed class CertificateTrust(IReadOnlyCollection<X509Certificate2> roots, TimeProvider time)
{
    /// <summary>When this many are remembered, all are forgotten: about 2 MB.</summary>
    private const int RememberedMax = 16_384;

    private readonly ConcurrentDictionary<Key, Term> _good = new();

    /// <summary>Checks signature, validity and purpose; nothing but the given roots is trusted.</summary>
    public Outcome<X509Certificate2> Check(X509Certificate2 certificate, PeerPurpose purpose)
    {
        var now = time.GetUtcNow().UtcDateTime;
        var key = Key.Of(certificate, purpose);
        if (_good.TryGetValue(key, out var term) && now >= term.From && now <= term.Until)
        {
            return certificate;
        }

        using var chain = new X509Chain();
        var policy = chain.ChainPolicy;
        policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        policy.CustomTrustStore.AddRange(roots.ToArray());
        policy.RevocationMode = X509RevocationMode.NoCheck; // Revocation is the fleet's answer, per device, at once.
        policy.DisableCertificateDownloads = true;
        policy.VerificationTimeIgnored = false;
        policy.VerificationTime = now;
        policy.ApplicationPolicy.Add(new(purpose == PeerPurpose.Client ? "1.3.6.1.5.5.7.3.2" : "1.3.6.1.5.5.7.3.1"));
        if (chain.Build(certificate))
        {
            Remember(key, chain);
            return certificate;
        }

        var why = string.Join("; ", chain.ChainStatus.Select(s => s.Status.ToString()).Distinct(StringComparer.Ordinal));
        return new Refusal("trust.certificate", $"The certificate of \"{certificate.Subject}\" is not trusted here: {why}.");
    }

    private void Remember(Key key, X509Chain chain)
    {
        if (_good.Count >= RememberedMax)
        {
            _good.Clear();
        }

        // Good as long as every certificate up to the root is.
        _good[key] = new(
            chain.ChainElements.Max(element => element.Certificate.NotBefore).ToUniversalTime(),
            chain.ChainElements.Min(element => element.Certificate.NotAfter).ToUniversalTime());
    }

    private readonly record struct Term(DateTime From, DateTime Until);

    private readonly record struct Key(UInt128 High, UInt128 Low, PeerPurpose Purpose)
    {
        public static Key Of(X509Certificate2 certificate, PeerPurpose purpose)
        {
            Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
            SHA256.HashData(certificate.RawDataMemory.Span, digest);
            var halves = MemoryMarshal.Cast<byte, UInt128>(digest);
            return new(halves[0], halves[1], purpose);
        }
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
