using Pilotage.Broker.Topics;
using Pilotage.Protocols.Mqtt;

namespace Pilotage.Broker.Sessions;

/// <content>Subscriptions and what they bring at once: retained messages.</content>
internal sealed partial class Exchange
{
    // Enough for a fast client between two looks of a replay that waits.
    private const int ReplayWaitingMax = 1024;

    private int ReplayRoom => Math.Clamp(options.QueuedMessagesMax / 2, 1, ReplayWaitingMax);

    /// <summary>Adds or replaces a subscription (MQTT-3.8.4-3); false when the session has as many as it may.</summary>
    public bool TrySubscribe(Session session, Subscription subscription, out bool isNew, out ValueTask<long> stored)
    {
        lock (_gate)
        {
            stored = default;
            isNew = !session.Subscriptions.ContainsKey(subscription.Filter);
            if (isNew && session.Subscriptions.Count >= options.SubscriptionsMax)
            {
                return false;
            }

            if (session.Durable)
            {
                stored = log.Subscribed(session, subscription);
            }

            session.Subscriptions[subscription.Filter] = subscription;
            Space(session.Tenant).Subscribe(session, subscription);
            return true;
        }
    }

    /// <summary>Ends a subscription; false when there was none.</summary>
    public bool Unsubscribe(Session session, string filter, out ValueTask<long> stored)
    {
        lock (_gate)
        {
            stored = default;
            if (!session.Subscriptions.Remove(filter))
            {
                return false;
            }

            var space = Space(session.Tenant);
            if (space.Groups.ContainsKey(filter))
            {
                PassOnWaiting(space, session, filter);
            }

            space.Unsubscribe(session, filter);
            if (session.Durable)
            {
                stored = log.Unsubscribed(session, filter);
            }

            return true;
        }
    }

    /// <summary>The session's filters, as they are now.</summary>
    public IReadOnlyList<string> FiltersOf(Session session)
    {
        lock (_gate)
        {
            return [.. session.Subscriptions.Keys];
        }
    }

    /// <summary>What the retained store holds for a filter, oldest first.</summary>
    public List<StoredMessage> RetainedFor(Session session, string filter)
    {
        var found = new List<StoredMessage>();
        lock (_gate)
        {
            var space = Space(session.Tenant);
            space.Retained.Match(filter, AgeNs, found);
            if (filter.StartsWith(StatusTopics.Root, StringComparison.Ordinal))
            {
                found.AddRange(Status(space).Where(stored => MqttTopic.Matches(filter, stored.Topic)));
            }
        }

        found.Sort((left, right) => left.Id.CompareTo(right.Id));
        return found;
    }

    /// <summary>Whether a message that was found is its topic's retained one still, or one of the broker's own.</summary>
    public bool IsStillRetained(Session session, StoredMessage found)
    {
        lock (_gate)
        {
            return ReferenceEquals(Space(session.Tenant).Retained.Get(found.Topic), found)
                || found.Topic.StartsWith(StatusTopics.Root, StringComparison.Ordinal);
        }
    }

    /// <summary>Whether the session has that subscription.</summary>
    public bool IsSubscribed(Session session, string filter)
    {
        lock (_gate)
        {
            return session.Subscriptions.ContainsKey(filter);
        }
    }

    /// <summary>
    /// Puts a retained message in the session's queue for QoS 1 or 2; false while enough waits there. The rest of the queue is
    /// for what is published: it would push out what a replay has filled it with.
    /// </summary>
    public bool TryReplay(Session session, ISessionLink link, StoredMessage retained, Subscription subscription)
    {
        lock (_gate)
        {
            if (session.Link != link)
            {
                return true;
            }

            if (session.Waiting.Count >= ReplayRoom || (IsFull(session, retained.Bytes) && session.Waiting.Count > 0))
            {
                return false;
            }

            // Its own id: this delivery is acknowledged apart from the one the message had when it was published.
            var copy = new StoredMessage(++_lastMessage, retained);
            var qos = Math.Min(retained.Qos, subscription.Qos);
            var delivery = _pool.Take(copy, copy.Id, new(session, qos, Retain: true, subscription.Identifiers));
            if (session.Durable)
            {
                SessionLog.Unawaited(log.Published(session, delivery));
            }

            Enqueue(session, delivery);
            Pump(session);
            return true;
        }
    }
}
