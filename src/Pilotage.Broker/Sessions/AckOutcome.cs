namespace Pilotage.Broker.Sessions;

/// <summary>What an acknowledgement from a client met.</summary>
internal enum AckOutcome
{
    /// <summary>It ended, or advanced, a delivery.</summary>
    Done,

    /// <summary>No delivery under that identifier: it crossed a takeover or a restart, and harms nobody.</summary>
    Unknown,

    /// <summary>PUBACK for QoS 2, or PUBREC for QoS 1: the client has lost count.</summary>
    WrongKind,
}
