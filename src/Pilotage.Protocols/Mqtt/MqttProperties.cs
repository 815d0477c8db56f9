namespace Pilotage.Protocols.Mqtt;

/// <summary>
/// All properties of MQTT 5.0; nothing means absent. Which packet may bear which is checked when reading.
/// </summary>
/// <remarks>
/// One class for all packets: a packet without properties bears none at all, so the common case costs nothing.
/// </remarks>
public sealed class MqttProperties
{
    /// <summary>1 for UTF-8 text.</summary>
    public byte? PayloadFormat { get; set; }

    /// <summary>Seconds.</summary>
    public uint? MessageExpiry { get; set; }

    /// <summary>Media type of the payload.</summary>
    public string? ContentType { get; set; }

    /// <summary>Where the answer goes; no wildcards.</summary>
    public string? ResponseTopic { get; set; }

    /// <summary>Returned with the answer.</summary>
    public byte[]? CorrelationData { get; set; }

    /// <summary>One in SUBSCRIBE; in PUBLISH one for each matching subscription.</summary>
    public List<uint>? SubscriptionIds { get; set; }

    /// <summary>Seconds; 0xFFFFFFFF means never.</summary>
    public uint? SessionExpiry { get; set; }

    /// <summary>The client identifier that the server chose.</summary>
    public string? AssignedClientId { get; set; }

    /// <summary>Seconds; overrides what the client asked for.</summary>
    public ushort? ServerKeepAlive { get; set; }

    /// <summary>Name of the enhanced authentication method.</summary>
    public string? AuthenticationMethod { get; set; }

    /// <summary>Data of the enhanced authentication method.</summary>
    public byte[]? AuthenticationData { get; set; }

    /// <summary>0 forbids reason strings and user properties on anything but PUBLISH, CONNACK and DISCONNECT.</summary>
    public bool? RequestProblemInformation { get; set; }

    /// <summary>Seconds between the loss of the connection and the will.</summary>
    public uint? WillDelay { get; set; }

    /// <summary>Whether the client would like response information.</summary>
    public bool? RequestResponseInformation { get; set; }

    /// <summary>A basis for response topics.</summary>
    public string? ResponseInformation { get; set; }

    /// <summary>Another server to use.</summary>
    public string? ServerReference { get; set; }

    /// <summary>For people, not for programs.</summary>
    public string? ReasonString { get; set; }

    /// <summary>How many unacknowledged QoS 1 and 2 messages the sender of this takes; absent means 65,535.</summary>
    public ushort? ReceiveMaximum { get; set; }

    /// <summary>How many topic aliases the sender of this takes; absent means none.</summary>
    public ushort? TopicAliasMaximum { get; set; }

    /// <summary>A number that stands for the topic name.</summary>
    public ushort? TopicAlias { get; set; }

    /// <summary>The highest QoS the server takes; absent means 2.</summary>
    public byte? MaximumQos { get; set; }

    /// <summary>Whether the server keeps retained messages; absent means yes.</summary>
    public bool? RetainAvailable { get; set; }

    /// <summary>The largest packet the sender of this takes; absent means no limit.</summary>
    public uint? MaximumPacketSize { get; set; }

    /// <summary>Absent means yes.</summary>
    public bool? WildcardSubscriptionAvailable { get; set; }

    /// <summary>Absent means yes.</summary>
    public bool? SubscriptionIdsAvailable { get; set; }

    /// <summary>Absent means yes.</summary>
    public bool? SharedSubscriptionAvailable { get; set; }

    /// <summary>Names and values in order; a name may repeat.</summary>
    public List<(string Name, string Value)>? UserProperties { get; set; }
}
