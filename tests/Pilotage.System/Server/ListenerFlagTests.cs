using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Pilotage.Protocols.Mqtt;
using Pilotage.Sdk;
using Xunit;

namespace Pilotage.System.Server;

/// <summary>Listeners and limits that the server is told on its command line, used from outside.</summary>
public sealed class ListenerFlagTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Telemetry_over_websocket_is_stored_like_any_other()
    {
        await using var server = await ServerProcess.StartAsync(_folder.Path, "--ws", "127.0.0.1:0");
        await using var client = Client(MqttEndpoint.WebSocket("127.0.0.1", server.Door.WsPort));
        await client.ConnectAsync(default).WaitAsync(Patience);
        var sent = new MqttMessage
        {
            Topic = "default/plant/line/pump-7/_tele",
            Payload = Encoding.UTF8.GetBytes("""{"ts":"2026-01-01T00:00:00Z","values":{"vibration":2.1}}"""),
            Qos = 1,
        };
        Assert.Equal(MqttReason.Success, await client.PublishAsync(sent, default).AsTask().WaitAsync(Patience));
        var account = await server.Door.GetAsync("api/v1/messages/account");
        Assert.Equal(1, (long?)account["messages"]);
    }

    [Fact]
    public async Task Any_topic_passes_with_the_limits_for_measuring_and_none_of_it_is_stored()
    {
        await using var server = await ServerProcess.StartAsync(_folder.Path, "--limits", "bench", "--acks", "memory");
        await using var client = Client(MqttEndpoint.Tcp("127.0.0.1", server.Door.MqttPort));
        await client.ConnectAsync(default).WaitAsync(Patience);
        Assert.Equal(MqttReason.GrantedQos1, await client.SubscribeAsync("bench/#", 1, default).AsTask().WaitAsync(Patience));
        Assert.Equal(
            MqttReason.Success,
            await client.PublishAsync(new() { Topic = "bench/d/1/telemetry", Payload = new byte[] { 1 }, Qos = 1 }, default).AsTask().WaitAsync(Patience));
        Assert.Equal(0, (long?)(await server.Door.GetAsync("api/v1/messages/account"))["messages"]);
    }

    [Fact]
    public async Task Without_them_a_topic_that_is_no_devices_is_refused()
    {
        await using var server = await ServerProcess.StartAsync(_folder.Path);
        await using var client = Client(MqttEndpoint.Tcp("127.0.0.1", server.Door.MqttPort));
        await client.ConnectAsync(default).WaitAsync(Patience);
        Assert.Equal(
            MqttReason.NotAuthorized,
            await client.PublishAsync(new() { Topic = "bench/d/1/telemetry", Payload = new byte[] { 1 }, Qos = 1 }, default).AsTask().WaitAsync(Patience));
    }

    private static MqttClient Client(MqttEndpoint endpoint) => new(
        new() { Endpoint = endpoint, ClientId = "flags" }, TimeProvider.System, new(1), NullLogger<MqttClient>.Instance);
}
