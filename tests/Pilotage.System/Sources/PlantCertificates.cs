using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Pilotage.System.Sources;

/// <summary>The authority of a plant, with a certificate of its broker and one for us.</summary>
internal static class PlantCertificates
{
    /// <summary>Writes <c>ca.pem</c>, <c>broker.pem</c>, <c>broker.key</c>, <c>own.pem</c> and <c>own.key</c> into a folder.</summary>
    public static void Write(string folder)
    {
        var now = TimeProvider.System.GetUtcNow();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Plant", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var authority = request.CreateSelfSigned(now.AddHours(-1), now.AddDays(1));
        File.WriteAllText(Path.Combine(folder, "ca.pem"), authority.ExportCertificatePem() + "\n");
        Issue(folder, "broker", authority, now);
        Issue(folder, "own", authority, now);
    }

    private static void Issue(string folder, string name, X509Certificate2 authority, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(global::System.Net.IPAddress.Loopback);
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        using var issued = request.Create(authority, now.AddHours(-1), now.AddHours(20), RandomNumberGenerator.GetBytes(8));
        File.WriteAllText(Path.Combine(folder, name + ".pem"), issued.ExportCertificatePem() + "\n");
        File.WriteAllText(Path.Combine(folder, name + ".key"), key.ExportPkcs8PrivateKeyPem() + "\n");
    }
}
