using System.Buffers;
using System.Diagnostics;

namespace Pilotage.Protocols.Mqtt;

/// <summary>
/// Writes packets. Every method answers how many bytes it wrote, 0 when the packet would be larger than the receiver
/// takes; reason strings and user properties are left out first, as the standard asks (MQTT-3.14.2-3 and its like).
/// </summary>
public static partial class MqttEncoder
{
    private const int KeptBytesMax = 64 * 1024;

    // Bodies are small and need their length first, so they are written aside; PUBLISH goes straight out.
    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _aside;

    /// <summary>Writes PINGREQ.</summary>
    public static int PingReq(IBufferWriter<byte> target) => Empty(target, MqttPacketType.PingReq);

    /// <summary>Writes PINGRESP.</summary>
    public static int PingResp(IBufferWriter<byte> target) => Empty(target, MqttPacketType.PingResp);

    /// <summary>Writes CONNACK; nothing where 3.1.1 has no code for the reason.</summary>
    public static int ConnAck(IBufferWriter<byte> target, MqttVersion version, ConnAckPacket packet, int bytesMax)
    {
        var body = Aside();
        body.Byte(packet.SessionPresent ? (byte)1 : (byte)0);
        if (version == MqttVersion.V311)
        {
            if (packet.Reason.ToConnectReturnCode() is not { } code)
            {
                return 0;
            }

            body.Byte(code);
            return Finish(target, MqttPacketType.ConnAck, 0, body, bytesMax);
        }

        body.Byte((byte)packet.Reason);
        return FinishWithProperties(target, MqttPacketType.ConnAck, 0, body, packet.Properties, bytesMax);
    }

    /// <summary>Writes PUBACK, PUBREC, PUBREL or PUBCOMP.</summary>
    public static int Ack(
        IBufferWriter<byte> target, MqttVersion version, MqttPacketType type, in AckPacket packet, int bytesMax)
    {
        Debug.Assert(type is >= MqttPacketType.PubAck and <= MqttPacketType.PubComp, "Four acks share this shape.");
        var flags = type == MqttPacketType.PubRel ? 2 : 0;

        // Fast path: no reason, no properties, four bytes in both versions.
        if (version == MqttVersion.V311 || (packet.Reason == MqttReason.Success && packet.Properties is null))
        {
            var span = target.GetSpan(4);
            span[0] = (byte)(((byte)type << 4) | flags);
            span[1] = 2;
            span[2] = (byte)(packet.PacketId >> 8);
            span[3] = (byte)packet.PacketId;
            target.Advance(4);
            return 4;
        }

        var body = Aside();
        body.UInt16(packet.PacketId);
        body.Byte((byte)packet.Reason);
        return packet.Properties is null
            ? Finish(target, type, flags, body, bytesMax)
            : FinishWithProperties(target, type, flags, body, packet.Properties, bytesMax);
    }

    /// <summary>Writes DISCONNECT, or AUTH (5.0 only).</summary>
    public static int Disconnect(
        IBufferWriter<byte> target, MqttVersion version, MqttPacketType type, DisconnectPacket packet, int bytesMax)
    {
        if (version == MqttVersion.V311 || (packet.Reason == MqttReason.Success && packet.Properties is null))
        {
            return Empty(target, type);
        }

        var body = Aside();
        body.Byte((byte)packet.Reason);
        return packet.Properties is null
            ? Finish(target, type, 0, body, bytesMax)
            : FinishWithProperties(target, type, 0, body, packet.Properties, bytesMax);
    }

    private static int Empty(IBufferWriter<byte> target, MqttPacketType type)
    {
        target.Byte((byte)((byte)type << 4));
        target.Byte(0);
        return 2;
    }

    private static ArrayBufferWriter<byte> Aside()
    {
        if (_aside is null || _aside.Capacity > KeptBytesMax)
        {
            _aside = new(256);
        }

        _aside.ResetWrittenCount();
        return _aside;
    }

    private static int FinishWithProperties(
        IBufferWriter<byte> target,
        MqttPacketType type,
        int flags,
        ArrayBufferWriter<byte> body,
        MqttProperties? properties,
        int bytesMax,
        ReadOnlySpan<byte> payload = default)
    {
        var head = body.WrittenSpan.ToArray();
        MqttPropertyWriter.Write(body, properties);
        body.Write(payload);
        var written = Finish(target, type, flags, body, bytesMax);
        if (written > 0 || properties is not { ReasonString: not null } and not { UserProperties: not null })
        {
            return written;
        }

        var (text, pairs) = (properties.ReasonString, properties.UserProperties);
        properties.ReasonString = null;
        properties.UserProperties = null;
        body.ResetWrittenCount();
        body.Write(head);
        MqttPropertyWriter.Write(body, properties);
        body.Write(payload);
        (properties.ReasonString, properties.UserProperties) = (text, pairs);
        return Finish(target, type, flags, body, bytesMax);
    }

    private static int Finish(
        IBufferWriter<byte> target, MqttPacketType type, int flags, ArrayBufferWriter<byte> body, int bytesMax)
    {
        var total = 1 + VariableByteInteger.Size((uint)body.WrittenCount) + body.WrittenCount;
        if (total > bytesMax)
        {
            return 0;
        }

        target.Byte((byte)(((byte)type << 4) | flags));
        target.Variable(body.WrittenCount);
        target.Write(body.WrittenSpan);
        return total;
    }
}
