using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging.Abstractions;
using Pilotage.Broker;
using Pilotage.Core;
using Pilotage.Core.Durability;
using Pilotage.Protocols.Mqtt;
using Pilotage.Sdk;
using Pilotage.Testing.Gateway;
using Pilotage.Trust;

namespace Pilotage.System.Gateway;

/// <summary>A broker that lets in whoever shows a certificate of its authority, by TCP and by WebSocket.</summary>
internal sealed class TlsRig : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("pilotage-tls-");

    private TlsRig() => Authority = AuthorityOf("right");

    public CertificateAuthority Authority { get; }

    public TestBroker Broker { get; private set; } = null!;

    /// <summary>What the broker shows from the next handshake on.</summary>
    public X509Certificate2 Shown { get; set; } = null!;

    public int WebPort => Broker.Broker.BoundEndpoints.Single(endpoint => endpoint.Listener == "wss").Port;

    public static async Task<TlsRig> StartAsync(BrokerOptions? options = null)
    {
        var rig = new TlsRig();
        rig.Shown = rig.Authority.IssueServer(["127.0.0.1", "localhost"]);
        var trust = new CertificateTrust([rig.Authority.Certificate], TimeProvider.System);
        var hooks = new OpenHooks
        {
            Trusts = certificate => trust.Check(certificate, PeerPurpose.Client).IsOk,
            OnConnect = request => DeviceCertificate.TryRead(request.Certificate!, out var device)
                ? ConnectDecision.Accept(new(device!.Tenant, device.Device.Value, device.Device, "device", request.Listener))
                : ConnectDecision.Refuse(MqttReason.NotAuthorized, "the certificate names no device"),
        };
        var listener = new ListenerOptions
        {
            Name = "tls",
            EndPoint = new IPEndPoint(IPAddress.Loopback, 0),
            Tls = new() { Certificate = () => rig.Shown },
        };
        var web = listener with { Name = "wss", WebSocket = new() };
        rig.Broker = await TestBroker.StartAsync((options ?? new()) with { Listeners = [listener, web] }, hooks);
        return rig;
    }

    public async ValueTask DisposeAsync()
    {
        await Broker.DisposeAsync();
        Authority.Dispose();
        _folder.Delete(recursive: true);
    }

    public CertificateAuthority AuthorityOf(string name) => CertificateAuthority.OpenOrCreate(
        new PosixDirectory(Path.Combine(_folder.FullName, name)), new CertificateAuthorityOptions(), TimeProvider.System).Value;

    public X509Certificate2 Device(string device, TimeSpan? lifetime = null) => Device(Authority, device, lifetime);

    public static X509Certificate2 Device(CertificateAuthority authority, string device, TimeSpan? lifetime = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=ignored", key, HashAlgorithmName.SHA256);
        using var issued = authority.IssueDevice(
            request.CreateSigningRequestPem(), new DeviceCertificate(new TenantId("acme"), new DeviceId(device)), lifetime).Value;
        return issued.CopyWithPrivateKey(key);
    }

    public MqttClient Client(X509Certificate2? certificate, X509Certificate2? root = null, MqttEndpoint? endpoint = null) => new(
        new()
        {
            Endpoint = endpoint ?? MqttEndpoint.Tcp("127.0.0.1", Broker.Port),
            Tls = new() { ClientCertificate = certificate, Roots = [root ?? Authority.Certificate] },
            ClientId = "me",
            BackoffMin = TimeSpan.FromMilliseconds(100),
        },
        TimeProvider.System,
        new(1),
        NullLogger<MqttClient>.Instance);

    /// <summary>A bare TCP connection to the TLS port.</summary>
    public async Task<TcpClient> DialAsync()
    {
        var socket = new TcpClient { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, Broker.Port);
        return socket;
    }

    /// <summary>A client's side of TLS over a stream; the server's certificate is taken as it comes.</summary>
    public static async Task<SslStream> SecureAsync(Stream over, X509Certificate2? certificate, SslProtocols protocols = SslProtocols.None)
    {
        var secured = new SslStream(over, leaveInnerStreamOpen: false, static (_, _, _, _) => true);
        await secured.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            EnabledSslProtocols = protocols,
            LocalCertificateSelectionCallback = certificate is null ? null : (_, _, _, _, _) => certificate,
            ClientCertificates = certificate is null ? null : [certificate],
        }).WaitAsync(Patience);
        return secured;
    }
}
