namespace Pilotage.Server.Package;

/// <summary><c>rollout.yaml</c>, with the site's overrides applied.</summary>
/// <param name="Shadow">How long the new version only watches before it acts.</param>
/// <param name="Waves">Strictly growing: counts, then shares, then the rest.</param>
/// <param name="Window">When devices may be touched: <c>always</c>, or like <c>Sun 02:00-06:00</c>.</param>
/// <param name="Bake">How long a wave must hold before the next.</param>
/// <param name="SilenceFailAfter">A device that says nothing for this long has failed.</param>
/// <param name="OnHalt"><c>rollback</c> or <c>pause</c>.</param>
/// <param name="Overridden">Durations the site shortened: name and the package's own value, for the report.</param>
public sealed record RolloutSpec(
    TimeSpan Shadow,
    IReadOnlyList<WaveSpec> Waves,
    string Window,
    IReadOnlyList<GuardSpec> Guards,
    TimeSpan Bake,
    TimeSpan SilenceFailAfter,
    string OnHalt,
    IReadOnlyDictionary<string, TimeSpan> Overridden,
    SourceMark At);

/// <summary>One wave: a number of devices, a share of them, or the rest (both null).</summary>
public sealed record WaveSpec(string Text, int? Count, double? Share, SourceMark At);

/// <summary>A limit that halts the rollout when it is broken.</summary>
/// <param name="Name"><c>p99_latency_ms</c>, <c>alert_rate</c>, <c>golden</c> …, see <see cref="KnownWords.Guards"/>.</param>
/// <param name="Max">Absolute limit, or null.</param>
/// <param name="Against"><c>control</c>: compared with devices on the old version at the same time; or null.</param>
/// <param name="MarginShare">How much worse than the control is tolerated, as a share: 0.2 for 20 %.</param>
/// <param name="Match"><c>all</c>: every answer must match; or null.</param>
public sealed record GuardSpec(string Name, double? Max, string? Against, double? MarginShare, string? Match, SourceMark At);
