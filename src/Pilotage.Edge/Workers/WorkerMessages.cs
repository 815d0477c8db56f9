using Pilotage.Core.Contracts.Releases;

namespace Pilotage.Edge.Workers;

/// <summary>What the supervisor tells a worker, a JSON line each; the first starts it, later ones replace the list of devices.</summary>
internal sealed record WorkerOrders
{
    public required string Release { get; init; }

    public required string Edge { get; init; }

    public required string Tenant { get; init; }

    public required string Hardware { get; init; }

    /// <summary>Keys releases must be signed with: the worker verifies what it loads itself.</summary>
    public required IReadOnlyList<string> ReleaseKeys { get; init; }

    public required string EnvelopePath { get; init; }

    public required string ArtifactsPath { get; init; }

    /// <summary>The folder of the worker's checkpoint.</summary>
    public required string CheckpointPath { get; init; }

    public required string Socket { get; init; }

    public required string Challenge { get; init; }

    public required double HeartbeatSeconds { get; init; }

    public required IReadOnlyList<DesiredDevice> Devices { get; init; }

    /// <summary>Answer to <see cref="WorkerSays.Cold"/>: a file with what these devices sent before, as one forward batch after another.</summary>
    public string? HistoryPath { get; init; }

    /// <summary>The devices the history is of.</summary>
    public IReadOnlyList<string> HistoryOf { get; init; } = [];
}

/// <summary>What a worker says, a JSON line each.</summary>
internal sealed record WorkerReport
{
    /// <summary>One of <see cref="WorkerSays"/>.</summary>
    public required string Says { get; init; }

    public string? Reason { get; init; }

    public AttestedGolden? Golden { get; init; }

    public string? ManifestDigest { get; init; }

    public IReadOnlyList<AttestedDevice> Devices { get; init; } = [];

    public double? P50Ms { get; init; }

    public double? P99Ms { get; init; }

    public long Inferences { get; init; }
}

/// <summary>The kinds of worker reports.</summary>
internal static class WorkerSays
{
    /// <summary>Models loaded, golden rows answered.</summary>
    public const string Proved = "proved";

    /// <summary>Subscribed to devices whose windows are empty: asks for their history, and holds their input until it has come.</summary>
    public const string Cold = "cold";

    /// <summary>Subscribed and inferring; repeated as the sign of life, from the very loop that infers.</summary>
    public const string Beat = "beat";

    /// <summary>It cannot go on, and why; the process ends after it.</summary>
    public const string Fault = "fault";
}
