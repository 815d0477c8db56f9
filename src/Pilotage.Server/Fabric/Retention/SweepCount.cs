namespace Pilotage.Server.Fabric.Retention;

/// <summary>What went by a rule with one sweep.</summary>
/// <param name="Series">Series of which points went.</param>
/// <param name="Points">Points that went; of series with very many of them about how many.</param>
/// <param name="Windows">Windows that were left of them.</param>
/// <param name="WindowsGone">Windows that went because they were too old themselves.</param>
/// <param name="AtNs">When the sweep was.</param>
internal sealed record RuleCut(TenantId Tenant, string Rule, long Series, long Points, long Windows, long WindowsGone, long AtNs = 0);

/// <summary>Counts what goes with a sweep, rule by rule.</summary>
internal sealed class SweepCount
{
    private readonly Dictionary<(TenantId Tenant, string Rule), RuleCut> _cuts = [];

    public IEnumerable<RuleCut> Cuts => _cuts.Values;

    public void Add(RetentionRule rule, long series, long points, long windows, long windowsGone)
    {
        var before = _cuts.GetValueOrDefault((rule.Tenant, rule.Name)) ?? new RuleCut(rule.Tenant, rule.Name, 0, 0, 0, 0);
        _cuts[(rule.Tenant, rule.Name)] = before with
        {
            Series = before.Series + series,
            Points = before.Points + points,
            Windows = before.Windows + windows,
            WindowsGone = before.WindowsGone + windowsGone,
        };
    }
}
