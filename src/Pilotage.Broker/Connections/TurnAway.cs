namespace Pilotage.Broker.Connections;

/// <summary>Why a connection was turned away whoever it was.</summary>
internal enum TurnAway
{
    /// <summary>There are as many connections as may be.</summary>
    Connections,

    /// <summary>Too many connections of its address have not come in yet.</summary>
    HalfOpen,

    /// <summary>Its address was refused too often lately.</summary>
    FailedConnects,

    /// <summary>Too many clients of its tenant come in at once.</summary>
    ConnectRate,

    /// <summary>The process is short of memory.</summary>
    Memory,
}
