using Pilotage.Protocols.Mqtt;

namespace Pilotage.Broker.Connections;

/// <summary>A packet to a client that is no message: an ack, or any other.</summary>
internal readonly struct Outbound
{
    private Outbound(MqttPacketType type, object? packet, AckPacket ack)
    {
        Type = type;
        Packet = packet;
        Ack = ack;
    }

    public MqttPacketType Type { get; }

    /// <summary>The packet's own record, if it is no ack.</summary>
    public object? Packet { get; }

    public AckPacket Ack { get; }

    public static Outbound PingResp { get; } = new(MqttPacketType.PingResp, null, default);

    /// <summary>PUBACK, PUBREC, PUBREL or PUBCOMP.</summary>
    public static Outbound Acks(MqttPacketType type, AckPacket ack) => new(type, null, ack);

    public static Outbound ConnAck(ConnAckPacket packet) => new(MqttPacketType.ConnAck, packet, default);

    public static Outbound SubAck(SubAckPacket packet) => new(MqttPacketType.SubAck, packet, default);

    public static Outbound UnsubAck(SubAckPacket packet) => new(MqttPacketType.UnsubAck, packet, default);

    public static Outbound Disconnect(DisconnectPacket packet) => new(MqttPacketType.Disconnect, packet, default);
}
