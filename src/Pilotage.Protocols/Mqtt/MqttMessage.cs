namespace Pilotage.Protocols.Mqtt;

/// <summary>
/// An application message, as published and as delivered; immutable, so that many sessions may share one.
/// </summary>
/// <remarks>The properties exist in MQTT 5.0 only; towards a 3.1.1 client they are left out.</remarks>
public sealed record MqttMessage
{
    /// <summary>The topic name, without wildcards, at most 65,535 bytes of UTF-8.</summary>
    public required string Topic { get; init; }

    /// <summary>The payload. Whoever builds the message hands it over and must not write to it afterwards.</summary>
    public ReadOnlyMemory<byte> Payload { get; init; }

    /// <summary>0 at most once, 1 at least once, 2 exactly once.</summary>
    public byte Qos { get; init; }

    /// <summary>
    /// Whether the broker keeps the message as the topic's retained one; an empty payload removes it.
    /// </summary>
    public bool Retain { get; init; }

    /// <summary>1 says that the payload is UTF-8 text; 0 or nothing says nothing.</summary>
    public byte? PayloadFormat { get; init; }

    /// <summary>The payload's media type.</summary>
    public string? ContentType { get; init; }

    /// <summary>The topic on which an answer is expected.</summary>
    public string? ResponseTopic { get; init; }

    /// <summary>What lets the asker find the question to an answer; empty means none.</summary>
    public ReadOnlyMemory<byte> CorrelationData { get; init; }

    /// <summary>How long the message is worth delivering, in seconds; nothing means for ever.</summary>
    public uint? ExpirySeconds { get; init; }

    /// <summary>Names and values in the order sent; a name may occur more than once.</summary>
    public IReadOnlyList<(string Name, string Value)> UserProperties { get; init; } = [];

    /// <summary>Lends it for a call.</summary>
    public MessageView AsView() => new()
    {
        Topic = Topic,
        Payload = Payload.Span,
        Qos = Qos,
        Retain = Retain,
        Properties = ToProperties(),
    };

    private bool HasProperties => PayloadFormat is not null || ContentType is not null || ResponseTopic is not null
        || !CorrelationData.IsEmpty || ExpirySeconds is not null || UserProperties.Count > 0;

    private MqttProperties? ToProperties() => !HasProperties ? null : new()
    {
        PayloadFormat = PayloadFormat,
        ContentType = ContentType,
        ResponseTopic = ResponseTopic,
        CorrelationData = CorrelationData.IsEmpty ? null : CorrelationData.ToArray(),
        MessageExpiry = ExpirySeconds,
        UserProperties = UserProperties.Count == 0 ? null : [.. UserProperties],
    };
}
