using Pilotage.Protocols.Mqtt;

namespace Pilotage.Broker;

/// <summary>The host's answer to a received message, given once the host has stored what it wants to keep.</summary>
public readonly record struct PublishDecision(MqttReason Reason, string? Text)
{
    /// <summary>Stored, or not of interest.</summary>
    public static PublishDecision Accepted => default;

    /// <summary>
    /// Not stored. A 5.0 client reads the reason in PUBACK; a 3.1.1 client gets no ack and is disconnected.
    /// </summary>
    public static PublishDecision Refused(MqttReason reason, string? text = null) => new(reason, text);
}
