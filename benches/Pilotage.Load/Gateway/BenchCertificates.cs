using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Pilotage.Load.Gateway;

/// <summary>An authority, a server and a client, as PEM files that both brokers and the load generator read.</summary>
internal sealed class BenchCertificates
{
    private readonly string _folder;

    public BenchCertificates(string folder)
    {
        _folder = folder;
        using var authorityKey = NewKey();
        var request = new CertificateRequest("CN=bench authority", authorityKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        var now = DateTimeOffset.UtcNow;
        using var authority = request.CreateSelfSigned(now.AddHours(-1), now.AddDays(2));
        File.WriteAllText(Authority, authority.ExportCertificatePem());
        Issue(authority, "localhost", Server, ServerKey, "1.3.6.1.5.5.7.3.1");
        Issue(authority, "client", Client, ClientKey, "1.3.6.1.5.5.7.3.2");
    }

    public string Authority => Path.Combine(_folder, "ca.crt");

    public string Server => Path.Combine(_folder, "server.crt");

    public string ServerKey => Path.Combine(_folder, "server.key");

    public string Client => Path.Combine(_folder, "device.crt");

    public string ClientKey => Path.Combine(_folder, "device.key");

    private static ECDsa NewKey() => ECDsa.Create(ECCurve.NamedCurves.nistP256);

    private static void Issue(X509Certificate2 authority, string name, string file, string keyFile, string purpose)
    {
        using var key = NewKey();
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(purpose)], false));
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var issued = request.Create(authority, authority.NotBefore.AddMinutes(1), authority.NotAfter.AddHours(-1), RandomNumberGenerator.GetBytes(16));
        File.WriteAllText(file, issued.ExportCertificatePem());
        File.WriteAllText(keyFile, key.ExportPkcs8PrivateKeyPem());
    }
}
