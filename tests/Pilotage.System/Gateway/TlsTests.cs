using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Pilotage.Core;
using Pilotage.Protocols.Mqtt;
using Pilotage.Sdk;
using Xunit;

namespace Pilotage.System.Gateway;

/// <summary>Mutual TLS: who shows a certificate of the right root comes in as the device it names; nobody else does.</summary>
public sealed class TlsTests : IAsyncLifetime
{
    private TlsRig _rig = null!;

    public async Task InitializeAsync() => _rig = await TlsRig.StartAsync();

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    [Fact]
    public async Task A_device_comes_in_under_the_name_in_its_certificate()
    {
        using var certificate = _rig.Device("pump-7");
        await using var client = _rig.Client(certificate);
        await client.ConnectAsync(default).WaitAsync(TlsRig.Patience);

        Assert.Equal(MqttReason.Success, await client.PublishAsync(new() { Topic = "acme/x", Qos = 1 }, default));
        Assert.Equal(new DeviceId("pump-7"), Assert.Single(_rig.Broker.Broker.Clients).Identity.Device);
    }

    [Fact]
    public async Task A_device_comes_in_by_websocket_under_the_name_in_its_certificate()
    {
        using var certificate = _rig.Device("pump-8");
        await using var client = _rig.Client(certificate, endpoint: MqttEndpoint.WebSocket("127.0.0.1", _rig.WebPort));
        await client.ConnectAsync(default).WaitAsync(TlsRig.Patience);

        Assert.Equal(MqttReason.Success, await client.PublishAsync(new() { Topic = "acme/x", Qos = 2 }, default));
        Assert.Equal(new DeviceId("pump-8"), Assert.Single(_rig.Broker.Broker.Clients).Identity.Device);
    }

    [Fact]
    public async Task A_certificate_of_another_root_stays_out()
    {
        using var foreign = _rig.AuthorityOf("foreign");
        using var certificate = TlsRig.Device(foreign, "pump-7");
        await AssertStaysOutAsync(certificate);
    }

    [Fact]
    public async Task Nobody_comes_in_without_a_certificate() => await AssertStaysOutAsync(null);

    [Fact]
    public async Task The_client_does_not_trust_a_server_of_another_root()
    {
        using var foreign = _rig.AuthorityOf("foreign");
        using var certificate = _rig.Device("pump-7");
        await using var client = _rig.Client(certificate, foreign.Certificate);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.ConnectAsync(patience.Token));
        Assert.False(client.State.Connected);
        Assert.Empty(_rig.Broker.Broker.Clients);
    }

    [Fact]
    public async Task Tls_1_1_is_not_spoken()
    {
        using var socket = await _rig.DialAsync();
#pragma warning disable SYSLIB0039, CA5397 // The old version is the point.
        var fault = await Record.ExceptionAsync(() => TlsRig.SecureAsync(socket.GetStream(), null, SslProtocols.Tls11));
#pragma warning restore SYSLIB0039, CA5397
        Assert.True(fault is AuthenticationException or IOException, $"{fault}");
    }

    private async Task AssertStaysOutAsync(X509Certificate2? certificate)
    {
        await using var client = _rig.Client(certificate);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.ConnectAsync(patience.Token));
        Assert.Empty(_rig.Broker.Broker.Clients);
    }
}
