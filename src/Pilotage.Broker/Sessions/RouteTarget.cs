namespace Pilotage.Broker.Sessions;

/// <summary>One delivery of a message: to which session, and how.</summary>
/// <param name="Session">To whom.</param>
/// <param name="Qos">The lower one of message and subscription.</param>
/// <param name="Retain">The retain flag of this delivery.</param>
/// <param name="SubscriptionIds">The identifiers of all subscriptions it answers.</param>
/// <param name="Ordinal">0 for the session's first QoS 1 or 2 delivery of the message, 1 for its second.</param>
/// <param name="Share">The filter of the shared subscription that it came by, if any.</param>
internal readonly record struct RouteTarget(
    Session Session, byte Qos, bool Retain, List<uint>? SubscriptionIds, int Ordinal = 0, string? Share = null);
