using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Text;
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

    /// <summary>Client identifiers that were used at a broker that is not ours, whose sessions are to be ended.</summary>
    public static HashSet<string> Seen { get; } = new(StringComparer.Ordinal);

    public static async Task<RawClient> OpenAsync(int port, MqttVersion version = MqttVersion.V5)
    {
        if (Target.Foreign is { } foreign && foreign.Port != port)
        {
            throw new InvalidOperationException("The test starts a broker of our own: it needs [OwnFact] or [OwnTheory].");
        }

        var client = new RawClient(version);
        await client._socket.ConnectAsync(Target.Foreign ?? new(IPAddress.Loopback, port));
        return client;
    }

    /// <summary>Opens, connects, and expects to be accepted.</summary>
    public static async Task<(RawClient Client, ConnAckPacket Answer)> ConnectAsync(
        int port, string clientId, MqttVersion version = MqttVersion.V5, Func<ConnectPacket, ConnectPacket>? change = null)
    {
        if (Target.Foreign is not null && clientId.Length > 0)
        {
            Seen.Add(clientId);
        }

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
                Payload = Encoding.UTF8.GetBytes(payload),
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

    /// <summary>Goes through what is left of a message that was sent: the answers to QoS 1 and 2; for QoS 0 a ping.</summary>
    public async Task SettleAsync(byte qos, ushort id)
    {
        switch (qos)
        {
            case 0:
                await ExpectSilenceAsync();
                break;
            case 1:
                await ExpectAckAsync(MqttPacketType.PubAck, id);
                break;
            default:
                await ExpectAckAsync(MqttPacketType.PubRec, id);
                await AckAsync(MqttPacketType.PubRel, id);
                await ExpectAckAsync(MqttPacketType.PubComp, id);
                break;
        }
    }

    /// <summary>An ack of this message that is no refusal; it may say that nobody listens.</summary>
    public async Task ExpectAckAsync(MqttPacketType type, ushort id)
    {
        var ack = await AckAsync(type);
        Assert.Equal((id, false), (ack.PacketId, ack.Reason.IsFailure()));
    }

    /// <summary>Takes that many messages as a client should, with every acknowledgement.</summary>
    public async Task<List<Got>> TakeAsync(int count)
    {
        var all = new List<Got>();
        var unreleased = 0;
        while (all.Count < count || unreleased > 0)
        {
            var (frame, body) = (await ReadAsync())!.Value;
            if (frame.Type == MqttPacketType.PubRel)
            {
                await AckAsync(MqttPacketType.PubComp, (ushort)((body[0] << 8) | body[1]));
                unreleased--;
                continue;
            }

            var got = Message(frame, body);
            all.Add(got);
            unreleased += got.Message.Qos == 2 ? 1 : 0;
            if (got.Message.Qos > 0)
            {
                await AckAsync(got.Message.Qos == 1 ? MqttPacketType.PubAck : MqttPacketType.PubRec, got.PacketId);
            }
        }

        return all;
    }

    public async Task<Got> MessageAsync()
    {
        var (frame, body) = await ExpectAsync(MqttPacketType.Publish);
        return Message(frame, body);
    }

    /// <summary>All messages that have come, with the answer to a ping as the end of waiting.</summary>
    public async Task<List<Got>> PublishesAsync()
    {
        await SendAsync(0xC0, 0x00);
        var all = new List<Got>();
        while ((await ReadAsync())!.Value is var (frame, body) && frame.Type != MqttPacketType.PingResp)
        {
            all.Add(Message(frame, body));
        }

        return all;
    }

    /// <summary>The payloads of all messages that have come.</summary>
    public async Task<List<string>> DrainAsync() => [.. (await PublishesAsync()).Select(got => got.Text)];

    /// <summary>The topics of the retained messages that have come.</summary>
    public async Task<List<string>> RetainedAsync() =>
        [.. (await PublishesAsync()).Where(got => got.Message.Retain).Select(got => got.Message.Topic)];

    /// <summary>
    /// DISCONNECT with this reason, and then the end of the connection. Another broker than ours may leave DISCONNECT out,
    /// as the standard allows, and tell malformed packets and protocol errors apart in its own way.
    /// </summary>
    public async Task ExpectDisconnectAsync(MqttReason reason, bool explained = true)
    {
        var last = await ReadAsync();
        if (last is null && Target.Foreign is not null)
        {
            return;
        }

        Assert.Equal(MqttPacketType.Disconnect, last?.Frame.Type);
        Assert.True(MqttDecoder.TryDisconnect(
            last!.Value.Body, MqttPacketType.Disconnect, Version, MqttLimits.Standard, out var packet, out _));
        Assert.Equal(Family(reason), Family(packet.Reason));
        if (explained && Target.Foreign is null)
        {
            Assert.NotNull(packet.Properties?.ReasonString);
        }

        await ExpectEndAsync();
    }

    /// <summary>The end that a fault of the client's brings: in 5.0 with its reason, in 3.1.1 without a word.</summary>
    public Task ExpectFaultAsync(MqttReason reason) =>
        Version == MqttVersion.V5 ? ExpectDisconnectAsync(reason) : ExpectEndAsync();

    /// <summary>
    /// The end of a connection whose CONNECT does not conform: in 5.0 CONNACK may say why, and ours does; in 3.1.1 nothing
    /// may be said.
    /// </summary>
    public async Task ExpectRefusedAsync(MqttReason reason)
    {
        if (Version == MqttVersion.V5 && await ReadAsync() is var answer && (answer is not null || Target.Foreign is null))
        {
            Assert.Equal(MqttPacketType.ConnAck, answer?.Frame.Type);
            Assert.Equal((0, Family(reason)), (answer!.Value.Body[0], Family((MqttReason)answer.Value.Body[1])));
        }

        await ExpectEndAsync();
    }

    /// <summary>SUBACK that refuses its one filter; another broker than ours may take it for a fault of the whole packet.</summary>
    public async Task ExpectFilterRefusedAsync()
    {
        var answer = await ReadAsync();
        if (Target.Foreign is not null && answer is null or { Frame.Type: MqttPacketType.Disconnect })
        {
            return;
        }

        Assert.Equal(MqttPacketType.SubAck, answer?.Frame.Type);
        var expected = Version == MqttVersion.V5 ? MqttReason.TopicFilterInvalid : MqttReason.UnspecifiedError;
        var reason = (MqttReason)answer!.Value.Body[^1];
        Assert.True(reason == expected || (Target.Foreign is not null && reason.IsFailure()), $"{reason}");
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

    /// <summary>The reason, but for other brokers than ours one for all that is wrong with the form of a packet.</summary>
    private static MqttReason Family(MqttReason reason) =>
        Target.Foreign is not null && reason is (MqttReason.ProtocolError or MqttReason.TopicNameInvalid)
            ? MqttReason.MalformedPacket
            : reason;

    private Got Message(in MqttFrame frame, byte[] body)
    {
        Assert.Equal(MqttPacketType.Publish, frame.Type);
        Assert.True(MqttDecoder.TryPublish(body, frame.Flags, Version, MqttLimits.Standard, out var view, out _));
        return new(view.ToMessage(view.TopicText()), view.PacketId, view.Duplicate, view.Properties);
    }

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
        public string Text => Encoding.UTF8.GetString(Message.Payload.Span);
    }
}
