namespace Pilotage.Broker.Sessions;

/// <summary>The second half of a QoS 2 delivery: PUBREC has come, PUBREL is to be sent until PUBCOMP comes.</summary>
internal sealed class Release : Outgoing
{
    /// <summary>Whether it was handed to the present connection.</summary>
    public bool OnWire { get; set; }
}
