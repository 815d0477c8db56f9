namespace Pilotage.Protocols.Mqtt;

/// <summary>CONNACK: the server's answer to CONNECT.</summary>
/// <param name="SessionPresent">Whether the server still had a session; false with every refusal
/// (MQTT-3.2.2-6).</param>
/// <param name="Reason">In 3.1.1 mapped to and from its return codes.</param>
/// <param name="Properties">Nothing when there are none, and in 3.1.1.</param>
public sealed record ConnAckPacket(bool SessionPresent, MqttReason Reason, MqttProperties? Properties = null);
