using Pilotage.Broker.Sessions;
using Pilotage.Protocols.Mqtt;

namespace Pilotage.Broker.Connections;

/// <summary>An ack that is due once what it promises is durable.</summary>
/// <param name="Type">PUBACK, PUBREC or PUBCOMP.</param>
/// <param name="PacketId">0 with QoS 0, which has no ack.</param>
/// <param name="Refusal">Anything but success: nothing was stored, and this is the answer.</param>
/// <param name="Stored">The broker's own log.</param>
/// <param name="Decision">The host.</param>
/// <param name="State">Whether a QoS 2 message was here before.</param>
internal readonly record struct PendingAck(
    MqttPacketType Type,
    ushort PacketId,
    MqttReason Refusal,
    ValueTask<long> Stored = default,
    ValueTask<PublishDecision> Decision = default,
    IncomingState State = IncomingState.None)
{
    /// <summary>What a refusal says, where it says more than its code.</summary>
    public string? Why { get; init; }

    /// <summary>Whether it has been answered from memory already, and only its outcome is waited for.</summary>
    public bool IsPromised { get; init; }

    /// <summary>Whether the outcome is known.</summary>
    public bool IsSettled => Refusal != MqttReason.Success || (Stored.IsCompleted && Decision.IsCompleted);
}
