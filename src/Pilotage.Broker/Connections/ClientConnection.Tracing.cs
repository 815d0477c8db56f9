using System.Buffers.Binary;
using Pilotage.Protocols.Mqtt;

namespace Pilotage.Broker.Connections;

/// <content>What a trace is told of this connection's packets; without a trace, one look at a field for each packet.</content>
internal sealed partial class ClientConnection
{
    private const int IdBytes = sizeof(ushort);
    private ClientTrace? _trace;

    /// <inheritdoc/>
    public void Trace(ClientTrace trace) => Volatile.Write(ref _trace, trace);

    /// <summary>Read off the bytes, before it is known whether they are well-formed.</summary>
    private void TraceIn(ClientTrace trace, in MqttFrame frame, ReadOnlySpan<byte> body)
    {
        var packet = Traced(false, frame.Type, frame.TotalBytes);
        Tell(trace, frame.Type switch
        {
            MqttPacketType.Publish => OfPublish(packet, frame.Flags, body),
            MqttPacketType.Disconnect => packet with { Reason = ReasonAt(body, 0) },
            MqttPacketType.Subscribe or MqttPacketType.Unsubscribe => packet with { PacketId = IdAt(body, 0) },
            >= MqttPacketType.PubAck and <= MqttPacketType.PubComp =>
                packet with { PacketId = IdAt(body, 0), Reason = ReasonAt(body, IdBytes) },
            _ => packet,
        });
    }

    private void TraceOut(ClientTrace trace, in Outbound packet, int bytes) => Tell(trace, Traced(true, packet.Type, bytes) with
    {
        PacketId = packet.Packet is SubAckPacket sub ? sub.PacketId : packet.Ack.PacketId,
        Reason = packet.Packet switch
        {
            ConnAckPacket welcome => welcome.Reason,
            SubAckPacket answer => FirstFailure(answer.Reasons),
            DisconnectPacket end => end.Reason,
            _ => packet.Type == MqttPacketType.PingResp ? null : packet.Ack.Reason,
        },
    });

    private void TraceOut(ClientTrace trace, in PublishDelivery delivery, int bytes) =>
        Tell(trace, Traced(true, MqttPacketType.Publish, bytes) with
        {
            PacketId = delivery.PacketId,
            Qos = delivery.Qos,
            Retain = delivery.Retain,
            Duplicate = delivery.Duplicate,
        });

    private static TracedPacket OfPublish(TracedPacket packet, byte flags, ReadOnlySpan<byte> body)
    {
        var qos = (byte)((flags >> 1) & 3);
        var topicBytes = body.Length >= IdBytes ? BinaryPrimitives.ReadUInt16BigEndian(body) : 0;
        return packet with
        {
            Qos = qos,
            Retain = (flags & 1) != 0,
            Duplicate = (flags & 8) != 0,
            PacketId = qos > 0 ? IdAt(body, IdBytes + topicBytes) : (ushort)0,
        };
    }

    private static ushort IdAt(ReadOnlySpan<byte> body, int at) =>
        body.Length >= at + IdBytes ? BinaryPrimitives.ReadUInt16BigEndian(body[at..]) : (ushort)0;

    /// <summary>3.1.1 has no reasons, and 5.0 leaves success out.</summary>
    private MqttReason? ReasonAt(ReadOnlySpan<byte> body, int at) => _version == MqttVersion.V311
        ? null
        : body.Length > at ? (MqttReason)body[at] : MqttReason.Success;

    private TracedPacket Traced(bool outgoing, MqttPacketType type, int bytes) =>
        new(BrokerClock.Ns(context.Time), _who?.ClientId ?? _clientId, outgoing, type, bytes);

    private void Tell(ClientTrace trace, in TracedPacket packet)
    {
        if (trace.IsOver)
        {
            Interlocked.CompareExchange(ref _trace, null, trace);
            return;
        }

        trace.Tell(packet);
    }
}
