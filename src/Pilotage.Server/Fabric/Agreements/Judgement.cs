using Pilotage.Server.Fabric.Ingest;

namespace Pilotage.Server.Fabric.Agreements;

/// <summary>What becomes of rows that a contract was held against.</summary>
/// <param name="Rows">To be stored.</param>
/// <param name="Held">To be kept apart.</param>
/// <param name="Misfit">Why a part of it cannot be in its series at all, or null.</param>
/// <param name="Rejected">Why nothing of it is taken, or null.</param>
internal sealed record Judgement(IReadOnlyList<TelemetryRow> Rows, IReadOnlyList<HeldPoint> Held, string? Misfit, Refusal? Rejected)
{
    /// <summary>The first value that it is rejected for; null where it is not, or for none of them.</summary>
    public RejectedValue? RejectedFor { get; init; }
}

/// <summary>A value that is not what a contract asks, for which all is rejected that came with it.</summary>
/// <param name="TimeNs">The time of its row.</param>
/// <param name="Property">Its property; null where the row lacks it.</param>
internal sealed record RejectedValue(long TimeNs, string? Property);
