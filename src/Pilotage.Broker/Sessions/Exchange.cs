using System.Runtime.InteropServices;
using Pilotage.Broker.Topics;
using Pilotage.Core;
using Pilotage.Protocols.Mqtt;

namespace Pilotage.Broker.Sessions;

/// <summary>
/// Where messages meet sessions. One lock guards all tenants' sessions, subscriptions, retained messages and the order
/// of the session log; nothing waits under it.
/// </summary>
internal sealed partial class Exchange(BrokerOptions options, SessionLog log, TimeProvider time)
{
    private const string TooLarge = "packet-too-large";
    private static readonly TimeSpan RetainedSweepInterval = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly Dictionary<TenantId, TenantSpace> _spaces = [];
    private readonly List<DueWill> _dueWills = [];
    private readonly long _started = time.GetTimestamp();
    private readonly AgeClock _age = new(time);

    // Scratch of the route under way; the lock makes one enough.
    private readonly List<SubscriptionTrie<Session>.Entry> _matches = [];
    private readonly List<RouteTarget> _targets = [];
    private readonly List<RouteTarget> _durable = [];
    private readonly MessagePool _pool = new();
    private ulong _routes;
    private int _numbered;
    private ulong _lastSession;
    private ulong _lastMessage;

    private TimeSpan Now => time.GetElapsedTime(_started);

    /// <summary>By which messages and sessions age; not the time of day.</summary>
    public long AgeNs => _age.Ns;

    /// <summary>
    /// Gives a message to every matching session and to the retained store. Delivery begins at once, except that QoS 2
    /// to a lasting session waits for the disk; the ack waits for <see cref="RouteOutcome.Stored"/>. A refusal has had
    /// no effect.
    /// </summary>
    /// <param name="tenant">Whose sessions may hear it.</param>
    /// <param name="publisher">Nothing for wills and for the host's own messages.</param>
    /// <param name="message">What was published.</param>
    /// <param name="onceId">The identifier of a QoS 2 message; one that is known already has no effect again.</param>
    public RouteOutcome Route(TenantId tenant, Session? publisher, in MessageView message, ushort onceId = 0)
    {
        lock (_gate)
        {
            if (onceId != 0 && publisher is not null && IsKnown(publisher, onceId, out var before))
            {
                return before;
            }

            var space = Space(tenant);
            FindTargets(space, publisher, message);
            var retain = message.Retain;
            if (Judge(space, message, retain) is var refusal && refusal != MqttReason.Success)
            {
                return new(refusal, default);
            }

            // Nobody asks for the age of what does not expire.
            var sinceNs = message.Properties?.MessageExpiry is null ? 0 : AgeNs;
            space.Received++;
            if (onceId != 0 && publisher is not null)
            {
                publisher.Incoming[onceId] = IncomingState.Pending;
            }

            if (!retain && onceId == 0 && _numbered == 0)
            {
                // Fast path: nobody keeps it, so it goes out as it came in.
                foreach (ref readonly var target in CollectionsMarshal.AsSpan(_targets))
                {
                    DeliverAtMostOnce(target, message, sinceNs);
                }

                return new(MqttReason.Success, default);
            }

            return new(MqttReason.Success, Keep(space, tenant, publisher, message, sinceNs, onceId));
        }
    }

    /// <summary>Whether memory is so short that no queue of a client that is away may grow.</summary>
    public bool IsTight { get; set; }

    /// <summary>Delivers a message that somebody keeps: a session until it is acknowledged, the retained store, the log.</summary>
    private ValueTask<long> Keep(
        TenantSpace space, TenantId tenant, Session? publisher, in MessageView message, long sinceNs, ushort onceId)
    {
        var id = _lastMessage + 1;
        _lastMessage += (ulong)Math.Max(1, _targets.Count);
        var stored = message.Retain ? new(id, message, sinceNs) : _pool.Take(id, message, sinceNs);
        var origin = onceId != 0 && publisher is { Durable: true } ? (publisher.Key, onceId) : default;
        ValueTask<long> durable = default;
        if (message.Retain)
        {
            durable = Retain(space, stored, log.Published(origin, tenant, stored, retain: true, CollectionsMarshal.AsSpan(_durable)));
        }
        else if (_durable.Count > 0 || origin.onceId != 0)
        {
            durable = log.Published(origin, tenant, stored, retain: false, CollectionsMarshal.AsSpan(_durable));
        }

        foreach (ref readonly var target in CollectionsMarshal.AsSpan(_targets))
        {
            Deliver(target, stored);
        }

        _pool.LetGo(stored);
        return durable;
    }

    /// <summary>Takes the wills that fell due since the last call; the caller publishes them.</summary>
    public IReadOnlyList<DueWill> TakeDueWills()
    {
        lock (_gate)
        {
            if (_dueWills.Count == 0)
            {
                return [];
            }

            var due = _dueWills.ToArray();
            _dueWills.Clear();
            return due;
        }
    }

    /// <summary>Every session, for operators.</summary>
    public IReadOnlyList<ClientView> Clients()
    {
        lock (_gate)
        {
            return
            [
                .. _spaces.Values.SelectMany(space => space.Sessions.Values).Where(s => !s.IsOnlyWill).Select(s => new ClientView(
                    s.Identity, s.Link is not null, s.Version, s.Subscriptions.Count, s.Queued, s.Dropped)
                {
                    QueuedBytes = s.QueuedBytes,
                    Connection = s.Link?.View,
                    LastEnd = s.LastEnd,
                }),
            ];
        }
    }

    /// <summary>Begins a trace on the connections that are there.</summary>
    public void Trace(ClientTrace trace)
    {
        lock (_gate)
        {
            foreach (var session in _spaces.Values.SelectMany(space => space.Sessions.Values))
            {
                if (session.Link is { } link && trace.Concerns(session.Identity))
                {
                    link.Trace(trace);
                }
            }
        }
    }

    private TenantSpace Space(TenantId tenant)
    {
        ref var space = ref CollectionsMarshal.GetValueRefOrAddDefault(_spaces, tenant, out _);
        return space ??= new();
    }

    /// <summary>
    /// One target for each session whatever the number of its matching subscriptions (MQTT-3.3.4-2), or one for each
    /// subscription where the option says so; one more for each shared subscription it is chosen for.
    /// </summary>
    private void FindTargets(TenantSpace space, Session? publisher, in MessageView message)
    {
        _matches.Clear();
        _targets.Clear();
        _durable.Clear();
        _routes++;
        foreach (var (session, subscription) in Matches(space, publisher, message.Topic))
        {
            if (subscription.NoLocal && ReferenceEquals(session, publisher))
            {
                continue;
            }

            var qos = Math.Min(message.Qos, subscription.Qos);
            var retain = subscription.RetainAsPublished && message.Retain;
            if (!options.MergesOverlaps || session.Mark.Route != _routes)
            {
                AddTarget(new(session, qos, retain, subscription.Identifiers));
            }
            else
            {
                Merge(session.Mark.Place, qos, retain, subscription);
            }
        }

        if (space.Shared.Count > 0)
        {
            FindSharers(space, message);
        }

        Number();
    }

    /// <summary>
    /// Most clients publish to one topic again and again: who hears it is looked up anew when subscriptions have changed.
    /// </summary>
    private ReadOnlySpan<SubscriptionTrie<Session>.Entry> Matches(TenantSpace space, Session? publisher, string topic)
    {
        if (publisher is null)
        {
            space.Subscriptions.Match(topic, _matches);
            return CollectionsMarshal.AsSpan(_matches);
        }

        var known = publisher.Heard;
        if (known is null || known.Changes != space.Subscriptions.Changes || !ReferenceEquals(known.Topic, topic))
        {
            space.Subscriptions.Match(topic, _matches);
            known = publisher.Heard = new(topic, space.Subscriptions.Changes, [.. _matches]);
        }

        return known.By;
    }

    private void AddTarget(RouteTarget target)
    {
        if (target.Session.Mark.Route != _routes)
        {
            target.Session.Mark = (_routes, _targets.Count, 0);
        }

        _targets.Add(target);
    }

    /// <summary>A further subscription of the same session: the highest QoS, and every identifier.</summary>
    private void Merge(int place, byte qos, bool retain, Subscription subscription)
    {
        var before = _targets[place];
        var ids = before.SubscriptionIds;
        if (subscription.Identifier is { } another)
        {
            // Lists of one belong to their subscription.
            ids = ids is null ? subscription.Identifiers : [.. ids, another];
        }

        _targets[place] = new(before.Session, Math.Max(before.Qos, qos), before.Retain || retain, ids);
    }

    /// <summary>Numbers the deliveries of each session, and picks out those for the log.</summary>
    private void Number()
    {
        _numbered = 0;
        foreach (ref var target in CollectionsMarshal.AsSpan(_targets))
        {
            if (target.Qos == 0)
            {
                continue;
            }

            _numbered++;
            var session = target.Session;
            var (route, place, count) = session.Mark;
            target = target with { Ordinal = count };
            session.Mark = (route, place, count + 1);
            if (session.Durable)
            {
                _durable.Add(target);
            }
        }
    }

    private MqttReason Judge(TenantSpace space, in MessageView message, bool retain)
    {
        foreach (var target in _durable)
        {
            if (target.Session.Overflow == QueueOverflow.Refuse
                && (HasNoRoom(target.Session, message.Payload.Length) || MayNotGrow(target.Session)))
            {
                return MqttReason.QuotaExceeded;
            }
        }

        if (!retain || message.Payload.IsEmpty)
        {
            return MqttReason.Success;
        }

        return IsOneTooMany(space, message) && (!DropExpiredRetained(space) || IsOneTooMany(space, message))
            ? MqttReason.QuotaExceeded
            : MqttReason.Success;
    }

    private bool IsOneTooMany(TenantSpace space, in MessageView message)
    {
        var before = space.Retained.Get(message.Topic);
        var count = space.Retained.Count + (before is null ? 1 : 0);
        var bytes = space.Retained.Bytes + message.Payload.Length - (before?.Bytes ?? 0);
        return count > options.RetainedMessagesMax || bytes > options.RetainedBytesMax;
    }

    /// <summary>What has expired makes room, though nobody has asked for it since. Seldom: it looks at everything.</summary>
    private bool DropExpiredRetained(TenantSpace space)
    {
        if (space.RetainedSweptAt is { } last && Now - last < RetainedSweepInterval)
        {
            return false;
        }

        space.RetainedSweptAt = Now;
        return space.Retained.RemoveExpired(AgeNs) > 0;
    }

    /// <summary>Whether the queue is full even without what has expired at its front.</summary>
    private bool HasNoRoom(Session session, int more)
    {
        while (IsFull(session, more))
        {
            if (session.Waiting.Count == 0 || !DropExpired(session))
            {
                return true;
            }
        }

        return false;
    }

    private bool IsFull(Session session, int more) =>
        session.Queued >= options.QueuedMessagesMax
        || session.QueuedBytes + more > options.QueuedBytesMax
        || IsTenantFull(session, more);

    private bool IsTenantFull(Session session, int more) =>
        session.TenantBytes + more > options.QueuedTenantBytesMax;

    private bool MayNotGrow(Session session) => IsTight && session.Link is null;

    private void Deliver(in RouteTarget target, StoredMessage stored)
    {
        if (target.Qos == 0)
        {
            DeliverAtMostOnce(target, stored.View, stored.SinceNs);
            return;
        }

        Enqueue(target.Session, _pool.Take(stored, stored.Id + (ulong)target.Ordinal, target));
        Pump(target.Session);
    }

    /// <summary>Nobody there, or no room, and it is gone, but counted.</summary>
    private static void DeliverAtMostOnce(in RouteTarget target, in MessageView message, long sinceNs)
    {
        if (target.Session.Link is { SendWindow: > 0 } link)
        {
            Drop(link.TryDeliver(message, sinceNs, target.Retain, target.SubscriptionIds));
        }
    }

    private static void Drop(Handing handed)
    {
        if (handed != Handing.Done)
        {
            BrokerMetrics.Dropped(handed == Handing.TooLarge ? TooLarge : "slow-reader");
        }
    }

    private void Enqueue(Session session, Delivery delivery)
    {
        while (session.Waiting.Count > 0 && IsFull(session, delivery.Stored.Bytes))
        {
            if (!DropExpired(session))
            {
                DropOldest(session, "queue-full");
            }
        }

        if (session.Waiting.Count > 0 && MayNotGrow(session))
        {
            DropOldest(session, "memory");
        }

        session.Enqueue(delivery);

        // A full tenant takes nothing more, not even into an empty queue.
        while (session.Waiting.Count > 0 && IsTenantFull(session, 0))
        {
            DropOldest(session, "tenant-full");
        }
    }

    private void DropOldest(Session session, string cause)
    {
        var lost = session.DropOldest();
        session.Dropped++;
        BrokerMetrics.Dropped(cause);
        if (session.Durable)
        {
            log.Dropped(session, lost.Id);
        }

        _pool.LetGo(lost);
    }
}
