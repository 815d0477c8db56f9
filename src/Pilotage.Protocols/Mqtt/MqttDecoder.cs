using System.Diagnostics.CodeAnalysis;

namespace Pilotage.Protocols.Mqtt;

/// <summary>
/// Reads the body of each packet of 3.1.1 and 5.0. Bad bytes never throw: the method answers false, with the reason
/// code that the standard asks the connection to be closed with.
/// </summary>
/// <remarks>The fixed header has been judged before, by <see cref="MqttFrame.TryRead"/>.</remarks>
public static partial class MqttDecoder
{
    /// <summary>Reads PUBLISH without copying; the view lives as long as <paramref name="body"/>.</summary>
    public static bool TryPublish(
        ReadOnlySpan<byte> body,
        byte flags,
        MqttVersion version,
        in MqttLimits limits,
        out PublishView packet,
        out MqttReason reason)
    {
        packet = default;
        reason = MqttReason.MalformedPacket;
        var qos = (byte)((flags >> 1) & 3);
        var reader = new MqttReader(body);
        if (!reader.TryUtf8(out var topic))
        {
            return false;
        }

        if (topic.ContainsAny((byte)'+', (byte)'#'))
        {
            reason = MqttReason.TopicNameInvalid;
            return false;
        }

        ushort packetId = 0;
        if (qos > 0 && (!reader.TryUInt16(out packetId) || packetId == 0))
        {
            return false;
        }

        MqttProperties? properties = null;
        if (version == MqttVersion.V5
            && !TryProperties(ref reader, MqttPacketType.Publish, limits, out properties, out reason))
        {
            return false;
        }

        // An empty topic is allowed only where an alias stands for it (MQTT 5.0, section 3.3.2.1; MQTT-4.7.3-1).
        if (topic.IsEmpty && properties?.TopicAlias is null)
        {
            reason = version == MqttVersion.V5 ? MqttReason.ProtocolError : MqttReason.MalformedPacket;
            return false;
        }

        reason = MqttReason.Success;
        packet = new()
        {
            Duplicate = (flags & 0x08) != 0,
            Qos = qos,
            Retain = (flags & 0x01) != 0,
            Topic = topic,
            PacketId = packetId,
            Properties = properties,
            Payload = reader.Rest,
        };
        return true;
    }

    /// <summary>Reads PUBACK, PUBREC, PUBREL or PUBCOMP.</summary>
    public static bool TryAck(
        ReadOnlySpan<byte> body,
        MqttPacketType type,
        MqttVersion version,
        in MqttLimits limits,
        out AckPacket packet,
        out MqttReason reason)
    {
        packet = default;
        reason = MqttReason.MalformedPacket;
        var reader = new MqttReader(body);
        if (!reader.TryUInt16(out var packetId) || packetId == 0 || (version == MqttVersion.V311 && !reader.AtEnd)
            || !TryReasonAndProperties(ref reader, type, limits, out var code, out var properties, ref reason))
        {
            return false;
        }

        reason = MqttReason.Success;
        packet = new(packetId, code, properties);
        return true;
    }

    /// <summary>Reads DISCONNECT or AUTH.</summary>
    public static bool TryDisconnect(
        ReadOnlySpan<byte> body,
        MqttPacketType type,
        MqttVersion version,
        in MqttLimits limits,
        [NotNullWhen(true)] out DisconnectPacket? packet,
        out MqttReason reason)
    {
        packet = null;
        reason = MqttReason.MalformedPacket;
        var reader = new MqttReader(body);
        if ((version == MqttVersion.V311 && (!reader.AtEnd || type == MqttPacketType.Auth))
            || !TryReasonAndProperties(ref reader, type, limits, out var code, out var properties, ref reason))
        {
            return false;
        }

        reason = MqttReason.Success;
        packet = new(code, properties);
        return true;
    }

    /// <summary>Reads CONNACK.</summary>
    public static bool TryConnAck(
        ReadOnlySpan<byte> body,
        MqttVersion version,
        in MqttLimits limits,
        [NotNullWhen(true)] out ConnAckPacket? packet,
        out MqttReason reason)
    {
        packet = null;
        reason = MqttReason.MalformedPacket;
        var reader = new MqttReader(body);
        if (!reader.TryByte(out var flags) || flags > 1 || !reader.TryByte(out var code))
        {
            return false;
        }

        MqttProperties? properties = null;
        if (version == MqttVersion.V5)
        {
            // A server of another version answers in its own, without properties.
            if (!reader.AtEnd && !TryProperties(ref reader, MqttPacketType.ConnAck, limits, out properties, out reason))
            {
                return false;
            }
        }

        reason = reader.AtEnd ? MqttReason.Success : MqttReason.MalformedPacket;
        var answer = version == MqttVersion.V5 ? (MqttReason)code : MqttReasons.FromConnectReturnCode(code);
        packet = new(flags == 1, answer, properties);
        return reader.AtEnd;
    }

    /// <summary>An ack's or DISCONNECT's tail: both the reason and the properties may be left out in 5.0.</summary>
    private static bool TryReasonAndProperties(
        ref MqttReader reader,
        MqttPacketType type,
        in MqttLimits limits,
        out MqttReason code,
        out MqttProperties? properties,
        ref MqttReason reason)
    {
        code = MqttReason.Success;
        properties = null;
        if (reader.TryByte(out var value))
        {
            code = (MqttReason)value;
        }

        if (!reader.AtEnd && !TryProperties(ref reader, type, limits, out properties, out reason))
        {
            return false;
        }

        if (!reader.AtEnd || !Enum.IsDefined(code))
        {
            reason = MqttReason.MalformedPacket;
            return false;
        }

        return true;
    }

    private static bool TryProperties(
        ref MqttReader reader,
        MqttPacketType where,
        in MqttLimits limits,
        out MqttProperties? properties,
        out MqttReason reason) =>
        MqttPropertyReader.TryRead(ref reader, where, limits, out properties, out reason);
}
