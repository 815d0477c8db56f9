using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.Trust;

namespace Pilotage.Server.Access;

/// <summary>Opens or makes the keys of a server, and its certificate for this run.</summary>
internal sealed class ServerKeys : IServerKeys, IServerTls, IDisposable
{
    private const string SigningFile = "signing.key";

    private ServerKeys(
        SigningKey signing, CertificateAuthority authority, CertificateTrust trust, X509Certificate2 certificate, X509Certificate2Collection chain)
    {
        Signing = signing;
        Authority = authority;
        ClientTrust = trust;
        Certificate = certificate;
        Chain = chain;
    }

    public SigningKey Signing { get; }

    public CertificateAuthority Authority { get; }

    public CertificateTrust ClientTrust { get; }

    /// <summary>Certificate with key for every TLS listener.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>What is sent beside it.</summary>
    public X509Certificate2Collection Chain { get; }

    public static Outcome<ServerKeys> Open(DataFolder folder, ServerOptions options, TimeProvider time)
    {
        var authority = CertificateAuthority.OpenOrCreate(folder.Keys, new(), time);
        var signing = SigningKey.OpenOrCreate(Path.Combine(folder.Keys, SigningFile));
        if (!authority.IsOk || !signing.IsOk)
        {
            return authority.IsOk ? signing.Refusal : authority.Refusal;
        }

        try
        {
            var roots = new X509Certificate2Collection(authority.Value.Certificate);
            if (options.TlsCa is { } extra)
            {
                roots.ImportFromPemFile(extra);
            }

            var chain = new X509Certificate2Collection();
            if (options.TlsCert is null)
            {
                chain.Add(authority.Value.Certificate);
            }
            else
            {
                chain.ImportFromPemFile(options.TlsCert);
            }

            var certificate = options.TlsCert is null
                ? authority.Value.IssueServer(options.Hosts)
                : X509Certificate2.CreateFromPemFile(options.TlsCert, options.TlsKey);
            return new ServerKeys(signing.Value, authority.Value, new CertificateTrust([.. roots], time), certificate, chain);
        }
        catch (CryptographicException failure)
        {
            return new Refusal("server.tls", $"The TLS files cannot be used: {failure.Message}");
        }
    }

    public void Dispose()
    {
        Signing.Dispose();
        Authority.Dispose();
        Certificate.Dispose();
    }
}
