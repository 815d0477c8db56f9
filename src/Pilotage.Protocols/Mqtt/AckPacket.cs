namespace Pilotage.Protocols.Mqtt;

/// <summary>PUBACK, PUBREC, PUBREL or PUBCOMP: they share one shape.</summary>
/// <param name="PacketId">Which PUBLISH is meant.</param>
/// <param name="Reason">Always success in 3.1.1.</param>
/// <param name="Properties">Nothing when there are none, and in 3.1.1.</param>
public readonly record struct AckPacket(
    ushort PacketId, MqttReason Reason = MqttReason.Success, MqttProperties? Properties = null);
