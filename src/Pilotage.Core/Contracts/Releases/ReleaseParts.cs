namespace Pilotage.Core.Contracts.Releases;

/// <summary>One artifact of a release: never trusted by name, only by digest and length.</summary>
public sealed record ReleaseArtifact
{
    public required string Kind { get; init; }

    public required string Name { get; init; }

    /// <summary><c>sha256:…</c></summary>
    public required string Digest { get; init; }

    public required long Bytes { get; init; }
}

/// <summary>The schema of one model as the pipeline calls it.</summary>
public sealed record ReleaseModel
{
    public required string Name { get; init; }

    public required string Version { get; init; }

    public required IReadOnlyList<string> Inputs { get; init; }

    public required IReadOnlyList<string> Outputs { get; init; }

    /// <summary><c>reject</c> (a row with a missing input is not answered) or <c>native</c> (the model handles it).</summary>
    public string Missing { get; init; } = "reject";

    /// <summary>Feeds another model of the release only: its answers are not published.</summary>
    public bool Internal { get; init; }
}

/// <summary>Where a release came from: digests of the dataset, the training run and the package. Lineage starts here.</summary>
public sealed record ReleaseOrigin
{
    public string? Dataset { get; init; }

    public string? Run { get; init; }

    public string? Package { get; init; }
}
