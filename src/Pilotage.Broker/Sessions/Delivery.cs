namespace Pilotage.Broker.Sessions;

/// <summary>A message on its way to one session.</summary>
internal sealed class Delivery(StoredMessage stored, byte qos, bool retain, List<uint>? subscriptionIds)
{
    public StoredMessage Stored { get; } = stored;

    public byte Qos { get; } = qos;

    public bool Retain { get; } = retain;

    public List<uint>? SubscriptionIds { get; } = subscriptionIds;

    /// <summary>0 until first sent; kept when sent again (MQTT-4.4.0-1).</summary>
    public ushort PacketId { get; set; }

    /// <summary>Whether it was sent on an earlier connection (MQTT-3.3.1-1).</summary>
    public bool Duplicate { get; set; }
}
