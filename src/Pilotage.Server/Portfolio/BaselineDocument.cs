namespace Pilotage.Server.Portfolio;

/// <summary>What the pilot will be measured against, fixed before it begins.</summary>
public sealed record BaselineDocument
{
    /// <summary>The predicate type of the signed statement.</summary>
    public const string PredicateType = "https://pilotage.dev/attestations/baseline/v1";

    public required string UseCase { get; init; }

    public required string Version { get; init; }

    public required string Kpi { get; init; }

    public required string FrozenAt { get; init; }

    /// <summary>Digest over every stored point and stop of the units below.</summary>
    public required string Data { get; init; }

    public required IReadOnlyList<BaselineUnit> Units { get; init; }

    public required DowntimeRule Rule { get; init; }

    /// <summary>The model of the baseline: replace every unit at this many cycles; the cheapest on the units above.</summary>
    public required int FixedIntervalCycles { get; init; }

    /// <summary>Hours per 1,000 cycles on the units above, if every unit is run until it fails.</summary>
    public required double RunToFailureRate { get; init; }

    /// <summary>Hours per 1,000 cycles on the units above, with the fixed interval.</summary>
    public required double FixedIntervalRate { get; init; }

    public required IReadOnlyList<Assumption> Assumptions { get; init; }
}

/// <summary>One life the baseline rests on.</summary>
public sealed record BaselineUnit(string Device, int Cycles, bool Planned, double Hours);
