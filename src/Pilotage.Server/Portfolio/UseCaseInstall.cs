using System.Globalization;
using Pilotage.Server.Package;
using Pilotage.Server.Portfolio.Value;

namespace Pilotage.Server.Portfolio;

/// <summary>Reads out of a package and its site what the portfolio keeps.</summary>
internal static class UseCaseInstall
{
    /// <summary>Refused when the package was read without a site, or the site does not bind the thing.</summary>
    public static Outcome<UseCaseDefinition> Define(UseCasePackage package)
    {
        if (package.Site is not { } site)
        {
            return new Refusal("use_case.site_missing", $"{package.UseCase.Name} was read without a site.yaml: devices, people and prices are missing.");
        }

        if (!site.Bind.TryGetValue(package.UseCase.Thing, out var bind))
        {
            return new Refusal("use_case.not_bound", $"site.yaml binds no devices to the thing '{package.UseCase.Thing}'.");
        }

        if (package.UseCase.Outcome.Work is not { } work)
        {
            return new Refusal("use_case.work_missing", "outcome.work is missing: without lead and durations an alarm cannot be turned into hours.");
        }

        var outcome = package.UseCase.Outcome;
        return new UseCaseDefinition
        {
            Id = package.UseCase.Name,
            Version = package.UseCase.Version,
            Package = package.Digest.ToString(),
            Thing = package.UseCase.Thing,
            Properties = [.. package.Thing.Properties.Select(property => property.Name)],
            Regimes = Regimes(package),
            Fleet = Fleet(package.UseCase.Thing, site.Evidence),
            Kpi = outcome.Kpi,
            Unit = outcome.Unit,
            TargetPct = 100 * outcome.TargetShare,
            Rule = new((int)Math.Round(work.Lead.TotalHours), work.Unplanned.TotalHours, work.Planned.TotalHours),
            AlarmParameter = package.UseCase.Alarm?.Parameter,
            Money = new(package.UseCase.Money.Benefit, package.UseCase.Money.CostOnce, package.UseCase.Money.CostMonthly, site.Currency ?? "EUR"),
            Gates = [.. package.UseCase.Gates.Select(gate => new GateDefinition(gate.Stage, [.. gate.Needs.Select(need => need.Text)], gate.Approve))],
            Bind = bind,
            Assumptions = Assumptions(package, site, work),
            EvidenceClass = site.Evidence,
            Origin = site.Origin ?? "",
            Roles = site.Roles.ToDictionary(pair => pair.Key, pair => pair.Value),
            Overrides = package.Rollout.Overridden.ToDictionary(
                pair => pair.Key,
                pair => string.Create(CultureInfo.InvariantCulture, $"the package says {pair.Value.TotalSeconds:0} s, the site {Shortened(site, pair.Key):0} s")),
        };
    }

    /// <summary>Refused when a newer version is installed, or this one with another content.</summary>
    public static Outcome<UseCaseDefinition> Over(UseCaseDefinition? there, UseCaseDefinition next) =>
        there is not null && PackageVersion.Conflict(next.Id, (there.Version, there.Package), (next.Version, next.Package)) is { } conflict
            ? conflict
            : next;

    private static double Shortened(SiteSpec site, string name) => site.Override.TryGetValue(name, out var value) ? value.TotalSeconds : 0;

    private static RegimeRule? Regimes(UseCasePackage package)
    {
        if (package.RegimesOf(package.Thing) is not { } model)
        {
            return null;
        }

        var settings = model.Recipe.Settings;
        return new RegimeRule(settings, [.. model.Inputs.Select(input => input.Name).Except(settings)], model.Recipe.ToRegimeOptions());
    }

    private static string Fleet(string thing, string evidence) => evidence is "simulated" or "benchmark" ? $"simulated {thing}s" : $"{thing}s";

    /// <summary>Every figure that is not measured, with who answers for it.</summary>
    private static List<Assumption> Assumptions(UseCasePackage package, SiteSpec site, WorkSpec work)
    {
        var name = $"package {package.UseCase.Name} {package.UseCase.Version}";
        return
        [
            .. site.Prices.Select(price => new Assumption($"price.{price.Key}", price.Value.Value, site.Currency ?? "EUR", price.Value.Source, price.Value.Owner ?? "nobody is named")),
            new("work.lead", work.Lead.TotalHours, "h", name, "maintenance"),
            new("work.unplanned", work.Unplanned.TotalHours, "h", name, "maintenance"),
            new("work.planned", work.Planned.TotalHours, "h", name, "maintenance"),
            new("cost.once", package.UseCase.Money.CostOnce, site.Currency ?? "EUR", name, "sponsor"),
            new("cost.monthly", package.UseCase.Money.CostMonthly, site.Currency ?? "EUR", name, "sponsor"),
        ];
    }
}
