using Pilotage.Protocols.Mqtt;

namespace Pilotage.Broker.Sessions;

/// <summary>A will that must be published now, outside the lock.</summary>
internal readonly record struct DueWill(ClientIdentity Who, MqttMessage Message);
