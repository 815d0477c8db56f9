using System.Buffers;
using System.Net.WebSockets;
using Pilotage.Broker;
using Pilotage.Protocols.Mqtt;
using Pilotage.Testing.Gateway;
using Xunit;

namespace Pilotage.Conformance.Mqtt;

/// <summary>MQTT over WebSockets.</summary>
public sealed class Chapter60WebSocketTests : IAsyncLifetime
{
    private readonly CancellationTokenSource _patience = new(TimeSpan.FromSeconds(20));
    private TestBroker _broker = null!;

    public async Task InitializeAsync() => _broker = await TestBroker.StartAsync(new BrokerOptions
    {
        Listeners =
        [
            TestBroker.Plain,
            TestBroker.Plain with { Name = "ws", WebSocket = new() { Origins = ["https://console.plant"] } },
        ],
    });

    public async Task DisposeAsync()
    {
        await _broker.DisposeAsync();
        _patience.Dispose();
    }

    [OwnTheory]
    [Clause("MQTT-6.0.0-2", "MQTT-6.0.0-3", "MQTT-6.0.0-4", "3.1.1 MQTT-6.0.0-2", "3.1.1 MQTT-6.0.0-3",
        "3.1.1 MQTT-6.0.0-4")]
    [InEachVersion]
    public async Task Packets_come_through_however_the_frames_cut_them(MqttVersion version)
    {
        using var socket = await OpenAsync();
        Assert.Equal("mqtt", socket.SubProtocol);
        var bytes = new ArrayBufferWriter<byte>();
        MqttEncoder.Connect(bytes, new() { Version = version, ClientId = "c" });
        MqttEncoder.Subscribe(bytes, version, new(1, [new("a", 0)]), 1000);
        for (var i = 0; i < 50; i++)
        {
            MqttEncoder.Publish(bytes, version, new() { Topic = "a", Payload = new byte[i] }, default, 1000);
        }

        var random = new Random(5);
        for (var rest = bytes.WrittenMemory; !rest.IsEmpty;)
        {
            var part = rest[..Math.Min(rest.Length, random.Next(1, 40))];
            await socket.SendAsync(part, WebSocketMessageType.Binary, true, _patience.Token);
            rest = rest[part.Length..];
        }

        var got = await ReadAsync(socket, packets: 52);
        Assert.Equal([MqttPacketType.ConnAck, MqttPacketType.SubAck], got.Take(2));
        Assert.All(got.Skip(2), type => Assert.Equal(MqttPacketType.Publish, type));
    }

    [OwnFact]
    [Clause("MQTT-6.0.0-1", "3.1.1 MQTT-6.0.0-1")]
    public async Task A_text_frame_ends_the_connection()
    {
        using var socket = await OpenAsync();
        await ConnectAsync(socket);
        await socket.SendAsync("0E00"u8.ToArray(), WebSocketMessageType.Text, true, _patience.Token);
        Assert.Empty(await ReadAsync(socket, packets: 1));
    }

    [OwnFact]
    public async Task A_goodbye_is_answered_and_a_refusal_explained()
    {
        using var polite = await OpenAsync();
        await ConnectAsync(polite);
        await polite.SendAsync(new byte[] { 0xE0, 0x00 }, WebSocketMessageType.Binary, true, _patience.Token);
        Assert.Empty(await ReadAsync(polite, packets: 1));
        Assert.Equal(WebSocketCloseStatus.NormalClosure, polite.CloseStatus);

        using var rude = await OpenAsync();
        await ConnectAsync(rude);
        await rude.SendAsync(new byte[] { 0xF0, 0x00 }, WebSocketMessageType.Binary, true, _patience.Token);
        Assert.Equal([MqttPacketType.Disconnect], await ReadAsync(rude, packets: 1));
    }

    [OwnTheory]
    [InlineData("/mqtt", "mqtt", "https://console.plant", true)]
    [InlineData("/mqtt", "mqtt", "http://127.0.0.1:PORT", true)]
    [InlineData("/mqtt", "mqtt", "https://127.0.0.1:PORT", true)]
    [InlineData("/mqtt", "mqtt", "https://127.0.0.1", false)]
    [InlineData("/mqtt", "mqtt", "https://evil.example", false)]
    [InlineData("/mqtt", "chat", null, false)]
    [InlineData("/other", "mqtt", null, false)]
    public async Task Only_the_right_path_protocol_and_origin_are_let_in(string path, string protocol, string? origin, bool ok)
    {
        var fault = await Record.ExceptionAsync(async () => (await OpenAsync(path, protocol, origin)).Dispose());
        Assert.Equal(ok, fault is null);
        Assert.True(ok || fault is WebSocketException, $"{fault}");
    }

    [OwnFact]
    public async Task Both_listeners_serve_the_same_sessions()
    {
        var (plain, _) = await RawClient.ConnectAsync(_broker.Port, "plain");
        await plain.SubscribeAsync(new SubscribeFilter("a", 0));
        using var socket = await OpenAsync();
        await ConnectAsync(socket);
        var bytes = new ArrayBufferWriter<byte>();
        MqttEncoder.Publish(bytes, MqttVersion.V5, new() { Topic = "a", Payload = new byte[100_000] }, default, 200_000);
        await socket.SendAsync(bytes.WrittenMemory, WebSocketMessageType.Binary, true, _patience.Token);
        Assert.Equal(100_000, (await plain.MessageAsync()).Message.Payload.Length);
        Assert.Equal("ws", _broker.Broker.Clients.Single(c => c.Identity.ClientId == "c").Identity.Listener);
        plain.Dispose();
    }

    private async Task<ClientWebSocket> OpenAsync(string path = "/mqtt", string protocol = "mqtt", string? origin = null)
    {
        var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol(protocol);
        var port = _broker.Broker.BoundEndpoints.Single(e => e.Listener == "ws").Port;
        if (origin is not null)
        {
            socket.Options.SetRequestHeader("Origin", origin.Replace("PORT", $"{port}", StringComparison.Ordinal));
        }

        await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{port}{path}"), _patience.Token);
        return socket;
    }

    private async Task ConnectAsync(ClientWebSocket socket)
    {
        var bytes = new ArrayBufferWriter<byte>();
        MqttEncoder.Connect(bytes, new() { ClientId = "c" });
        await socket.SendAsync(bytes.WrittenMemory, WebSocketMessageType.Binary, true, _patience.Token);
        Assert.Equal([MqttPacketType.ConnAck], await ReadAsync(socket, packets: 1));
    }

    /// <summary>The types of the next packets, fewer when the connection ends before.</summary>
    private async Task<List<MqttPacketType>> ReadAsync(ClientWebSocket socket, int packets)
    {
        var types = new List<MqttPacketType>();
        var buffered = new List<byte>();
        var chunk = new byte[4096];
        while (types.Count < packets)
        {
            var got = await socket.ReceiveAsync(chunk.AsMemory(), _patience.Token);
            if (got.MessageType == WebSocketMessageType.Close)
            {
                break;
            }

            Assert.Equal(WebSocketMessageType.Binary, got.MessageType);
            buffered.AddRange(chunk.AsSpan(0, got.Count));
            while (MqttFrame.TryRead(new(buffered.ToArray()), int.MaxValue, out var frame, out _) == OperationStatus.Done)
            {
                types.Add(frame.Type);
                buffered.RemoveRange(0, frame.TotalBytes);
            }
        }

        return types;
    }
}
