using Pilotage.Server.Portfolio.Value;

namespace Pilotage.Server.Portfolio;

/// <summary>What a package and its site say about a use case, as far as the portfolio needs it. Kept whole with the use case.</summary>
public sealed record UseCaseDefinition
{
    public required string Id { get; init; }

    public required string Version { get; init; }

    /// <summary>Digest of the package's files.</summary>
    public required string Package { get; init; }

    public required string Thing { get; init; }

    /// <summary>What a device measures; each is tried as an alarm of its own.</summary>
    public required IReadOnlyList<string> Properties { get; init; }

    /// <summary>How the operating regime is taken out of them before they are tried; null when the package has no model for it.</summary>
    public RegimeRule? Regimes { get; init; }

    /// <summary>The machines in words, in the plural: "simulated FD001 engines".</summary>
    public required string Fleet { get; init; }

    public required string Kpi { get; init; }

    public required string Unit { get; init; }

    public required double TargetPct { get; init; }

    public required DowntimeRule Rule { get; init; }

    /// <summary>The parameter an alarm's limit goes by, and the model it is about; null when a person sets it.</summary>
    public string? AlarmParameter { get; init; }

    public required MoneyRule Money { get; init; }

    public required IReadOnlyList<GateDefinition> Gates { get; init; }

    /// <summary>Topic pattern of the devices the use case is about.</summary>
    public required string Bind { get; init; }

    /// <summary>Figures the site declared: prices and parameters, each with source and owner.</summary>
    public required IReadOnlyList<Assumption> Assumptions { get; init; }

    /// <summary>simulated, benchmark, replay or live; only live may say "saved".</summary>
    public required string EvidenceClass { get; init; }

    /// <summary>What the figures rest on, in words: the claim names it.</summary>
    public required string Origin { get; init; }

    public IReadOnlyDictionary<string, string> Roles { get; init; } = new Dictionary<string, string>();

    /// <summary>Durations of the package that the site overrides, so that every reader of a figure sees them.</summary>
    public IReadOnlyDictionary<string, string> Overrides { get; init; } = new Dictionary<string, string>();
}

/// <summary>How a stop becomes hours: what every comparison is scored with.</summary>
/// <param name="LeadCycles">Cycles from the decision to the work.</param>
/// <param name="UnplannedHours">Hours of a stop nobody planned.</param>
/// <param name="PlannedHours">Hours of a planned one; work counts as planned only before the last cycle.</param>
public sealed record DowntimeRule(int LeadCycles, double UnplannedHours, double PlannedHours);

/// <summary>How hours become money.</summary>
/// <param name="Benefit">For example <c>avoided_hours * ${price.downtime_hour}</c>.</param>
public sealed record MoneyRule(string Benefit, double CostOnce, double CostMonthly, string Currency);

/// <summary>A gate as the package writes it.</summary>
public sealed record GateDefinition(string Stage, IReadOnlyList<string> Needs, IReadOnlyList<string> Approve);

/// <summary>A declared figure with where it comes from and who answers for it.</summary>
public sealed record Assumption(string Name, double Value, string Unit, string Source, string Owner);
