namespace Pilotage.Broker.Topics;

/// <summary>One subscription of one session, as it was asked for and granted.</summary>
internal sealed record Subscription(
    string Filter, byte Qos, bool NoLocal, bool RetainAsPublished, byte RetainHandling, uint? Identifier)
{
    /// <summary>Its identifier as deliveries bear it; made once, never changed.</summary>
    public List<uint>? Identifiers { get; } = Identifier is { } id ? [id] : null;
}
