namespace Pilotage.Server.Portfolio;

/// <summary>What a use case paid, or would have paid: figures with their intervals, and all that they rest on.</summary>
public sealed record ValueReport
{
    public required string UseCase { get; init; }

    /// <summary>simulated, benchmark, replay or live; only live says "saved".</summary>
    public required string EvidenceClass { get; init; }

    public required string Origin { get; init; }

    public required string Currency { get; init; }

    /// <summary>Benefit less cost over the measured period.</summary>
    public required double Net { get; init; }

    public required double Benefit { get; init; }

    public required double Cost { get; init; }

    /// <summary>How the money follows from the hours, with every value put in.</summary>
    public required string Formula { get; init; }

    public required double TotalVsBestFixedPct { get; init; }

    public required IReadOnlyList<double> Ci95 { get; init; }

    public required bool CiExcludesZero { get; init; }

    public double? ShareOfCeilingPct { get; init; }

    public required double CeilingPct { get; init; }

    public required double VsBestSensorPct { get; init; }

    public required IReadOnlyList<double> VsBestSensorCi95 { get; init; }

    public required double UnplannedVsRunToFailurePct { get; init; }

    public required double FixedUnplannedVsRunToFailurePct { get; init; }

    public required int Failures { get; init; }

    public required double FailuresBoundPct { get; init; }

    public required double WithOneMoreFailurePct { get; init; }

    public required int Units { get; init; }

    public required double TargetPct { get; init; }

    /// <summary>Hours per 1,000 cycles by policy, and how each comparison was chosen.</summary>
    public required ValueBaselines Baselines { get; init; }

    public required IReadOnlyList<Assumption> Assumptions { get; init; }

    public required string Claim { get; init; }

    public required IReadOnlyList<string> NotShown { get; init; }

    /// <summary>Digest of the frozen baseline it is measured against.</summary>
    public required string Baseline { get; init; }

    public required IReadOnlyList<ValueUnit> Lives { get; init; }
}

/// <summary>What the model is compared with.</summary>
public sealed record ValueBaselines(
    IReadOnlyDictionary<string, double> HoursPer1000,
    int FixedIntervalCycles,
    int HindsightIntervalCycles,
    double VsHindsightPct,
    string BestSensor,
    double BestSensorThreshold,
    int FitUnits);

/// <summary>One machine of the outcome: its life, its alarm, what the rule makes of both.</summary>
public sealed record ValueUnit(string Device, int Cycles, int? AlarmCycle, string? Alert, bool Failed);
