using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Pilotage.Trust;

namespace Pilotage.Sdk.Devices;

/// <summary>A device's key, certificate and trusted authority, as <c>pilotage device enroll --save DIR</c> leaves them.</summary>
public sealed class DeviceIdentity : IDisposable
{
    private DeviceIdentity(string deviceId, X509Certificate2 certificate, X509Certificate2 authority)
    {
        DeviceId = deviceId;
        Certificate = certificate;
        Authority = authority;
    }

    /// <summary>The device that the certificate names.</summary>
    public string DeviceId { get; }

    /// <summary>Its certificate, with the key.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>Who signs the servers it trusts.</summary>
    public X509Certificate2 Authority { get; }

    /// <summary>Reads <c>cert.pem</c>, <c>key.pem</c> and <c>ca.pem</c> from a folder.</summary>
    /// <param name="folder">Where they lie.</param>
    /// <exception cref="IOException">One of them is missing, cannot be read, or is not what it should be; the message names the folder.</exception>
    public static DeviceIdentity Load(string folder)
    {
        try
        {
            var certificate = X509Certificate2.CreateFromPemFile(Path.Combine(folder, "cert.pem"), Path.Combine(folder, "key.pem"));
            if (!DeviceCertificate.TryRead(certificate, out var identity))
            {
                certificate.Dispose();
                throw new CryptographicException("cert.pem names no device");
            }

            return new(identity!.Device.Value, certificate, X509CertificateLoader.LoadCertificateFromFile(Path.Combine(folder, "ca.pem")));
        }
        catch (Exception failure) when (failure is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new IOException($"{folder} holds no identity of a device (cert.pem, key.pem, ca.pem): {failure.Message}", failure);
        }
    }

    /// <summary>Lets go of key and certificates.</summary>
    public void Dispose()
    {
        Certificate.Dispose();
        Authority.Dispose();
    }
}
