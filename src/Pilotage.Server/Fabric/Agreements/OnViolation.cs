namespace Pilotage.Server.Fabric.Agreements;

/// <summary>What becomes of a value that breaks a rule.</summary>
internal enum OnViolation
{
    /// <summary>It is stored, and counted.</summary>
    Count,

    /// <summary>It is acknowledged and kept apart, until somebody releases or discards it.</summary>
    Quarantine,

    /// <summary>Its message is refused, and nothing of it is stored.</summary>
    Reject,
}
