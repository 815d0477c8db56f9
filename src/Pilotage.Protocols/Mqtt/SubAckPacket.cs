namespace Pilotage.Protocols.Mqtt;

/// <summary>SUBACK or UNSUBACK: one reason for each filter, in the order of the request.</summary>
/// <remarks>In 3.1.1 every failure of SUBACK is 0x80, and UNSUBACK has no reasons at all.</remarks>
public sealed record SubAckPacket(
    ushort PacketId, IReadOnlyList<MqttReason> Reasons, MqttProperties? Properties = null);
