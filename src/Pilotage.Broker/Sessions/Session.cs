using Pilotage.Broker.Topics;
using Pilotage.Core;
using Pilotage.Protocols.Mqtt;

namespace Pilotage.Broker.Sessions;

/// <summary>
/// What outlives a connection: subscriptions, waiting messages, the will. Everything here changes under the exchange's
/// lock.
/// </summary>
internal sealed class Session(ulong key, TenantId tenant, string clientId)
{
    /// <summary>Wire value for a session that never expires.</summary>
    public const uint NeverExpires = uint.MaxValue;

    private readonly HashSet<ushort> _packetIds = [];
    private ushort _lastPacketId;

    /// <summary>Its number in the session log; never used again.</summary>
    public ulong Key { get; } = key;

    public TenantId Tenant { get; } = tenant;

    public string ClientId { get; } = clientId;

    public ClientIdentity Identity { get; set; } = new(tenant, clientId, null, "", "");

    public MqttVersion Version { get; set; } = MqttVersion.V5;

    /// <summary>Seconds that it lives without a connection; 0 ends it with the connection.</summary>
    public uint ExpirySeconds { get; set; }

    public QueueOverflow Overflow { get; set; }

    public Dictionary<string, Subscription> Subscriptions { get; } = new(StringComparer.Ordinal);

    /// <summary>QoS 1 messages that have not been sent on the present connection.</summary>
    public Ring<Delivery> Waiting { get; } = new();

    /// <summary>QoS 1 messages sent and not acknowledged, in the order sent. Short: at most the send window.</summary>
    public List<Delivery> Inflight { get; } = [];

    public long QueuedBytes { get; private set; }

    /// <summary>Messages lost to a full queue, as counted in the session log.</summary>
    public long Dropped { get; set; }

    public ISessionLink? Link { get; set; }

    public WillMessage? Will { get; set; }

    /// <summary>
    /// When the will is due, if the client does not come back before; on the exchange's monotonic clock.
    /// </summary>
    public TimeSpan? WillAt { get; set; }

    /// <summary>When the session ends; nothing while connected or when it never does; same clock.</summary>
    public TimeSpan? ExpiresAt { get; set; }

    /// <summary>Whether its subscriptions and QoS 1 messages are in the session log.</summary>
    public bool Durable => ExpirySeconds > 0;

    /// <summary>Whether nothing is left of it but a will that outlived the broker's process.</summary>
    public bool IsOnlyWill => !Durable && Link is null;

    public int Queued => Waiting.Count + Inflight.Count;

    /// <summary>Which route has last counted this session among its targets, and at which place.</summary>
    public (ulong Route, int Place) Mark { get; set; }

    public void Enqueue(Delivery delivery)
    {
        Waiting.PushBack(delivery);
        QueuedBytes += delivery.Stored.Bytes;
    }

    /// <summary>Takes the oldest waiting message off for good.</summary>
    public Delivery DropOldest()
    {
        var delivery = Waiting.PopFront();
        Release(delivery);
        return delivery;
    }

    /// <summary>Moves the oldest waiting message to those in flight, under a packet identifier of its own.</summary>
    public Delivery SendOldest()
    {
        var delivery = Waiting.PopFront();
        Inflight.Add(delivery);
        return delivery;
    }

    /// <summary>Gives a message its packet identifier, the one it had if it was sent before.</summary>
    public void Number(Delivery delivery)
    {
        if (delivery.PacketId != 0)
        {
            return;
        }

        do
        {
            _lastPacketId = _lastPacketId == ushort.MaxValue ? (ushort)1 : (ushort)(_lastPacketId + 1);
        }
        while (!_packetIds.Add(_lastPacketId));
        delivery.PacketId = _lastPacketId;
    }

    /// <summary>Takes an acknowledged message off; nothing when no such message is in flight.</summary>
    public Delivery? Acknowledge(ushort packetId)
    {
        for (var i = 0; i < Inflight.Count; i++)
        {
            if (Inflight[i].PacketId == packetId)
            {
                var delivery = Inflight[i];
                Inflight.RemoveAt(i);
                Release(delivery);
                return delivery;
            }
        }

        return null;
    }

    /// <summary>The connection is gone: what was in flight waits again, in front, marked as sent before.</summary>
    public void TakeBack()
    {
        for (var i = Inflight.Count - 1; i >= 0; i--)
        {
            Inflight[i].Duplicate = true;
            Waiting.PushFront(Inflight[i]);
        }

        Inflight.Clear();
    }

    private void Release(Delivery delivery)
    {
        QueuedBytes -= delivery.Stored.Bytes;
        if (delivery.PacketId != 0)
        {
            _packetIds.Remove(delivery.PacketId);
        }
    }
}
