namespace Pilotage.Server.Package;

/// <summary>The words a package may use and the product knows how to honour; anything else is an error where it stands.</summary>
public static class KnownWords
{
    /// <summary>The package format this version reads.</summary>
    public const string Format = "pilotage.usecase";

    /// <summary>The newest version of it.</summary>
    public const int FormatVersion = 1;

    /// <summary>KPI to the unit it converts to.</summary>
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

    /// <summary>Evidence a gate can ask for; true where it is a number that needs a limit, false where it is a flag.</summary>
    public static IReadOnlyDictionary<string, bool> Evidence { get; } = new Dictionary<string, bool>(StringComparer.Ordinal)
    {
        ["readiness"] = true,
        ["baseline.frozen"] = false,
        ["model.registered"] = false,
        ["shadow.days"] = true,
        ["rollout.confirmed"] = false,
        ["verdicts"] = true,
        ["alerts.right_pct"] = true,
        ["outcome.units"] = true,
        ["outcome.saving_pct"] = true,
        ["outcome.ci_excludes_zero"] = false,
        ["ledger.intact"] = false,
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

    /// <summary>Names the product supplies for <c>${…}</c> besides the site's.</summary>
    public static IReadOnlyList<string> BenefitTerms { get; } = ["avoided_hours", "saved_hours"];
}
