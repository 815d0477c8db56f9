using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Pilotage.Sdk;

namespace Pilotage.Server.Fabric.Sources;

/// <summary>Reads what a source is secured with.</summary>
internal static class SourceTls
{
    /// <summary>The options; nothing for an address without TLS.</summary>
    public static Outcome<MqttTlsOptions?> Of(SourceAddress address, string? caPem, string? certificatePem, string? keyPem)
    {
        if (!address.IsSecure)
        {
            return caPem is null && certificatePem is null && keyPem is null
                ? (Outcome<MqttTlsOptions?>)(MqttTlsOptions?)null
                : Bad("/url", $"is {address.Scheme}://, where no certificate is looked at; write mqtts:// or wss://, or leave the certificates out");
        }

        if (certificatePem is null != keyPem is null)
        {
            return Bad(certificatePem is null ? "/certificatePem" : "/keyPem", "is missing; a certificate is shown with its key, or neither is given");
        }

        return Roots(caPem).Then(roots => Own(certificatePem, keyPem).Then(own => (Outcome<MqttTlsOptions?>)new MqttTlsOptions { Roots = roots, ClientCertificate = own }));
    }

    private static Outcome<List<X509Certificate2>> Roots(string? pem)
    {
        var roots = new X509Certificate2Collection();
        try
        {
            roots.ImportFromPem(pem ?? "");
        }
        catch (CryptographicException)
        {
            roots.Clear();
        }

        return pem is not null && roots.Count == 0 ? Bad("/caPem", "holds no certificate in PEM; give the root that signed the broker's certificate") : (List<X509Certificate2>)[.. roots];
    }

    private static Outcome<X509Certificate2?> Own(string? certificatePem, string? keyPem)
    {
        if (certificatePem is null)
        {
            return (X509Certificate2?)null;
        }

        try
        {
            return X509Certificate2.CreateFromPem(certificatePem, keyPem);
        }
        catch (Exception failure) when (failure is CryptographicException or ArgumentException)
        {
            return Bad("/keyPem", "is not the key of the certificate, both in PEM and the key without a password");
        }
    }

    private static Refusal Bad(string where, string says) => new("fabric.source.malformed", $"{where[1..]} {says}.") { Details = [new(where, says)] };
}
