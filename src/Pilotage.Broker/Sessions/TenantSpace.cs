using Pilotage.Broker.Topics;

namespace Pilotage.Broker.Sessions;

/// <summary>All that one tenant has in the broker. Nothing refers from one space to another.</summary>
internal sealed class TenantSpace
{
    public Dictionary<string, Session> Sessions { get; } = new(StringComparer.Ordinal);

    public SubscriptionTrie<Session> Subscriptions { get; } = new();

    public RetainedStore Retained { get; } = new();
}
