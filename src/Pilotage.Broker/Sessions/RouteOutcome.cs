using Pilotage.Protocols.Mqtt;

namespace Pilotage.Broker.Sessions;

/// <summary>What became of a published message.</summary>
/// <param name="Reason">Success, or why nothing at all was done with it.</param>
/// <param name="Stored">Completes when what must be durable before the ack is durable; done at once when nothing
/// must.</param>
internal readonly record struct RouteOutcome(MqttReason Reason, ValueTask<long> Stored);
