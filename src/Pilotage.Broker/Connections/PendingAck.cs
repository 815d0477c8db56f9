using Pilotage.Protocols.Mqtt;

namespace Pilotage.Broker.Connections;

/// <summary>A received message whose storing is under way; its ack leaves when both parts are durable.</summary>
/// <param name="PacketId">0 with QoS 0, which has no ack.</param>
/// <param name="Refusal">Anything but success: nothing was stored, and this is the answer.</param>
/// <param name="Stored">The broker's own log.</param>
/// <param name="Decision">The host.</param>
internal readonly record struct PendingAck(
    ushort PacketId, MqttReason Refusal, ValueTask<long> Stored, ValueTask<PublishDecision> Decision);
