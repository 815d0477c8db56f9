namespace Pilotage.Broker.Sessions;

/// <summary>One session that a message goes to: overlapping subscriptions have been merged into one delivery.</summary>
internal readonly record struct RouteTarget(Session Session, byte Qos, bool Retain, List<uint>? SubscriptionIds);
