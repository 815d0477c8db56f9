using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Pilotage.Edge.Identity;

/// <summary>HTTP to the server: at enrolment it must show the authority named in the code, afterwards a certificate of that authority.</summary>
internal static class ServerHttp
{
    public static HttpClient ForEnrolment(Uri server, Digest authority) => Create(
        server,
        null,
        (leaf, sent) => sent.FirstOrDefault(candidate => Digest.Of(candidate.RawData) == authority) is { } root && ChainsTo(leaf, root, sent));

    public static HttpClient ForEdge(Uri server, EdgeIdentity identity) =>
        Create(server, identity.Certificate, (leaf, sent) => ChainsTo(leaf, identity.Authority, sent));

    private static HttpClient Create(Uri server, X509Certificate2? own, Func<X509Certificate2, X509Certificate2Collection, bool> trusts)
    {
        var handler = new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(5), AllowAutoRedirect = false };
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
            certificate is X509Certificate2 leaf && (errors & SslPolicyErrors.RemoteCertificateNameMismatch) == 0
            && trusts(leaf, chain?.ChainPolicy.ExtraStore ?? []);
        if (own is not null)
        {
            handler.SslOptions.LocalCertificateSelectionCallback = (_, _, _, _, _) => own;
        }

        return new HttpClient(handler, disposeHandler: true) { BaseAddress = server, Timeout = TimeSpan.FromMinutes(2) };
    }

    private static bool ChainsTo(X509Certificate2 leaf, X509Certificate2 root, X509Certificate2Collection sent)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(root);
        chain.ChainPolicy.ExtraStore.AddRange(sent);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        return chain.Build(leaf);
    }
}
