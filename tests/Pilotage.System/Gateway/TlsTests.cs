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
using Xunit;

namespace Pilotage.System.Gateway;

/// <summary>Mutual TLS: who shows a certificate of the right root comes in as the device it names; nobody else does.</summary>
public sealed class TlsTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("pilotage-tls-");
    private CertificateAuthority _authority = null!;
    private TestBroker _broker = null!;

    public async Task InitializeAsync()
    {
        _authority = Authority("right");
        var server = _authority.IssueServer(["127.0.0.1", "localhost"]);
        var trust = new CertificateTrust([_authority.Certificate], TimeProvider.System);
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
            Tls = new() { Certificate = () => server },
        };
        var web = listener with { Name = "wss", WebSocket = new() };
        _broker = await TestBroker.StartAsync(new BrokerOptions { Listeners = [listener, web] }, hooks);
    }

    public async Task DisposeAsync()
    {
        await _broker.DisposeAsync();
        _authority.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task A_device_comes_in_under_the_name_in_its_certificate()
    {
        using var certificate = Device(_authority, "pump-7");
        await using var client = Client(certificate);
        await client.ConnectAsync(default).WaitAsync(Patience);

        Assert.Equal(MqttReason.Success, await client.PublishAsync(new() { Topic = "acme/x", Qos = 1 }, default));
        Assert.Equal(new DeviceId("pump-7"), Assert.Single(_broker.Broker.Clients).Identity.Device);
    }

    [Fact]
    public async Task A_device_comes_in_by_websocket_under_the_name_in_its_certificate()
    {
        using var certificate = Device(_authority, "pump-8");
        var port = _broker.Broker.BoundEndpoints.Single(e => e.Listener == "wss").Port;
        await using var client = Client(certificate, endpoint: MqttEndpoint.WebSocket("127.0.0.1", port));
        await client.ConnectAsync(default).WaitAsync(Patience);

        Assert.Equal(MqttReason.Success, await client.PublishAsync(new() { Topic = "acme/x", Qos = 2 }, default));
        Assert.Equal(new DeviceId("pump-8"), Assert.Single(_broker.Broker.Clients).Identity.Device);
    }

    [Fact]
    public async Task A_certificate_of_another_root_stays_out()
    {
        using var foreign = Authority("foreign");
        using var certificate = Device(foreign, "pump-7");
        await AssertStaysOutAsync(certificate);
    }

    [Fact]
    public async Task Nobody_comes_in_without_a_certificate() => await AssertStaysOutAsync(null);

    [Fact]
    public async Task The_client_does_not_trust_a_server_of_another_root()
    {
        using var foreign = Authority("foreign");
        using var certificate = Device(_authority, "pump-7");
        await using var client = Client(certificate, foreign.Certificate);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.ConnectAsync(patience.Token));
        Assert.False(client.State.Connected);
        Assert.Empty(_broker.Broker.Clients);
    }

    [Fact]
    public async Task Tls_1_1_is_not_spoken()
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, _broker.Port);
        await using var secured = new SslStream(socket.GetStream(), false, (_, _, _, _) => true);
#pragma warning disable SYSLIB0039, CA5397 // The old version is the point.
        var options = new SslClientAuthenticationOptions { TargetHost = "localhost", EnabledSslProtocols = SslProtocols.Tls11 };
#pragma warning restore SYSLIB0039, CA5397
        var fault = await Record.ExceptionAsync(() => secured.AuthenticateAsClientAsync(options).WaitAsync(Patience));
        Assert.True(fault is AuthenticationException or IOException, $"{fault}");
    }

    private async Task AssertStaysOutAsync(X509Certificate2? certificate)
    {
        await using var client = Client(certificate);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.ConnectAsync(patience.Token));
        Assert.Empty(_broker.Broker.Clients);
    }

    private MqttClient Client(
        X509Certificate2? certificate, X509Certificate2? root = null, MqttEndpoint? endpoint = null) => new(
        new()
        {
            Endpoint = endpoint ?? MqttEndpoint.Tcp("127.0.0.1", _broker.Port),
            Tls = new() { ClientCertificate = certificate, Roots = [root ?? _authority.Certificate] },
            ClientId = "me",
            BackoffMin = TimeSpan.FromMilliseconds(100),
        },
        TimeProvider.System,
        new(1),
        NullLogger<MqttClient>.Instance);

    private CertificateAuthority Authority(string name) => CertificateAuthority.OpenOrCreate(
        new PosixDirectory(Path.Combine(_folder.FullName, name)), new CertificateAuthorityOptions(), TimeProvider.System).Value;

    private static X509Certificate2 Device(CertificateAuthority authority, string device)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=ignored", key, HashAlgorithmName.SHA256);
        using var issued = authority.IssueDevice(
            request.CreateSigningRequestPem(), new DeviceCertificate(new TenantId("acme"), new DeviceId(device))).Value;
        return issued.CopyWithPrivateKey(key);
    }
}
