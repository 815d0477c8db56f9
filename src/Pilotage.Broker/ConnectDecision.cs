using Pilotage.Protocols.Mqtt;

namespace Pilotage.Broker;

/// <summary>The answer to a connect request: an identity, or a reason why not.</summary>
public sealed record ConnectDecision
{
    private ConnectDecision()
    {
    }

    /// <summary>Who it is; nothing when refused.</summary>
    public ClientIdentity? Identity { get; private init; }

    /// <summary>Success, or why not.</summary>
    public MqttReason Reason { get; private init; }

    /// <summary>For the log and, in 5.0, for the client's Reason String.</summary>
    public string? Text { get; private init; }

    /// <summary>What happens when the session's queue is full.</summary>
    public QueueOverflow Overflow { get; private init; }

    /// <summary>
    /// A basis for response topics, told to a 5.0 client that asks for it; it must be allowed to subscribe there.
    /// </summary>
    public string? ResponseInformation { get; init; }

    /// <summary>
    /// Whether <see cref="BrokerOptions.PublishesPerSecond"/> holds for it; not for one that carries the messages of many.
    /// </summary>
    public bool Paced { get; init; } = true;

    /// <summary>Lets the client in.</summary>
    public static ConnectDecision Accept(ClientIdentity identity, QueueOverflow overflow = QueueOverflow.DropOldest) =>
        new() { Identity = identity, Overflow = overflow };

    /// <summary>Keeps the client out.</summary>
    public static ConnectDecision Refuse(MqttReason reason, string text) => new() { Reason = reason, Text = text };
}

/// <summary>What happens to a QoS 1 message for a session whose queue is full.</summary>
public enum QueueOverflow : byte
{
    /// <summary>The session's oldest waiting message makes room; the loss is counted durably in the session.</summary>
    DropOldest,

    /// <summary>The publisher is refused with 0x97, before anything is stored.</summary>
    Refuse,
}
