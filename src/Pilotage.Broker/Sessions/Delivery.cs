namespace Pilotage.Broker.Sessions;

/// <summary>A message on its way to one session.</summary>
/// <param name="stored">The message, shared with the other sessions it goes to.</param>
/// <param name="id">What acks and drops refer to in the session log.</param>
/// <param name="qos">Of this delivery.</param>
/// <param name="retain">Of this delivery.</param>
/// <param name="subscriptionIds">Identifiers of the subscriptions it answers.</param>
internal sealed class Delivery(StoredMessage stored, ulong id, byte qos, bool retain, List<uint>? subscriptionIds) : Outgoing
{
    public StoredMessage Stored { get; } = stored;

    public ulong Id { get; } = id;

    public byte Qos { get; } = qos;

    public bool Retain { get; } = retain;

    public List<uint>? SubscriptionIds { get; } = subscriptionIds;

    /// <summary>The filter of the shared subscription that it came by, if any.</summary>
    public string? Share { get; init; }

    /// <summary>Whether the client may have seen it: it was sent, or is recorded as about to be.</summary>
    public bool MayBeKnown => PacketId != 0;

    /// <summary>Whether it was sent on an earlier connection (MQTT-3.3.1-1).</summary>
    public bool Duplicate { get; set; }
}
