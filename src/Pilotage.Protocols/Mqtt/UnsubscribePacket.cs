namespace Pilotage.Protocols.Mqtt;

/// <summary>UNSUBSCRIBE: at least one filter.</summary>
public sealed record UnsubscribePacket(
    ushort PacketId, IReadOnlyList<string> Filters, MqttProperties? Properties = null);
