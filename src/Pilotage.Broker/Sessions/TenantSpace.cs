using Pilotage.Broker.Topics;
using Pilotage.Protocols.Mqtt;

namespace Pilotage.Broker.Sessions;

/// <summary>All that one tenant has in the broker. Nothing refers from one space to another.</summary>
internal sealed class TenantSpace
{
    public Dictionary<string, Session> Sessions { get; } = new(StringComparer.Ordinal);

    public SubscriptionTrie<Session> Subscriptions { get; } = new();

    /// <summary>Shared subscriptions by their whole filter.</summary>
    public Dictionary<string, ShareGroup> Groups { get; } = new(StringComparer.Ordinal);

    /// <summary>The same, by what matches topics.</summary>
    public SubscriptionTrie<ShareGroup> Shared { get; } = new();

    public RetainedStore Retained { get; } = new();

    /// <summary>Topics whose latest retained message is not on disk yet.</summary>
    public Dictionary<string, RetainedDoubt> Doubts { get; } = new(StringComparer.Ordinal);

    /// <summary>When expired retained messages were last looked for to make room; on the exchange's monotonic clock.</summary>
    public TimeSpan? RetainedSweptAt { get; set; }

    /// <summary>What waits in all its sessions.</summary>
    public QueueTally Queued { get; } = new();

    /// <summary>Messages routed since the start.</summary>
    public long Received { get; set; }

    /// <summary>Adds or replaces a subscription, shared or not.</summary>
    public void Subscribe(Session session, Subscription subscription)
    {
        if (!MqttTopic.TrySplitShare(subscription.Filter, out _, out var inner))
        {
            Subscriptions.Set(session, subscription);
            return;
        }

        if (!Groups.TryGetValue(subscription.Filter, out var group))
        {
            group = new(inner);
            Groups.Add(subscription.Filter, group);
            Shared.Set(group, subscription with { Filter = inner });
        }

        group.Set(session, subscription);
    }

    /// <summary>Ends a subscription, shared or not; a group without members goes.</summary>
    public void Unsubscribe(Session session, string filter)
    {
        if (!Groups.TryGetValue(filter, out var group))
        {
            Subscriptions.Remove(session, filter);
            return;
        }

        group.Remove(session);
        if (group.Count == 0)
        {
            Groups.Remove(filter);
            Shared.Remove(group, group.TopicFilter);
        }
    }
}

/// <summary>Bytes that wait in the sessions of one tenant.</summary>
internal sealed class QueueTally
{
    public long Bytes { get; set; }
}
