using Pilotage.Protocols.Mqtt;

namespace Pilotage.Sdk.Mqtt;

/// <summary>A packet waiting for the writer.</summary>
internal readonly struct LinkPacket
{
    private LinkPacket(MqttPacketType type, object? packet, ushort packetId, bool duplicate, MqttReason reason)
    {
        Type = type;
        Packet = packet;
        PacketId = packetId;
        Duplicate = duplicate;
        Reason = reason;
    }

    public MqttPacketType Type { get; }

    public object? Packet { get; }

    public ushort PacketId { get; }

    public bool Duplicate { get; }

    public MqttReason Reason { get; }

    public static LinkPacket Ping { get; } = new(MqttPacketType.PingReq, null, 0, false, MqttReason.Success);

    public static LinkPacket Publish(MqttMessage message, ushort packetId, bool duplicate) =>
        new(MqttPacketType.Publish, message, packetId, duplicate, MqttReason.Success);

    /// <summary>PUBACK, PUBREC, PUBREL or PUBCOMP.</summary>
    public static LinkPacket Ack(MqttPacketType type, ushort packetId, MqttReason reason = MqttReason.Success) =>
        new(type, null, packetId, false, reason);

    public static LinkPacket Subscribe(SubscribePacket packet) =>
        new(MqttPacketType.Subscribe, packet, packet.PacketId, false, MqttReason.Success);

    public static LinkPacket Unsubscribe(UnsubscribePacket packet) =>
        new(MqttPacketType.Unsubscribe, packet, packet.PacketId, false, MqttReason.Success);

    public static LinkPacket Disconnect(MqttReason reason) => new(MqttPacketType.Disconnect, null, 0, false, reason);
}
