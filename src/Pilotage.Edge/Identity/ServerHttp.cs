using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Pilotage.Edge.Identity;

/// <summary>HTTP to the server: at enrolment it must show the authority named in the code, afterwards a certificate of that authority.</summary>
internal static class ServerHttp
{
    private const int AuthorityBytesMax = 64 * 1024;
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromMinutes(2);

    /// <summary>The authority the server names, if it is the one the code pins; a root is not sent in a handshake, so it is asked for.</summary>
    /// <remarks>Nothing secret is said on this connection, and nothing it answers is believed but the pinned certificate.</remarks>
    public static async Task<Outcome<X509Certificate2>> PinnedAuthorityAsync(Uri server, Digest pin, CancellationToken cancellation)
    {
        using var http = Create(server, null, (_, _) => true);
        http.MaxResponseContentBufferSize = AuthorityBytesMax;
        try
        {
            var authority = X509Certificate2.CreateFromPem(await http.GetStringAsync(new Uri(server, "api/v1/authority"), cancellation));
            if (Digest.Of(authority.RawData) == pin)
            {
                return authority;
            }

            authority.Dispose();
            return new Refusal("edge.impostor", "The server that answered has another authority than the one in the code.");
        }
        catch (HttpRequestException failure) when (failure.StatusCode is { } status)
        {
            return new Refusal("edge.server_unreachable", $"What answers at {server} is no Pilotage server: it answered {(int)status} when asked for its authority.");
        }
        catch (HttpRequestException failure)
        {
            return Unreachable(server, failure);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return Silent(server);
        }
        catch (CryptographicException)
        {
            return new Refusal("edge.impostor", $"What answers at {server} does not name an authority; is it a Pilotage server?");
        }
    }

    public static Refusal Unreachable(Uri server, HttpRequestException failure) =>
        new("edge.server_unreachable", $"The server at {server} could not be asked: {(failure.InnerException ?? failure).Message.TrimEnd('.')}.");

    public static Refusal Silent(Uri server) =>
        new("edge.server_unreachable", $"The server at {server} did not answer within {AnswerWithin.TotalMinutes:0} minutes.");

    public static HttpClient ForEnrolment(Uri server, X509Certificate2 authority) =>
        Create(server, null, (leaf, sent) => ChainsTo(leaf, authority, sent));

    public static HttpClient ForEdge(Uri server, EdgeIdentity identity) =>
        Create(server, identity.Certificate, (leaf, sent) => ChainsTo(leaf, identity.Authority, sent));

    /// <summary>The certificate must be trusted and name the host that was asked for.</summary>
    public static RemoteCertificateValidationCallback Checking(Func<X509Certificate2, X509Certificate2Collection, bool> trusts) =>
        (_, certificate, chain, errors) => certificate is X509Certificate2 leaf
            && (errors & SslPolicyErrors.RemoteCertificateNameMismatch) == 0 && trusts(leaf, chain?.ChainPolicy.ExtraStore ?? []);

    public static bool ChainsTo(X509Certificate2 leaf, X509Certificate2 root, X509Certificate2Collection sent)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(root);
        chain.ChainPolicy.ExtraStore.AddRange(sent);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        return chain.Build(leaf);
    }

    private static HttpClient Create(Uri server, X509Certificate2? own, Func<X509Certificate2, X509Certificate2Collection, bool> trusts)
    {
        var handler = new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(5), AllowAutoRedirect = false };
        handler.SslOptions.RemoteCertificateValidationCallback = Checking(trusts);
        if (own is not null)
        {
            handler.SslOptions.LocalCertificateSelectionCallback = (_, _, _, _, _) => own;
        }

        return new HttpClient(handler, disposeHandler: true) { BaseAddress = server, Timeout = AnswerWithin };
    }
}
