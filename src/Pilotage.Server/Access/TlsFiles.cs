using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Pilotage.Server.Access;

/// <summary>Reads the certificates and the key that an operator gave; what is wrong with them names the option and the file.</summary>
internal static class TlsFiles
{
    /// <summary>The roots of a file; none when there is no file.</summary>
    public static Outcome<X509Certificate2Collection> Roots(string? file) => file is null
        ? new X509Certificate2Collection()
        : Certificates("--tls-ca", file, "give a PEM file with the roots of your devices' certificates");

    /// <summary>The server's own certificate with its key, and all that stands in its file.</summary>
    public static Outcome<(X509Certificate2 Certificate, X509Certificate2Collection Chain)> Own(string certificateFile, string keyFile)
    {
        if (!Certificates("--tls-cert", certificateFile, "give a PEM file with the server's certificate, then its chain").TryGet(out var chain, out var refusal))
        {
            return refusal;
        }

        try
        {
            return (X509Certificate2.CreateFromPemFile(certificateFile, keyFile), chain);
        }
        catch (Exception failure) when (IsOfFiles(failure))
        {
            return new Refusal(
                "server.tls",
                $"--tls-key {keyFile} is not the key of --tls-cert {certificateFile}: {failure.Message} Give the private key (PEM) that belongs to the certificate.");
        }
    }

    private static Outcome<X509Certificate2Collection> Certificates(string option, string file, string advice)
    {
        try
        {
            var found = new X509Certificate2Collection();
            found.ImportFromPemFile(file);
            return found.Count > 0 ? found : new Refusal("server.tls", $"{option} {file} holds no certificate in PEM; {advice}.");
        }
        catch (Exception failure) when (IsOfFiles(failure))
        {
            return new Refusal("server.tls", $"{option} {file} cannot be read: {failure.Message} Please {advice}.");
        }
    }

    private static bool IsOfFiles(Exception failure) =>
        failure is CryptographicException or ArgumentException or IOException or UnauthorizedAccessException;
}
