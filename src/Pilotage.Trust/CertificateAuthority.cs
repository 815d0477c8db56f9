using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Pilotage.Core.Durability;

namespace Pilotage.Trust;

/// <summary>A small certificate authority (ECDSA P-256) that names devices and its own server.</summary>
/// <remarks>What a requester writes into its request is ignored, except the public key: the caller decides who it is.</remarks>
public sealed class CertificateAuthority : IDisposable
{
    /// <summary>File of the authority's certificate, PEM; anyone may read it.</summary>
    public const string CertificateFile = "ca.pem";

    /// <summary>File of the authority's key, PEM, mode 0600.</summary>
    public const string KeyFile = "ca.key";
    private const string ServerAuth = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuth = "1.3.6.1.5.5.7.3.2";
    private const int SerialBytes = 16;
    private const int RequestCharsMax = 16 * 1024;
    private readonly X509Certificate2 _certificate;
    private readonly CertificateAuthorityOptions _options;
    private readonly TimeProvider _time;

    private CertificateAuthority(X509Certificate2 certificate, CertificateAuthorityOptions options, TimeProvider time)
    {
        _certificate = certificate;
        _options = options;
        _time = time;
        Certificate = X509CertificateLoader.LoadCertificate(certificate.RawData);
        Fingerprint = Digest.Of(certificate.RawData);
    }

    /// <summary>The authority's certificate, without its key.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>The same as PEM text.</summary>
    public string CertificatePem => Certificate.ExportCertificatePem() + "\n";

    /// <summary>SHA-256 of the certificate's DER; what an enrolment code pins.</summary>
    public Digest Fingerprint { get; }

    /// <summary>Opens the authority in a folder, or makes one there that survives power loss.</summary>
    public static Outcome<CertificateAuthority> OpenOrCreate(
        IDurableDirectory folder, CertificateAuthorityOptions options, TimeProvider time)
    {
        // The certificate is written last: a key alone is the trace of a start that was cut short, and is replaced.
        if (!folder.Exists(CertificateFile))
        {
            using var made = Create(options, time);
            using var key = made.GetECDsaPrivateKey()!;
            PrivateFile.Write(folder, KeyFile, key.ExportPkcs8PrivateKeyPem());
            PrivateFile.Write(folder, CertificateFile, made.ExportCertificatePem() + "\n");
        }

        if (PrivateFile.Read(folder, KeyFile) is not { } keyPem)
        {
            return Damaged($"{KeyFile} is missing");
        }

        try
        {
            var certificatePem = PrivateFile.Read(folder, CertificateFile);
            return new CertificateAuthority(X509Certificate2.CreateFromPem(certificatePem, keyPem), options, time);
        }
        catch (Exception failure) when (failure is CryptographicException or ArgumentException)
        {
            return Damaged(failure.Message);
        }
    }

    /// <summary>Signs a device's request (PEM): client and server authentication, SAN URI naming the device.</summary>
    /// <param name="hosts">Names and addresses under which an edge serves its own devices; none for other devices.</param>
    public Outcome<X509Certificate2> IssueDevice(
        string requestPem, DeviceCertificate identity, TimeSpan? lifetime = null, IReadOnlyCollection<string>? hosts = null)
    {
        if (requestPem.Length > RequestCharsMax)
        {
            return BadRequest($"longer than {RequestCharsMax} characters");
        }

        CertificateRequest request;
        try
        {
            // Loading checks the request's own signature: the requester holds the key.
            request = CertificateRequest.LoadSigningRequestPem(requestPem, HashAlgorithmName.SHA256);
        }
        catch (Exception failure) when (failure is CryptographicException or ArgumentException)
        {
            return BadRequest(failure.Message);
        }

        var key = PublicKey.FromSpki(request.PublicKey.ExportSubjectPublicKeyInfo());
        if (!key.IsOk)
        {
            return key.Refusal;
        }

        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(new Uri(identity.Uri));
        if (!AddHosts(names, hosts ?? []))
        {
            return BadRequest("a host is neither a DNS name nor an IP address");
        }

        return Issue($"CN={identity.Device}", request.PublicKey, names, lifetime ?? _options.DeviceLifetime, [ClientAuth, ServerAuth]);
    }

    /// <summary>Makes a key and a certificate for a server that is reached under these host names or IP addresses.</summary>
    public X509Certificate2 IssueServer(IReadOnlyCollection<string> hosts, TimeSpan? lifetime = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var names = new SubjectAlternativeNameBuilder();
        if (!AddHosts(names, hosts))
        {
            throw new ArgumentException("A host is neither a DNS name nor an IP address.", nameof(hosts));
        }

        var publicKey = new System.Security.Cryptography.X509Certificates.PublicKey(key);
        using var issued = Issue("CN=Pilotage server", publicKey, names, lifetime ?? _options.ServerLifetime, [ServerAuth]);
        return issued.CopyWithPrivateKey(key);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _certificate.Dispose();
        Certificate.Dispose();
    }

    private static X509Certificate2 Create(CertificateAuthorityOptions options, TimeProvider time)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={options.Name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        var now = time.GetUtcNow();
        return request.CreateSelfSigned(now - options.Backdate, now + options.AuthorityLifetime);
    }

    private X509Certificate2 Issue(
        string subject,
        System.Security.Cryptography.X509Certificates.PublicKey key,
        SubjectAlternativeNameBuilder names,
        TimeSpan lifetime,
        IReadOnlyList<string> usages)
    {
        var request = new CertificateRequest(new X500DistinguishedName(subject), key, HashAlgorithmName.SHA256);
        var extensions = request.CertificateExtensions;
        extensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        extensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        extensions.Add(new X509EnhancedKeyUsageExtension([.. usages.Select(u => new Oid(u))], false));
        extensions.Add(names.Build());
        extensions.Add(new X509SubjectKeyIdentifierExtension(key, false));
        extensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_certificate, true, false));

        var now = _time.GetUtcNow();
        var from = Latest(now - _options.Backdate, _certificate.NotBefore.ToUniversalTime());
        var until = Earliest(now + lifetime, _certificate.NotAfter.ToUniversalTime());
        var serial = RandomNumberGenerator.GetBytes(SerialBytes);
        serial[0] &= 0x7F; // A serial number is positive (RFC 5280, 4.1.2.2).
        return request.Create(_certificate, from, until, serial);
    }

    private static bool AddHosts(SubjectAlternativeNameBuilder names, IReadOnlyCollection<string> hosts)
    {
        foreach (var host in hosts)
        {
            if (IPAddress.TryParse(host, out var address))
            {
                names.AddIpAddress(address);
            }
            else if (Uri.CheckHostName(host) == UriHostNameType.Dns)
            {
                names.AddDnsName(host);
            }
            else
            {
                return false;
            }
        }

        return true;
    }

    private static DateTimeOffset Latest(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;

    private static DateTimeOffset Earliest(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;

    private static Refusal Damaged(string why) => new(
        "trust.authority_damaged",
        $"The certificate authority ({CertificateFile}, {KeyFile}) cannot be opened: {why.TrimEnd('.')}. Restore both files from a backup.");

    private static Refusal BadRequest(string why) =>
        new("trust.request_malformed", $"Not a certificate signing request in PEM: {why}");
}
