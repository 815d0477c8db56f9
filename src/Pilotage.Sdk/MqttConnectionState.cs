using Pilotage.Protocols.Mqtt;

namespace Pilotage.Sdk;

/// <summary>How a client's connection stands.</summary>
/// <param name="Connected">Whether there is a connection that the broker has accepted.</param>
/// <param name="SessionPresent">Whether the broker still had this client's session when it last connected.</param>
/// <param name="Reason">Why the last connection ended or was refused; success while there is none to tell.</param>
/// <param name="Why">The same in words.</param>
public sealed record MqttConnectionState(bool Connected, bool SessionPresent, MqttReason Reason, string Why);
