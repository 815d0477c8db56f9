namespace Pilotage.Server.Fabric.Findings;

/// <summary>What is the case with a series right now.</summary>
[Flags]
internal enum PulseMarks : byte
{
    None = 0,

    /// <summary>The same value has come too often.</summary>
    Stuck = 1,

    /// <summary>The last point came after a silence.</summary>
    AfterGap = 2,

    /// <summary>Points came that are earlier than the last one.</summary>
    Late = 4,

    /// <summary>Beyond its bounds.</summary>
    Outside = 8,
}
