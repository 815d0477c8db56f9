namespace Pilotage.Protocols.Mqtt;

/// <summary>SUBSCRIBE: at least one filter with its options.</summary>
public sealed record SubscribePacket(
    ushort PacketId, IReadOnlyList<SubscribeFilter> Filters, MqttProperties? Properties = null);

/// <summary>
/// One filter as it was sent; whether it is a valid one is for the receiver to judge, filter by filter.
/// </summary>
/// <param name="Filter">The topic filter.</param>
/// <param name="Qos">The highest QoS wanted.</param>
/// <param name="NoLocal">Whether the client's own messages are left out.</param>
/// <param name="RetainAsPublished">Whether the retain flag is passed on as it was.</param>
/// <param name="RetainHandling">0: send retained; 1: only for a new subscription; 2: never.</param>
public readonly record struct SubscribeFilter(
    string Filter, byte Qos, bool NoLocal = false, bool RetainAsPublished = false, byte RetainHandling = 0);
