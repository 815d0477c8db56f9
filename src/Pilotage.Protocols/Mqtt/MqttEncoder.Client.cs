using System.Buffers;

namespace Pilotage.Protocols.Mqtt;

public static partial class MqttEncoder
{
    /// <summary>Writes CONNECT.</summary>
    public static int Connect(IBufferWriter<byte> target, ConnectPacket packet)
    {
        var body = Aside();
        body.Text("MQTT");
        body.Byte((byte)packet.Version);
        body.Byte(FlagsOf(packet));
        body.UInt16(packet.KeepAliveSeconds);
        if (packet.Version == MqttVersion.V5)
        {
            MqttPropertyWriter.Write(body, packet.Properties);
        }

        body.Text(packet.ClientId);
        if (packet.Will is { } will)
        {
            if (packet.Version == MqttVersion.V5)
            {
                MqttPropertyWriter.Write(body, PropertiesOf(will));
            }

            body.Text(will.Message.Topic);
            body.Binary(will.Message.Payload.Span);
        }

        if (packet.UserName is not null)
        {
            body.Text(packet.UserName);
        }

        if (packet.Password is { } password)
        {
            body.Binary(password.Span);
        }

        return Finish(target, MqttPacketType.Connect, 0, body, int.MaxValue);
    }

    /// <summary>Writes SUBSCRIBE.</summary>
    public static int Subscribe(IBufferWriter<byte> target, MqttVersion version, SubscribePacket packet, int bytesMax)
    {
        var body = Aside();
        body.UInt16(packet.PacketId);
        if (version == MqttVersion.V5)
        {
            MqttPropertyWriter.Write(body, packet.Properties);
        }

        foreach (var filter in packet.Filters)
        {
            body.Text(filter.Filter);
            body.Byte(version == MqttVersion.V5 ? OptionsOf(filter) : filter.Qos);
        }

        return Finish(target, MqttPacketType.Subscribe, 2, body, bytesMax);
    }

    /// <summary>Writes UNSUBSCRIBE.</summary>
    public static int Unsubscribe(
        IBufferWriter<byte> target, MqttVersion version, UnsubscribePacket packet, int bytesMax)
    {
        var body = Aside();
        body.UInt16(packet.PacketId);
        if (version == MqttVersion.V5)
        {
            MqttPropertyWriter.Write(body, packet.Properties);
        }

        foreach (var filter in packet.Filters)
        {
            body.Text(filter);
        }

        return Finish(target, MqttPacketType.Unsubscribe, 2, body, bytesMax);
    }

    /// <summary>Writes SUBACK or UNSUBACK.</summary>
    public static int SubAck(
        IBufferWriter<byte> target, MqttVersion version, MqttPacketType type, SubAckPacket packet, int bytesMax)
    {
        var body = Aside();
        body.UInt16(packet.PacketId);
        if (version == MqttVersion.V5)
        {
            var reasons = new byte[packet.Reasons.Count];
            for (var i = 0; i < reasons.Length; i++)
            {
                reasons[i] = (byte)packet.Reasons[i];
            }

            return FinishWithProperties(target, type, 0, body, packet.Properties, bytesMax, reasons);
        }

        if (type == MqttPacketType.SubAck)
        {
            foreach (var reason in packet.Reasons)
            {
                // 3.1.1 knows one failure only (MQTT-3.9.3-2).
                body.Byte(reason.IsFailure() ? (byte)0x80 : (byte)reason);
            }
        }

        return Finish(target, type, 0, body, bytesMax);
    }

    private static MqttProperties PropertiesOf(WillMessage will) => new()
    {
        PayloadFormat = will.Message.PayloadFormat,
        ContentType = will.Message.ContentType,
        ResponseTopic = will.Message.ResponseTopic,
        CorrelationData = will.Message.CorrelationData.IsEmpty ? null : will.Message.CorrelationData.ToArray(),
        MessageExpiry = will.Message.ExpirySeconds,
        WillDelay = will.DelaySeconds == 0 ? null : will.DelaySeconds,
        UserProperties = will.Message.UserProperties.Count == 0 ? null : [.. will.Message.UserProperties],
    };

    private static byte FlagsOf(ConnectPacket packet) => (byte)(
        (packet.UserName is null ? 0 : ConnectFlags.UserName)
        | (packet.Password is null ? 0 : ConnectFlags.Password)
        | (packet.Will is null ? 0 : ConnectFlags.Will | (packet.Will.Message.Qos << 3))
        | (packet.Will is { Message.Retain: true } ? ConnectFlags.WillRetain : 0)
        | (packet.CleanStart ? ConnectFlags.CleanStart : 0));

    private static byte OptionsOf(in SubscribeFilter filter) => (byte)(
        filter.Qos | (filter.NoLocal ? 4 : 0) | (filter.RetainAsPublished ? 8 : 0) | (filter.RetainHandling << 4));
}
