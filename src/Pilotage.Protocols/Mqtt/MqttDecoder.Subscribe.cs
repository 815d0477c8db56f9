using System.Diagnostics.CodeAnalysis;

namespace Pilotage.Protocols.Mqtt;

public static partial class MqttDecoder
{
    /// <summary>Reads SUBSCRIBE.</summary>
    public static bool TrySubscribe(
        ReadOnlySpan<byte> body,
        MqttVersion version,
        in MqttLimits limits,
        [NotNullWhen(true)] out SubscribePacket? packet,
        out MqttReason reason)
    {
        packet = null;
        var reader = new MqttReader(body);
        if (!TryIdAndProperties(
            ref reader, MqttPacketType.Subscribe, version, limits, out var packetId, out var properties, out reason))
        {
            return false;
        }

        // The payload must hold at least one filter (MQTT-3.8.3-2).
        var filters = new List<SubscribeFilter>(1);
        reason = MqttReason.ProtocolError;
        while (!reader.AtEnd)
        {
            if (!reader.TryString(out var filter) || !reader.TryByte(out var options))
            {
                reason = MqttReason.MalformedPacket;
                return false;
            }

            reason = JudgeOptions(filter, options, version);
            if (reason != MqttReason.Success)
            {
                return false;
            }

            filters.Add(new(
                filter, (byte)(options & 3), (options & 4) != 0, (options & 8) != 0, (byte)((options >> 4) & 3)));
        }

        if (reason == MqttReason.Success)
        {
            packet = new(packetId, filters, properties);
        }

        return packet is not null;
    }

    /// <summary>Reads UNSUBSCRIBE.</summary>
    public static bool TryUnsubscribe(
        ReadOnlySpan<byte> body,
        MqttVersion version,
        in MqttLimits limits,
        [NotNullWhen(true)] out UnsubscribePacket? packet,
        out MqttReason reason)
    {
        packet = null;
        var reader = new MqttReader(body);
        if (!TryIdAndProperties(
            ref reader, MqttPacketType.Unsubscribe, version, limits, out var packetId, out var properties, out reason))
        {
            return false;
        }

        // The payload must hold at least one filter (MQTT-3.10.3-2).
        var filters = new List<string>(1);
        while (!reader.AtEnd)
        {
            if (!reader.TryString(out var filter))
            {
                reason = MqttReason.MalformedPacket;
                return false;
            }

            filters.Add(filter);
        }

        reason = filters.Count > 0 ? MqttReason.Success : MqttReason.ProtocolError;
        packet = filters.Count > 0 ? new(packetId, filters, properties) : null;
        return packet is not null;
    }

    /// <summary>Reads SUBACK or UNSUBACK.</summary>
    public static bool TrySubAck(
        ReadOnlySpan<byte> body,
        MqttPacketType type,
        MqttVersion version,
        in MqttLimits limits,
        [NotNullWhen(true)] out SubAckPacket? packet,
        out MqttReason reason)
    {
        packet = null;
        var reader = new MqttReader(body);
        if (!TryIdAndProperties(ref reader, type, version, limits, out var packetId, out var properties, out reason))
        {
            return false;
        }

        var reasons = new List<MqttReason>(reader.Rest.Length);
        foreach (var code in reader.Rest)
        {
            reasons.Add((MqttReason)code);
        }

        packet = new(packetId, reasons, properties);
        return true;
    }

    private static bool TryIdAndProperties(
        ref MqttReader reader,
        MqttPacketType type,
        MqttVersion version,
        in MqttLimits limits,
        out ushort packetId,
        out MqttProperties? properties,
        out MqttReason reason)
    {
        properties = null;
        reason = MqttReason.MalformedPacket;
        if (!reader.TryUInt16(out packetId))
        {
            return false;
        }

        if (packetId == 0)
        {
            reason = MqttReason.ProtocolError;
            return false;
        }

        if (version == MqttVersion.V5 && !TryProperties(ref reader, type, limits, out properties, out reason))
        {
            return false;
        }

        reason = MqttReason.Success;
        return true;
    }

    private static MqttReason JudgeOptions(string filter, byte options, MqttVersion version)
    {
        // Reserved bits must be zero (MQTT-3.8.3-5; all but the QoS in 3.1.1, MQTT-3-8.3-4), and QoS 3 does not exist.
        var reserved = version == MqttVersion.V5 ? 0xC0 : 0xFC;
        if ((options & reserved) != 0 || (options & 3) == 3)
        {
            return MqttReason.MalformedPacket;
        }

        // Retain handling 3, and No Local with a shared subscription (MQTT-3.8.3-4), are protocol errors.
        var noLocalShared = (options & 4) != 0 && MqttTopic.IsShared(filter);
        return (options & 0x30) == 0x30 || noLocalShared ? MqttReason.ProtocolError : MqttReason.Success;
    }
}
