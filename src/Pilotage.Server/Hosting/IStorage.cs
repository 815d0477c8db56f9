namespace Pilotage.Server.Hosting;

/// <summary>Something durable of this server that the disk can fail.</summary>
/// <remarks>
/// Full heals: what was refused left no trace, and the next write may work. A failure is final: what was acknowledged
/// is safe, nothing more is acknowledged, and only opening anew shows what the disk holds.
/// </remarks>
public interface IStorage
{
    /// <summary>Name in log lines and on the health page.</summary>
    string Name { get; }

    /// <summary>What failed for good, in a sentence; null while nothing has.</summary>
    string? Failure { get; }

    /// <summary>Whether the last write was refused for want of space.</summary>
    bool IsFull { get; }

    /// <summary>Writes something that means nothing, so that returning space is noticed without traffic.</summary>
    /// <exception cref="IOException">There is still no space.</exception>
    ValueTask ProbeAsync(CancellationToken cancellation);
}
