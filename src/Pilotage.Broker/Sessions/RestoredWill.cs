using Pilotage.Protocols.Mqtt;

namespace Pilotage.Broker.Sessions;

/// <summary>A will that outlived the broker's process.</summary>
internal readonly record struct RestoredWill(ClientIdentity Who, WillMessage Will);
