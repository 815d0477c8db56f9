namespace Pilotage.Server.Fabric.Findings;

/// <summary>What can be wrong with how a series comes in.</summary>
internal enum FindingKind
{
    /// <summary>The very same value again and again, where it usually varies.</summary>
    Stuck,

    /// <summary>It still varies, by a small part of what it used to.</summary>
    Flatline,

    /// <summary>One to three values far off, and then as before.</summary>
    Spike,

    /// <summary>Outside the bounds of the thing description or the contract.</summary>
    OutOfRange,

    /// <summary>Silence, against the usual distance of its points.</summary>
    Gap,

    /// <summary>Points come at another rate.</summary>
    RateChange,

    /// <summary>A step to where the same values would be in another unit.</summary>
    UnitJump,

    /// <summary>The device's clock moved against the time of receipt.</summary>
    ClockSkew,

    /// <summary>Two values at one time.</summary>
    Contradiction,
}
