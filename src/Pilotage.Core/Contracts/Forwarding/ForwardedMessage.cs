namespace Pilotage.Core.Contracts.Forwarding;

/// <summary>One message an edge took from a device of its own and passes on as that device's.</summary>
/// <param name="Offset">Where it stands in the edge's log; strictly rising inside a batch, with holes where messages were dropped.</param>
/// <param name="EdgeReceiveNs">When the edge took it, ns since the Unix epoch UTC.</param>
/// <param name="Topic">The topic the device published to, tenant first.</param>
/// <param name="Payload">As the device sent it.</param>
public sealed record ForwardedMessage(long Offset, long EdgeReceiveNs, string Topic, ReadOnlyMemory<byte> Payload)
{
    /// <summary>MQTT 5 content type; null means the mapping's or the topic's default.</summary>
    public string? ContentType { get; init; }

    /// <summary>Whether the device asked for the message to be retained.</summary>
    public bool Retain { get; init; }

    /// <summary>MQTT 5 user properties in the order they came.</summary>
    public IReadOnlyList<(string Name, string Value)> UserProperties { get; init; } = [];
}
