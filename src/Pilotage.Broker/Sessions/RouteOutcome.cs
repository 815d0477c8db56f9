using Pilotage.Protocols.Mqtt;

namespace Pilotage.Broker.Sessions;

/// <summary>What became of a published message.</summary>
/// <param name="Reason">Success, or why nothing at all was done with it.</param>
/// <param name="Stored">Completes when what must be durable before the ack is durable; done at once when nothing
/// must.</param>
/// <param name="State">Whether a QoS 2 message has been here before, and how far it came then.</param>
/// <param name="Earlier">With <see cref="IncomingState.Pending"/>: completes with the outcome of the first time.</param>
internal readonly record struct RouteOutcome(
    MqttReason Reason,
    ValueTask<long> Stored,
    IncomingState State = IncomingState.None,
    Task<MqttReason>? Earlier = null);
