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
        if (!CertificateAuthority.OpenOrCreate(folder.Keys, new(), time).TryGet(out var authority, out var refusal)
            || !SigningKey.OpenOrCreate(folder.Keys, SigningFile).TryGet(out var signing, out refusal)
            || !TlsFiles.Roots(options.TlsCa).TryGet(out var roots, out refusal))
        {
            return refusal;
        }

        roots.Add(authority.Certificate);
        var trust = new CertificateTrust([.. roots], time);
        if (options is not { TlsCert: { } certificateFile, TlsKey: { } keyFile })
        {
            return new ServerKeys(signing, authority, trust, authority.IssueServer(options.Hosts), [authority.Certificate]);
        }

        return TlsFiles.Own(certificateFile, keyFile).TryGet(out var own, out refusal)
            ? new ServerKeys(signing, authority, trust, own.Certificate, own.Chain)
            : refusal;
    }

    public void Dispose()
    {
        Signing.Dispose();
        Authority.Dispose();
        Certificate.Dispose();
    }
}
