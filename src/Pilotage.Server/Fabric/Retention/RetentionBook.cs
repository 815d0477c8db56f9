namespace Pilotage.Server.Fabric.Retention;

/// <summary>The rules of retention in force. Of several that govern a series, the one that keeps it longest holds; without one, it is kept for good.</summary>
internal sealed class RetentionBook
{
    /// <summary>Most rules of a tenant: each device is held against all of them.</summary>
    public const int RulesMax = 100;

    private readonly RetentionStore _store;
    private readonly Lock _changing = new();
    private IReadOnlyList<RetentionRule> _rules;

    public RetentionBook(RetentionStore store)
    {
        _store = store;
        _rules = store.All();
    }

    /// <summary>Those of all tenants.</summary>
    public IReadOnlyList<RetentionRule> All => Volatile.Read(ref _rules);

    public IReadOnlyList<RetentionRule> Of(TenantId tenant) => [.. All.Where(rule => rule.Tenant == tenant)];

    public Outcome<RetentionRule> Find(TenantId tenant, string name) => All.FirstOrDefault(rule => rule.Tenant == tenant && rule.Name == name) is { } rule
        ? rule
        : new Refusal("fabric.retention.not_found", $"There is no rule \"{(name.Length <= 60 ? name : name[..60] + "…")}\" of retention; list them with: pilotage retention list");

    /// <summary>The rule that holds for a series among those that govern its device; null where it is kept for good.</summary>
    public static RetentionRule? Holding(IEnumerable<RetentionRule> ofDevice, string property) =>
        ofDevice.Where(rule => rule.Governs(property)).OrderByDescending(rule => rule.KeepNs).ThenByDescending(rule => rule.RollUpNs is not null).ThenBy(rule => rule.Name, StringComparer.Ordinal).FirstOrDefault();

    /// <summary>Takes a rule in; on disk when this returns.</summary>
    /// <param name="rule">The rule.</param>
    /// <param name="onlyNew">Refused where there is one of that name.</param>
    public Outcome<RetentionRule> Put(RetentionRule rule, bool onlyNew)
    {
        lock (_changing)
        {
            var before = _rules.FirstOrDefault(other => other.Tenant == rule.Tenant && other.Name == rule.Name);
            if (before is not null && onlyNew)
            {
                return new Refusal("fabric.retention.precondition", $"There is a rule {rule.Name} already; it is replaced by: pilotage retention set {rule.Name} … --replace");
            }

            if (before is null && Of(rule.Tenant).Count >= RulesMax)
            {
                return new Refusal("fabric.retention.full", $"There are {RulesMax} rules of retention in {rule.Tenant}, and no more are kept; one may govern many devices by path or thing type.");
            }

            _store.Put(rule);
            Volatile.Write(ref _rules, [.. _rules.Where(other => other != before), rule]);
            return rule;
        }
    }

    /// <summary>Takes a rule away: what it governed is kept from now on, by another rule or for good.</summary>
    public Outcome<RetentionRule> Remove(TenantId tenant, string name)
    {
        lock (_changing)
        {
            return Find(tenant, name).Then(rule =>
            {
                _store.Delete(rule);
                Volatile.Write(ref _rules, [.. _rules.Where(other => other != rule)]);
                return (Outcome<RetentionRule>)rule;
            });
        }
    }
}
