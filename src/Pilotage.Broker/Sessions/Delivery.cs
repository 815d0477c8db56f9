namespace Pilotage.Broker.Sessions;

/// <summary>A message on its way to one session. Comes from the <see cref="MessagePool"/> and goes back there.</summary>
internal sealed class Delivery : Outgoing
{
    /// <summary>The message, shared with the other sessions it goes to.</summary>
    public StoredMessage Stored { get; private set; } = null!;

    /// <summary>What acks and drops refer to in the session log.</summary>
    public ulong Id { get; private set; }

    /// <summary>Of this delivery.</summary>
    public byte Qos { get; private set; }

    /// <summary>Of this delivery.</summary>
    public bool Retain { get; private set; }

    /// <summary>Identifiers of the subscriptions it answers.</summary>
    public List<uint>? SubscriptionIds { get; private set; }

    /// <summary>The filter of the shared subscription that it came by, if any.</summary>
    public string? Share { get; private set; }

    /// <summary>Whether the client may have seen it: it was sent, or is recorded as about to be.</summary>
    public bool MayBeKnown => PacketId != 0;

    /// <summary>Whether it was sent on an earlier connection (MQTT-3.3.1-1).</summary>
    public bool Duplicate { get; set; }

    /// <summary>For the pool: another message, or the same to another session.</summary>
    public void Begin(StoredMessage stored, ulong id, in RouteTarget target)
    {
        (Stored, Id) = (stored, id);
        (Qos, Retain, SubscriptionIds, Share) = (target.Qos, target.Retain, target.SubscriptionIds, target.Share);
        (PacketId, Ready, Recording, Duplicate) = (0, false, false, false);
    }

    /// <summary>For the pool: lets go of what it has.</summary>
    public void Empty()
    {
        Stored = null!;
        SubscriptionIds = null;
        Share = null;
    }
}
