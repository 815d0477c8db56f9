using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Pilotage.Broker.Loops;

/// <summary>One listener's TLS: the certificate it shows, made ready once for all handshakes, and whom it lets in.</summary>
/// <param name="tls">What the listener asks for.</param>
/// <param name="trusts">Judges a client's certificate; on the loop's thread, so it must not wait.</param>
/// <param name="time">Tells a device whose certificate has run out that it has.</param>
internal sealed class TlsSessions(TlsListenerOptions tls, Func<X509Certificate2, bool> trusts, TimeProvider time) : IDisposable
{
    private const int CertificateBytesMax = 32 * 1024;

    private readonly Lock _making = new();
    private X509Certificate2? _shown;
    private nint _context;
    private bool _ended;

    /// <summary>Whether TLS can be done here with that certificate; its key must be one that can be read.</summary>
    public static bool CanServe(TlsListenerOptions tls) => TlsCalls.IsPresent && KeyOf(tls.Certificate()) is not null;

    /// <summary>A session over a connected socket, its handshake yet to be made.</summary>
    /// <exception cref="IOException">The server's certificate cannot be used.</exception>
    public TlsSession Open(int descriptor)
    {
        lock (_making)
        {
            if (_ended)
            {
                throw new IOException("the listener is closed");
            }

            var certificate = tls.Certificate();
            if (!ReferenceEquals(certificate, _shown))
            {
                var made = Make(certificate);

                // Sessions that stand on the one before keep it alive.
                TlsCalls.CtxFree(_context);
                (_context, _shown) = (made, certificate);
            }

            return new(TlsCalls.New(_context), descriptor, this);
        }
    }

    /// <summary>What is wrong with a client's certificate, as the library's code for it; 0 when it is trusted.</summary>
    public int Judge(X509Certificate2 certificate)
    {
        if (trusts(certificate))
        {
            return 0;
        }

        var now = time.GetUtcNow().UtcDateTime;
        return certificate.NotAfter.ToUniversalTime() < now ? TlsCalls.CertificateExpired
            : certificate.NotBefore.ToUniversalTime() > now ? TlsCalls.CertificateNotYetValid
            : TlsCalls.CertificateUntrusted;
    }

    public void Dispose()
    {
        lock (_making)
        {
            TlsCalls.CtxFree(_context);
            (_context, _shown, _ended) = (0, null, true);
        }
    }

    private unsafe nint Make(X509Certificate2 certificate)
    {
        var asks = tls.ClientCertificates switch
        {
            ClientCertificates.Required => TlsCalls.VerifyPeer | TlsCalls.FailWithoutCertificate,
            ClientCertificates.Optional => TlsCalls.VerifyPeer,
            _ => TlsCalls.VerifyNone,
        };
        var key = KeyOf(certificate) ?? throw new IOException("the private key of the server's certificate cannot be read");
        var context = TlsCalls.NewContext(asks, &TlsSession.Judge, CertificateBytesMax);
        try
        {
            TlsCalls.UseCertificate(context, certificate.RawData, key, tls.Chain?.Select(one => one.RawData) ?? []);
            return context;
        }
        catch
        {
            TlsCalls.CtxFree(context);
            throw;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    private static byte[]? KeyOf(X509Certificate2 certificate)
    {
        try
        {
            using var curve = certificate.GetECDsaPrivateKey();
            using var rsa = certificate.GetRSAPrivateKey();
            return ((AsymmetricAlgorithm?)curve ?? rsa)?.ExportPkcs8PrivateKey();
        }
        catch (CryptographicException)
        {
            // It stays where it is made: in hardware.
            return null;
        }
    }
}
