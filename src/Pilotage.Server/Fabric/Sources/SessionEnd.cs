namespace Pilotage.Server.Fabric.Sources;

/// <summary>What became of the session at the broker of a source that was taken away.</summary>
internal enum SessionEnd
{
    /// <summary>The broker keeps nothing for it any more.</summary>
    Ended,

    /// <summary>The broker let us not in, so what it keeps is not ours to end.</summary>
    Refused,

    /// <summary>The broker did not answer.</summary>
    Unanswered,

    /// <summary>The source was paused: another server may use the session.</summary>
    LeftAlone,
}
