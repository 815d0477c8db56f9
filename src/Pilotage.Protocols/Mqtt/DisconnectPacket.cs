namespace Pilotage.Protocols.Mqtt;

/// <summary>DISCONNECT, or AUTH: a reason and properties, nothing else.</summary>
/// <param name="Reason">Success in 3.1.1.</param>
/// <param name="Properties">Nothing when there are none, and in 3.1.1.</param>
public sealed record DisconnectPacket(MqttReason Reason, MqttProperties? Properties = null);
