using Pilotage.Protocols.Mqtt;

namespace Pilotage.Sdk.Mqtt;

/// <summary>A QoS 1 or 2 message from the caller's hand to the broker's ack, across connections.</summary>
internal sealed class PendingPublish(MqttMessage message)
{
    private readonly TaskCompletionSource<MqttReason> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public MqttMessage Message { get; } = message;

    /// <summary>0 until first sent; the same for every sending (MQTT-4.4.0-1).</summary>
    public ushort PacketId { get; set; }

    /// <summary>Whether it was sent on an earlier connection.</summary>
    public bool Duplicate { get; set; }

    /// <summary>Whether PUBREC has come: the broker has the message, and only its identifier is to be released.</summary>
    public bool Received { get; set; }

    /// <summary>Whether the caller has stopped waiting before it was sent.</summary>
    public bool Abandoned { get; set; }

    public Task<MqttReason> Answer => _answer.Task;

    public void Complete(MqttReason reason) => _answer.TrySetResult(reason);

    public void Fail(Exception cause) => _answer.TrySetException(cause);
}
