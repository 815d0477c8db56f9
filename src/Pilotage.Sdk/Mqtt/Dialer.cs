using System.Net.Security;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Pilotage.Sdk.Mqtt;

/// <summary>Opens the byte stream to a broker: socket, then TLS where asked for.</summary>
internal static class Dialer
{
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(5);

    public static async Task<Stream> OpenAsync(MqttClientOptions options, CancellationToken cancellation)
    {
        if (options.Endpoint.WebSocketPath is not null)
        {
            return await OpenWebSocketAsync(options, cancellation);
        }

        var socket = options.Endpoint.UnixPath is null
            ? new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true }
            : new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        Stream stream;
        try
        {
            await socket.ConnectAsync(options.Endpoint.ToEndPoint(), cancellation);
            stream = new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        if (options.Tls is not { } tls)
        {
            return stream;
        }

        var secured = new SslStream(stream, leaveInnerStreamOpen: false);
        try
        {
            await secured.AuthenticateAsClientAsync(Authentication(options, tls), cancellation);
            return secured;
        }
        catch
        {
            await secured.DisposeAsync();
            throw;
        }
    }

    private static async Task<Stream> OpenWebSocketAsync(MqttClientOptions options, CancellationToken cancellation)
    {
        var (scheme, endpoint) = (options.Tls is null ? "ws" : "wss", options.Endpoint);
        using var handler = new SocketsHttpHandler { UseProxy = false };
        if (options.Tls is { } tls)
        {
            handler.SslOptions = Authentication(options, tls);
        }

        using var invoker = new HttpMessageInvoker(handler, disposeHandler: false);
        var socket = new ClientWebSocket();
        try
        {
            // MQTT has a keep alive of its own.
            socket.Options.KeepAliveInterval = TimeSpan.Zero;
            socket.Options.AddSubProtocol("mqtt");
            var address = new UriBuilder(scheme, endpoint.Host, endpoint.Port, endpoint.WebSocketPath).Uri;
            await socket.ConnectAsync(address, invoker, cancellation);
            return WebSocketStream.Create(socket, WebSocketMessageType.Binary, CloseTimeout);
        }
        catch (WebSocketException refused)
        {
            socket.Dispose();
            throw new IOException($"The WebSocket at {endpoint} could not be opened: {refused.Message}", refused);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static SslClientAuthenticationOptions Authentication(MqttClientOptions options, MqttTlsOptions tls)
    {
        var authentication = new SslClientAuthenticationOptions
        {
            TargetHost = tls.ServerName ?? options.Endpoint.Host,
#pragma warning disable CA5398 // These two and nothing older, whatever the machine's policy allows.
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
#pragma warning restore CA5398
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        };
        if (tls.ClientCertificate is { } own)
        {
            authentication.ClientCertificateContext = SslStreamCertificateContext.Create(own, null, offline: true);
        }

        if (tls.Roots.Count > 0)
        {
            var policy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
                DisableCertificateDownloads = true,
            };
            policy.CustomTrustStore.AddRange(tls.Roots.ToArray());
            authentication.CertificateChainPolicy = policy;
        }

        return authentication;
    }
}
