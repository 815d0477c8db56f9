namespace Pilotage.Server.Package;

/// <summary>The words a package may use and the product knows how to honour; anything else is an error where it stands.</summary>
public static class KnownWords
{
    /// <summary>The package format this version reads.</summary>
    public const string Format = "pilotage.usecase";

    /// <summary>The newest version of it.</summary>
    public const int FormatVersion = 1;

    /// <summary>KPI to the unit it converts to. All of them are hours that are lost, and to fall.</summary>
    public static IReadOnlyDictionary<string, string> Kpis { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["unplanned_downtime"] = "h",
        ["total_downtime"] = "h",
    };

    public static IReadOnlyList<string> BaselineMethods { get; } = ["best_fixed_interval", "interrupted_time_series", "run_to_failure"];

    public static IReadOnlyList<string> Comparisons { get; } = ["fixed_interval", "run_to_failure", "best_sensor"];

    public static IReadOnlyList<string> AlarmAims { get; } = ["expected_downtime"];

    /// <summary>Stages a gate can open, in order.</summary>
    public static IReadOnlyList<string> Stages { get; } = ["pilot", "production", "scaled", "retired"];

    /// <summary>Evidence a gate can ask for: what a number that needs a limit can be, or null where it is a flag.</summary>
    public static IReadOnlyDictionary<string, EvidenceRange?> Evidence { get; } = new Dictionary<string, EvidenceRange?>(StringComparer.Ordinal)
    {
        ["readiness"] = Percent,
        ["baseline.frozen"] = null,
        ["model.registered"] = null,
        ["shadow.days"] = new(double.PositiveInfinity, IsWhole: false),
        ["rollout.confirmed"] = null,
        ["verdicts"] = Count,
        ["alerts.right_pct"] = Percent,
        ["outcome.units"] = Count,
        ["outcome.saving_pct"] = Percent,
        ["outcome.ci_excludes_zero"] = null,
        ["ledger.intact"] = null,
    };

    public static IReadOnlyList<string> EvidenceClasses { get; } = ["simulated", "benchmark", "replay", "live"];

    /// <summary>Guards the rollout controller evaluates.</summary>
    public static IReadOnlyList<string> Guards { get; } = ["p99_latency_ms", "alert_rate", "golden", "deadline_misses"];

    public static IReadOnlyList<string> OnHalt { get; } = ["rollback", "pause"];

    public static IReadOnlyList<string> LabelSources { get; } = ["stops", "verdicts"];

    public static IReadOnlyList<string> SplitOrders { get; } = ["name", "time"];

    /// <summary>Metrics an evaluation measures.</summary>
    public static IReadOnlyList<string> Metrics { get; } =
        ["rmse", "rmse_raw", "mae", "score_nasa", "worst_site_rmse", "agreement", "regimes"];

    /// <summary>Recipe to its numeric settings.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<string>> RecipeNumbers { get; } =
        new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal)
        {
            ["gbt_regression"] =
            [
                "seed", "clip", "trees", "learning_rate", "leaves_max", "depth_max", "child_weight_min", "l2", "gain_min", "row_share",
                "column_share", "bins_max", "members", "deals", "held_out_share", "patience", "near_weight", "near_label",
            ],
            [PackageRegimes.RecipeKind] = ["seed", "regimes_max", "silhouette_min", "share_min", "rows_max", "starts"],
        };

    /// <summary>Durations a site may shorten, for a demonstration or a bench.</summary>
    public static IReadOnlyList<string> Overridable { get; } = ["shadow", "bake", "silence"];

    /// <summary>Names the product supplies for the benefit, besides <c>${price.…}</c> of the site.</summary>
    public static IReadOnlyList<string> BenefitTerms { get; } =
        ["avoided_hours", "saved_hours", "work.lead", "work.unplanned", "work.planned", "cost.once", "cost.monthly"];

    private static EvidenceRange Percent => new(100, IsWhole: false);

    private static EvidenceRange Count => new(double.PositiveInfinity, IsWhole: true);
}

/// <summary>What a figure of the evidence can be, from 0 on. A saving below 0 is a loss, and no gate is passed on one.</summary>
public sealed record EvidenceRange(double Max, bool IsWhole)
{
    /// <summary>In words: <c>0 to 100</c>.</summary>
    public override string ToString() => double.IsFinite(Max) ? $"0 to {Max}" : IsWhole ? "a whole number, 0 or more" : "0 or more";

    /// <summary>Whether no figure of the range keeps the limit.</summary>
    public bool IsNeverMet(string comparison, double limit) => comparison switch
    {
        ">=" => limit > Max,
        ">" => limit >= Max,
        "<=" => limit < 0,
        "<" => limit <= 0,
        _ => limit < 0 || limit > Max || (IsWhole && limit != Math.Floor(limit)),
    };

    /// <summary>Whether the limit lies where no figure can be.</summary>
    public bool IsOutside(double limit) => limit < 0 || limit > Max;
}
