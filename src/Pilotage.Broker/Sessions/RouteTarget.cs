namespace Pilotage.Broker.Sessions;

/// <summary>One delivery of a message: to which session, and how.</summary>
/// <param name="Session">To whom.</param>
/// <param name="Qos">The lower one of message and subscription.</param>
/// <param name="Retain">The retain flag of this delivery.</param>
/// <param name="SubscriptionIds">The identifiers of all subscriptions it answers.</param>
/// <param name="Ordinal">0 for the session's first delivery of the message, 1 for its second, and so on.</param>
internal readonly record struct RouteTarget(
    Session Session, byte Qos, bool Retain, List<uint>? SubscriptionIds, int Ordinal = 0);
