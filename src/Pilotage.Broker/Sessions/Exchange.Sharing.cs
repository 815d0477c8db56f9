namespace Pilotage.Broker.Sessions;

/// <content>Shared subscriptions: what a member leaves behind goes to another one.</content>
internal sealed partial class Exchange
{
    private readonly List<Topics.SubscriptionTrie<Topics.ShareGroup>.Entry> _groups = [];

    private void FindSharers(TenantSpace space, in Protocols.Mqtt.MessageView message)
    {
        _groups.Clear();
        space.Shared.Match(message.Topic, _groups);
        foreach (var (group, _) in _groups)
        {
            if (group.Choose(message.Qos) is var (session, subscription))
            {
                var qos = Math.Min(message.Qos, subscription.Qos);
                var retain = subscription.RetainAsPublished && message.Retain;
                AddTarget(new(session, qos, retain, subscription.Identifiers, Share: subscription.Filter));
            }
        }
    }

    /// <summary>
    /// The session is gone. QoS 1 goes to another member even if it was sent (section 4.8.2); QoS 2 only if it was not
    /// (MQTT-4.8.2-5).
    /// </summary>
    private void PassOnEverything(TenantSpace space, Session session)
    {
        foreach (var delivery in session.Inflight.Concat(session.Waiting.All()))
        {
            if (delivery.Share is not null && (delivery.Qos == 1 || !delivery.MayBeKnown))
            {
                PassOn(space, session, delivery);
            }
        }
    }

    /// <summary>The session goes on without a connection, or without the subscription: what was not sent moves.</summary>
    private void PassOnWaiting(TenantSpace space, Session session, string? filter)
    {
        for (var left = session.Waiting.Count; left > 0; left--)
        {
            var delivery = session.DropOldest();
            var moves = delivery.Share is { } share && (filter is null || share == filter)
                && space.Groups.TryGetValue(share, out var group) && group.HasOtherOnline(session);
            if (!moves)
            {
                session.Enqueue(delivery);
                continue;
            }

            PassOn(space, session, delivery);
            if (session.Durable)
            {
                log.Acknowledged(session, delivery.Id);
            }

            _pool.LetGo(delivery);
        }
    }

    private void PassOn(TenantSpace space, Session from, Delivery delivery)
    {
        if (!space.Groups.TryGetValue(delivery.Share!, out var group)
            || group.Choose(delivery.Qos, except: from) is not var (session, subscription))
        {
            return;
        }

        var qos = Math.Min(delivery.Qos, subscription.Qos);
        var copy = _pool.Take(++_lastMessage, delivery.Stored.View, delivery.Stored.SinceNs);
        var target = new RouteTarget(session, qos, delivery.Retain, subscription.Identifiers, Share: delivery.Share);
        if (qos > 0 && session.Durable)
        {
            SessionLog.Unawaited(log.Published(default, session.Tenant, copy, retain: false, new(in target)));
        }

        Deliver(target, copy);
        _pool.LetGo(copy);
    }
}
