using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Pilotage.Protocols.Mqtt;
using Xunit;

namespace Pilotage.Conformance.Mqtt;

/// <summary>A socket that says exactly the bytes it is given, and takes answers apart no further than asked.</summary>
internal sealed class RawClient : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly List<byte> _buffered = [];

    private RawClient(MqttVersion version) => Version = version;

    public MqttVersion Version { get; }

    public static async Task<RawClient> OpenAsync(int port, MqttVersion version = MqttVersion.V5)
    {
        var client = new RawClient(version);
        await client._socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port));
        return client;
    }

    /// <summary>Opens, connects, and expects to be accepted.</summary>
    public static async Task<(RawClient Client, ConnAckPacket Answer)> ConnectAsync(
        int port, string clientId, MqttVersion version = MqttVersion.V5, Func<ConnectPacket, ConnectPacket>? change = null)
    {
        var client = await OpenAsync(port, version);
        var packet = new ConnectPacket { Version = version, ClientId = clientId, KeepAliveSeconds = 30 };
        await client.SendAsync(target => MqttEncoder.Connect(target, change?.Invoke(packet) ?? packet));
        var answer = await client.ConnAckAsync();
        Assert.Equal(MqttReason.Success, answer.Reason);
        return (client, answer);
    }

    public async Task SendAsync(params byte[] bytes) => await _socket.SendAsync(bytes);

    public Task SendHexAsync(string hex) => SendAsync(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)));

    public Task SendAsync(Func<ArrayBufferWriter<byte>, int> write)
    {
        var target = new ArrayBufferWriter<byte>();
        write(target);
        return SendAsync(target.WrittenSpan.ToArray());
    }

    public Task PublishAsync(string topic, string payload, byte qos = 0, ushort id = 0, bool retain = false, MqttProperties? properties = null) =>
        SendAsync(target => MqttEncoder.Publish(
            target,
            Version,
            new()
            {
                Topic = topic,
                Payload = System.Text.Encoding.UTF8.GetBytes(payload),
                ResponseTopic = properties?.ResponseTopic,
                CorrelationData = properties?.CorrelationData,
                ContentType = properties?.ContentType,
                PayloadFormat = properties?.PayloadFormat,
                UserProperties = properties?.UserProperties ?? [],
            },
            new() { Qos = qos, PacketId = id, Retain = retain, ExpirySeconds = properties?.MessageExpiry, TopicAlias = properties?.TopicAlias ?? 0 },
            int.MaxValue));

    public Task<SubAckPacket> SubscribeAsync(params SubscribeFilter[] filters) => SubscribeAsync(null, filters);

    public async Task<SubAckPacket> SubscribeAsync(uint? identifier, params SubscribeFilter[] filters)
    {
        var properties = identifier is { } id ? new MqttProperties { SubscriptionIds = [id] } : null;
        await SendAsync(target => MqttEncoder.Subscribe(target, Version, new(77, filters, properties), int.MaxValue));
        var (frame, body) = await ExpectAsync(MqttPacketType.SubAck);
        Assert.True(MqttDecoder.TrySubAck(body, frame.Type, Version, MqttLimits.Standard, out var answer, out _));
        Assert.Equal(77, answer.PacketId);
        return answer;
    }

    public async Task<ConnAckPacket> ConnAckAsync()
    {
        var (_, body) = await ExpectAsync(MqttPacketType.ConnAck);
        Assert.True(MqttDecoder.TryConnAck(body, Version, MqttLimits.Standard, out var answer, out _));
        return answer;
    }

    public Task<AckPacket> PubAckAsync() => AckAsync(MqttPacketType.PubAck);

    /// <summary>Sends PUBACK, PUBREC, PUBREL or PUBCOMP.</summary>
    public Task AckAsync(MqttPacketType type, ushort id, MqttReason reason = MqttReason.Success) =>
        SendAsync(target => MqttEncoder.Ack(target, Version, type, new(id, reason), int.MaxValue));

    /// <summary>Reads PUBACK, PUBREC, PUBREL or PUBCOMP.</summary>
    public async Task<AckPacket> AckAsync(MqttPacketType type)
    {
        var (frame, body) = await ExpectAsync(type);
        Assert.True(MqttDecoder.TryAck(body, frame.Type, Version, MqttLimits.Standard, out var answer, out _));
        return answer;
    }

    public async Task<Got> MessageAsync()
    {
        var (frame, body) = await ExpectAsync(MqttPacketType.Publish);
        Assert.True(MqttDecoder.TryPublish(body, frame.Flags, Version, MqttLimits.Standard, out var view, out _));
        return new(view.ToMessage(view.TopicText()), view.PacketId, view.Duplicate, view.Properties);
    }

    /// <summary>The payloads of all messages that have come, with the answer to a ping as the end of waiting.</summary>
    public async Task<List<string>> DrainAsync()
    {
        await SendAsync(0xC0, 0x00);
        var all = new List<string>();
        while ((await ReadAsync())!.Value is var (frame, body) && frame.Type != MqttPacketType.PingResp)
        {
            Assert.True(MqttDecoder.TryPublish(body, frame.Flags, Version, MqttLimits.Standard, out var view, out _));
            all.Add(System.Text.Encoding.UTF8.GetString(view.Payload));
        }

        return all;
    }

    /// <summary>DISCONNECT with this reason, and then the end of the connection.</summary>
    public async Task ExpectDisconnectAsync(MqttReason reason, bool explained = true)
    {
        var (frame, body) = await ExpectAsync(MqttPacketType.Disconnect);
        Assert.True(MqttDecoder.TryDisconnect(body, frame.Type, Version, MqttLimits.Standard, out var packet, out _));
        Assert.Equal(reason, packet.Reason);
        if (explained)
        {
            Assert.NotNull(packet.Properties?.ReasonString);
        }

        await ExpectEndAsync();
    }

    public async Task ExpectEndAsync() => Assert.Null(await ReadAsync());

    /// <summary>Nothing has come, judged by a ping that is answered first.</summary>
    public async Task ExpectSilenceAsync()
    {
        await SendAsync(0xC0, 0x00);
        await ExpectAsync(MqttPacketType.PingResp);
    }

    public async Task<(MqttFrame Frame, byte[] Body)> ExpectAsync(MqttPacketType type)
    {
        var packet = await ReadAsync();
        Assert.NotNull(packet);
        Assert.Equal(type, packet.Value.Frame.Type);
        return packet.Value;
    }

    public void Dispose() => _socket.Dispose();

    /// <summary>The next packet; nothing at the end of the connection.</summary>
    public async Task<(MqttFrame Frame, byte[] Body)?> ReadAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        var chunk = new byte[64 * 1024];
        while (true)
        {
            var all = _buffered.ToArray();
            if (MqttFrame.TryRead(new(all), int.MaxValue, out var frame, out _) == OperationStatus.Done)
            {
                _buffered.RemoveRange(0, frame.TotalBytes);
                return (frame, all[frame.HeaderBytes..frame.TotalBytes]);
            }

            int read;
            try
            {
                read = await _socket.ReceiveAsync(chunk, patience.Token);
            }
            catch (SocketException)
            {
                return null;
            }

            if (read == 0)
            {
                return null;
            }

            _buffered.AddRange(chunk.AsSpan(0, read));
        }
    }

    internal sealed record Got(MqttMessage Message, ushort PacketId, bool Duplicate, MqttProperties? Properties)
    {
        public string Text => System.Text.Encoding.UTF8.GetString(Message.Payload.Span);
    }
}
