using Pilotage.Protocols.Mqtt;

namespace Pilotage.Sdk;

/// <summary>Messages that left the queue without having reached the broker.</summary>
/// <param name="Cause">Why.</param>
/// <param name="Count">How many; more than one only where entries are damaged.</param>
/// <param name="Message">The message, where it was in memory or had been sent.</param>
/// <param name="Reason">The broker's reason when it refused; success otherwise.</param>
public sealed record MqttQueueLoss(MqttQueueLossCause Cause, long Count, MqttMessage? Message, MqttReason Reason);

/// <summary>Why a message left the queue without having reached the broker.</summary>
public enum MqttQueueLossCause
{
    /// <summary>It made room for a newer one.</summary>
    Dropped,

    /// <summary>Its expiry came while it waited.</summary>
    Expired,

    /// <summary>The broker refused it for a reason that stays: not authorized, topic, size, format, QoS.</summary>
    Refused,

    /// <summary>It cannot be read from disk any more.</summary>
    Damaged,
}
