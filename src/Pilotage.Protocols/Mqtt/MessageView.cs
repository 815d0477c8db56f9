namespace Pilotage.Protocols.Mqtt;

/// <summary>An application message as its holder lends it for the length of a call; whoever wants to keep it copies it.</summary>
public readonly ref struct MessageView
{
    /// <summary>The topic name.</summary>
    public required string Topic { get; init; }

    /// <summary>May be empty.</summary>
    public ReadOnlySpan<byte> Payload { get; init; }

    /// <summary>0, 1 or 2, as published.</summary>
    public byte Qos { get; init; }

    /// <summary>As published.</summary>
    public bool Retain { get; init; }

    /// <summary>Those of PUBLISH; nothing when there are none.</summary>
    public MqttProperties? Properties { get; init; }

    /// <summary>The same message to keep.</summary>
    public MqttMessage ToMessage() => new()
    {
        Topic = Topic,
        Payload = Payload.ToArray(),
        Qos = Qos,
        Retain = Retain,
        PayloadFormat = Properties?.PayloadFormat,
        ContentType = Properties?.ContentType,
        ResponseTopic = Properties?.ResponseTopic,
        CorrelationData = Properties?.CorrelationData,
        ExpirySeconds = Properties?.MessageExpiry,
        UserProperties = Properties?.UserProperties ?? (IReadOnlyList<(string, string)>)[],
    };
}
