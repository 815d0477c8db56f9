using Pilotage.Protocols.Mqtt;

namespace Pilotage.Sdk.Mqtt;

/// <summary>What the broker sent: a message, or the answer to a packet of ours.</summary>
/// <param name="Type">PUBLISH, the four acks of QoS 1 and 2, SUBACK or UNSUBACK.</param>
/// <param name="PacketId">0 for a QoS 0 message.</param>
/// <param name="Message">With PUBLISH only.</param>
/// <param name="Reason">With answers only.</param>
internal readonly record struct LinkEvent(
    MqttPacketType Type, ushort PacketId, MqttMessage? Message, MqttReason Reason);
