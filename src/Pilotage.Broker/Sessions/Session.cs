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
    private HashSet<ushort>? _releasing;
    private IncomingIds? _incoming;
    private Queue<ushort>? _released;
    private QueueTally _tally = new();

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

    /// <summary>QoS 1 and 2 messages for which the window has had no room yet.</summary>
    public Ring<Delivery> Waiting { get; } = new();

    /// <summary>
    /// QoS 1 and 2 messages in the window, in their order; the first <see cref="OnWire"/> have been sent on the present
    /// connection. Short: at most the send window.
    /// </summary>
    public List<Delivery> Inflight { get; } = [];

    /// <summary>How many of <see cref="Inflight"/>, from the front, the present connection has been handed.</summary>
    public int OnWire { get; private set; }

    /// <summary>QoS 2 deliveries that PUBREC has come for and PUBCOMP has not, in the order of PUBREC.</summary>
    public List<Release> Releases { get; } = [];

    /// <summary>Identifiers of QoS 2 messages from the client, until it releases them.</summary>
    public IncomingIds Incoming => _incoming ??= new();

    /// <summary>How many identifiers <see cref="Incoming"/> holds; does not make one.</summary>
    public int IncomingCount => _incoming?.Count ?? 0;

    /// <summary>
    /// Those of <see cref="Incoming"/> that the client has released, while the log takes that down: free as soon as it has. A rewrite of
    /// the log leaves them out, or it would take them back.
    /// </summary>
    public HashSet<ushort> Releasing => _releasing ??= [];

    /// <summary>The identifiers that a client has sent and not released.</summary>
    public IEnumerable<ushort> Unreleased => _releasing is { Count: > 0 } releasing ? Incoming.All().Where(id => !releasing.Contains(id)) : Incoming.All();

    /// <summary>
    /// The identifiers that the client released last, oldest first. Whether it has seen PUBCOMP for these is not known, so
    /// it may release them again when it comes back.
    /// </summary>
    public IReadOnlyCollection<ushort> Released => _released ?? (IReadOnlyCollection<ushort>)[];

    /// <summary>The identifier that the latest message to the client was given; the next one's follows it.</summary>
    public ushort LastPacketId { get; private set; }

    /// <summary>Whether any identifier was used in either direction that is to be kept in mind.</summary>
    public bool HasNumbers => LastPacketId > 0 || Released.Count > 0;

    /// <summary>Repeated QoS 2 messages that wait for the storing of their first sending.</summary>
    public Dictionary<ushort, TaskCompletionSource<MqttReason>>? Repeats { get; set; }

    public long QueuedBytes { get; private set; }

    /// <summary>The same over all sessions of its tenant.</summary>
    public long TenantBytes => _tally.Bytes;

    /// <summary>Messages lost to a full queue, as counted in the session log.</summary>
    public long Dropped { get; set; }

    public ISessionLink? Link { get; set; }

    /// <summary>How its last connection ended; not in the session log, so nothing after a restart.</summary>
    public ConnectionEnd? LastEnd { get; set; }

    public WillMessage? Will { get; set; }

    /// <summary>
    /// When the will is due, if the client does not come back before; on the exchange's monotonic clock.
    /// </summary>
    public TimeSpan? WillAt { get; set; }

    /// <summary>When the session ends; nothing while connected or when it never does; same clock.</summary>
    public TimeSpan? ExpiresAt { get; set; }

    /// <summary>Whether its subscriptions and QoS 1 and 2 messages are in the session log.</summary>
    public bool Durable => ExpirySeconds > 0;

    /// <summary>Whether nothing is left of it but a will that outlived the broker's process.</summary>
    public bool IsOnlyWill => !Durable && Link is null;

    public int Queued => Waiting.Count + Inflight.Count;

    /// <summary>Whether anything could be sent if there were room.</summary>
    public bool HasUnsent => Waiting.Count > 0 || OnWire < Inflight.Count || UnsentReleases > 0;

    /// <summary>How many of <see cref="Releases"/> the present connection has not been handed.</summary>
    public int UnsentReleases { get; private set; }

    /// <summary>
    /// Which route has last counted this session among its targets, at which place, and how many numbered deliveries it
    /// has so far.
    /// </summary>
    public (ulong Route, int Place, int Count) Mark { get; set; }

    /// <summary>Who hears what it published last.</summary>
    public Hearers? Heard { get; set; }

    public void Enqueue(Delivery delivery)
    {
        Waiting.PushBack(delivery);
        Weigh(delivery.Stored.Bytes);
    }

    /// <summary>What waits in it counts for its tenant from now on.</summary>
    public void Join(QueueTally tally)
    {
        _tally = tally;
        _tally.Bytes += QueuedBytes;
    }

    /// <summary>The session ends, and with it what waits in it.</summary>
    public void Leave() => Weigh(-QueuedBytes);

    /// <summary>Takes the oldest waiting message off for good.</summary>
    public Delivery DropOldest()
    {
        var delivery = Waiting.PopFront();
        Weigh(-delivery.Stored.Bytes);
        return delivery;
    }

    /// <summary>Moves the oldest waiting message into the window, under a packet identifier of its own.</summary>
    public void Admit()
    {
        var delivery = Waiting.PopFront();
        do
        {
            LastPacketId = LastPacketId == ushort.MaxValue ? (ushort)1 : (ushort)(LastPacketId + 1);
        }
        while (!_packetIds.Add(LastPacketId));
        delivery.PacketId = LastPacketId;
        Inflight.Add(delivery);
    }

    /// <summary>The next one in the window was handed to the connection.</summary>
    public void Sent() => OnWire++;

    /// <summary>Takes a message out of the window for good.</summary>
    public void Remove(int place)
    {
        var delivery = TakeOut(place);
        _packetIds.Remove(delivery.PacketId);
    }

    /// <summary>PUBREC has come: the message is done, its identifier waits for PUBCOMP.</summary>
    public void Receive(int place, Release release)
    {
        TakeOut(place);
        Releases.Add(release);
        UnsentReleases++;
    }

    /// <summary>A PUBREL was handed to the connection.</summary>
    public void Sent(Release release)
    {
        release.OnWire = true;
        UnsentReleases--;
    }

    /// <summary>PUBCOMP has come; nothing when none was waited for.</summary>
    public Release? Complete(ushort packetId)
    {
        for (var place = 0; place < Releases.Count; place++)
        {
            var release = Releases[place];
            if (release.PacketId == packetId)
            {
                UnsentReleases -= release.OnWire ? 0 : 1;
                Releases.RemoveAt(place);
                _packetIds.Remove(packetId);
                return release;
            }
        }

        return null;
    }

    /// <summary>
    /// An identifier of the client's is free again. A client has no more messages under way than the broker takes at a
    /// time, and hears of them in order, so of that many it may not have heard.
    /// </summary>
    public void Release(ushort packetId, int releasedMax)
    {
        _released ??= new();
        while (_released.Count >= releasedMax)
        {
            _released.Dequeue();
        }

        _released.Enqueue(packetId);
    }

    /// <summary>Where in the window the message under that identifier stands; negative when it does not.</summary>
    public int Find(ushort packetId)
    {
        for (var i = 0; i < Inflight.Count; i++)
        {
            if (Inflight[i].PacketId == packetId)
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>The connection is gone: what it was handed is to be sent again, marked so.</summary>
    public void TakeBack()
    {
        for (var i = 0; i < OnWire; i++)
        {
            Inflight[i].Duplicate = true;
        }

        OnWire = 0;
        foreach (var release in Releases)
        {
            release.OnWire = false;
        }

        UnsentReleases = Releases.Count;
    }

    /// <summary>Takes back what the session log tells of a delivery that was under way.</summary>
    public void Restore(Delivery delivery)
    {
        if (delivery.PacketId == 0)
        {
            Enqueue(delivery);
            return;
        }

        delivery.Duplicate = true;
        delivery.Ready = true;
        _packetIds.Add(delivery.PacketId);
        Inflight.Add(delivery);
        Weigh(delivery.Stored.Bytes);
    }

    /// <summary>What follows it goes on from there, so that a client that comes back is not given the same ones at once.</summary>
    public void RestoreLast(ushort packetId) => LastPacketId = packetId;

    /// <summary>
    /// Its connection ended with the broker's process: what may have been sent in the last moments, without the log
    /// knowing, is marked as what may come a second time (MQTT-3.3.1-1). QoS 2 is in the log before it is sent.
    /// </summary>
    public IEnumerable<Delivery> MarkUnsure(int window)
    {
        foreach (var delivery in Waiting.All().Take(Math.Max(0, window - Inflight.Count - Releases.Count)))
        {
            if (delivery is { Qos: 1, Duplicate: false })
            {
                delivery.Duplicate = true;
                yield return delivery;
            }
        }
    }

    /// <summary>Takes back a delivery that waited for PUBCOMP.</summary>
    public void RestoreRelease(ushort packetId)
    {
        _packetIds.Add(packetId);
        Releases.Add(new() { PacketId = packetId, Ready = true });
        UnsentReleases++;
    }

    private Delivery TakeOut(int place)
    {
        var delivery = Inflight[place];
        Inflight.RemoveAt(place);
        OnWire -= place < OnWire ? 1 : 0;
        Weigh(-delivery.Stored.Bytes);
        return delivery;
    }

    private void Weigh(long bytes)
    {
        QueuedBytes += bytes;
        _tally.Bytes += bytes;
    }
}
