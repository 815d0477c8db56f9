namespace Pilotage.Broker.Loops;

/// <summary>What became of an attempt to take bytes off a socket, or to put some on it.</summary>
/// <param name="Bytes">How many were carried.</param>
/// <param name="Flow">How it stands now.</param>
/// <param name="Why">What was wrong, when it is lost.</param>
internal readonly record struct Carried(int Bytes, Flow Flow, string? Why = null);

/// <summary>How a socket stands in one direction.</summary>
internal enum Flow
{
    /// <summary>Bytes were carried, and more may be at once.</summary>
    More,

    /// <summary>Bytes were carried, and that was all: the next are reported anew.</summary>
    Drained,

    /// <summary>Nothing can be carried before the socket reports.</summary>
    Waits,

    /// <summary>The peer will send no more.</summary>
    Ended,

    /// <summary>The connection is broken.</summary>
    Lost,
}
