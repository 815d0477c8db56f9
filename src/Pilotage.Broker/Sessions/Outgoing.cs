namespace Pilotage.Broker.Sessions;

/// <summary>
/// A packet with an identifier on its way to one client. With QoS 2 and a lasting session it must be in the session log
/// before it leaves: a broker that forgot it would send the message again under another identifier.
/// </summary>
internal abstract class Outgoing
{
    /// <summary>0 until first sent; kept when sent again (MQTT-4.4.0-1).</summary>
    public ushort PacketId { get; set; }

    /// <summary>
    /// Whether everything that must be durable before it leaves is durable; for QoS 1, which does not wait, whether its
    /// identifier is in the log.
    /// </summary>
    public bool Ready { get; set; }

    /// <summary>Whether its record is on the way to the disk.</summary>
    public bool Recording { get; set; }
}
