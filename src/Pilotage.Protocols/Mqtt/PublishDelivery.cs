namespace Pilotage.Protocols.Mqtt;

/// <summary>What one delivery of a message adds to the message itself.</summary>
public readonly record struct PublishDelivery
{
    /// <summary>The QoS of this delivery.</summary>
    public byte Qos { get; init; }

    /// <summary>Required with QoS 1 and 2.</summary>
    public ushort PacketId { get; init; }

    /// <summary>The retain flag of this delivery.</summary>
    public bool Retain { get; init; }

    /// <summary>Whether it may have been delivered before.</summary>
    public bool Duplicate { get; init; }

    /// <summary>What is left of the message's life, in seconds.</summary>
    public uint? ExpirySeconds { get; init; }

    /// <summary>The identifiers of all subscriptions that this delivery answers.</summary>
    public List<uint>? SubscriptionIds { get; init; }

    /// <summary>0 means none.</summary>
    public ushort TopicAlias { get; init; }

    /// <summary>Whether the receiver knows the alias already, so that the topic itself is left out.</summary>
    public bool TopicOmitted { get; init; }
}
