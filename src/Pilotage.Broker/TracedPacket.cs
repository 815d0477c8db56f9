using Pilotage.Protocols.Mqtt;

namespace Pilotage.Broker;

/// <summary>What a trace tells of one packet: never its topic, its properties or its payload.</summary>
/// <param name="AtNs">When, ns since the Unix epoch.</param>
/// <param name="ClientId">Whose.</param>
/// <param name="Outgoing">Whether the broker sent it.</param>
/// <param name="Type">Its type.</param>
/// <param name="Bytes">Its size, header included.</param>
public readonly record struct TracedPacket(long AtNs, string ClientId, bool Outgoing, MqttPacketType Type, int Bytes)
{
    /// <summary>The packet identifier; 0 where it has none.</summary>
    public ushort PacketId { get; init; }

    /// <summary>Of PUBLISH.</summary>
    public byte Qos { get; init; }

    /// <summary>Of PUBLISH.</summary>
    public bool Retain { get; init; }

    /// <summary>Of PUBLISH.</summary>
    public bool Duplicate { get; init; }

    /// <summary>The reason code; of several the first failure; nothing where the packet has none.</summary>
    public MqttReason? Reason { get; init; }

    /// <summary>How many packets before this one were passed over, because there were too many in that second.</summary>
    public long Skipped { get; init; }
}
