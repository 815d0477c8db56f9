using Pilotage.Server.Package.Reading;
using Pilotage.Streams;

namespace Pilotage.Server.Package;

/// <summary>What must hold between the files of a package.</summary>
internal static class PackageChecks
{
    private const string PricePrefix = "price.";
    private const string MaintenanceWindow = "maintenance_window";

    /// <summary>Every name that is asked for by <c>${…}</c> and not supplied by the package itself, once, at its first place.</summary>
    public static IReadOnlyList<PackageNeed> Needs(UseCaseSpec useCase, RolloutSpec rollout, string sql, PackageFaults faults)
    {
        var needs = Placeholders.In(useCase.Money.Benefit, useCase.Money.At)
            .Concat(Placeholders.In(rollout.Window, rollout.At))
            .Concat(Placeholders.In(sql, new SourceMark("pipeline.sql", 1, 1)))
            .ToList();
        foreach (var need in needs.Where(n => n.Name.Length == 0 || n.Name.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('_' or '.'))))
        {
            faults.Add(need.At, $"${{{need.Name}}} is not a name; write letters, digits, _ and . only");
        }

        return [.. needs.DistinctBy(n => n.Name, StringComparer.Ordinal).Where(n => n.Name != useCase.Alarm?.Parameter)];
    }

    /// <summary>References between files, and with a site every open name.</summary>
    public static void Across(
        UseCaseSpec useCase,
        IReadOnlyList<ModelSpec> models,
        IReadOnlyList<ThingSpec> things,
        string sql,
        SiteSpec? site,
        IReadOnlyList<PackageNeed> needs,
        PackageFaults faults)
    {
        var thing = things.FirstOrDefault(t => t.Name == useCase.Thing);
        if (thing is null)
        {
            faults.Add(useCase.At, $"the thing type {useCase.Thing} is not described; add things/{useCase.Thing}.td.json");
        }
        else
        {
            OutcomeQueryReader.CheckColumns(useCase.Outcome.From, thing, faults);
        }

        if (useCase.Alarm is { } alarm)
        {
            faults.CheckWord(alarm.At, "the model", alarm.Model, models.Select(m => m.Name));
            if (Placeholders.In(sql, default).All(p => p.Name != alarm.Parameter))
            {
                faults.Add(alarm.At, $"nothing in pipeline.sql uses ${{{alarm.Parameter}}}, so choosing it would change nothing");
            }
        }

        CheckBenefit(useCase.Money, site, faults);
        if (site is not null)
        {
            CheckSupplied(needs, site, faults);
        }
    }

    /// <summary>Compiles the pipeline against things and models, so that an unknown column is told at its place. Values of parameters do not matter here.</summary>
    public static void Pipeline(IReadOnlyList<ModelSpec> models, IReadOnlyList<ThingSpec> things, string sql, PackageFaults faults)
    {
        var parameters = Placeholders.In(sql, default).Select(p => p.Name).Distinct(StringComparer.Ordinal).ToDictionary(n => n, _ => 1.0);
        var compiled = PipelineCompiler.Compile(
            sql, [.. things.Select(t => t.ToSchema())], [.. models.Select(m => m.ToSchema())], parameters);
        foreach (var fault in compiled.IsOk ? [] : compiled.Refusal.Details)
        {
            faults.Add($"pipeline.sql:{fault.Where}", fault.Message);
        }
    }

    /// <summary>The rollout as this site runs it; what was shortened stays visible.</summary>
    public static RolloutSpec Apply(RolloutSpec rollout, SiteSpec site)
    {
        var original = new Dictionary<string, TimeSpan>(StringComparer.Ordinal);
        foreach (var (name, value) in site.Override)
        {
            (original[name], rollout) = name switch
            {
                "shadow" => (rollout.Shadow, rollout with { Shadow = value }),
                "bake" => (rollout.Bake, rollout with { Bake = value }),
                _ => (rollout.SilenceFailAfter, rollout with { SilenceFailAfter = value }),
            };
        }

        var window = rollout.Window == $"${{{MaintenanceWindow}}}" ? site.MaintenanceWindow ?? rollout.Window : rollout.Window;
        return rollout with { Window = window, Overridden = original };
    }

    /// <summary>A formula with a name nobody supplies, or one that cannot be worked out, would be told with the first value: after months.</summary>
    private static void CheckBenefit(MoneySpec money, SiteSpec? site, PackageFaults faults)
    {
        string? unknown = null;
        if (money.Benefit.Length == 0 || Arithmetic.FaultOf(money.Benefit, IsKnown) is not { } fault)
        {
            return;
        }

        var names = KnownWords.BenefitTerms.Concat(site?.Prices.Keys.Select(price => $"${{{PricePrefix}{price}}}") ?? [$"${{{PricePrefix}NAME}}"]);
        var what = unknown is null ? $"{fault.What} at its letter {fault.At + 1}" : $"\"{unknown}\" has no value; {PackageFaults.Suggest(unknown, [.. names])}";
        faults.Add(money.At with { Column = money.At.Column + fault.At }, $"benefit: {what}");

        // A price that the site does not supply is told as a name that is not resolved.
        bool IsKnown(string name)
        {
            var isKnown = KnownWords.BenefitTerms.Contains(name, StringComparer.Ordinal) || name.StartsWith(PricePrefix, StringComparison.Ordinal);
            unknown ??= isKnown ? null : name;
            return isKnown;
        }
    }

    private static void CheckSupplied(IReadOnlyList<PackageNeed> needs, SiteSpec site, PackageFaults faults)
    {
        foreach (var need in needs)
        {
            var supplied = need.Name switch
            {
                MaintenanceWindow => site.MaintenanceWindow is not null,
                _ when need.Name.StartsWith(PricePrefix, StringComparison.Ordinal) => site.Prices.ContainsKey(need.Name[PricePrefix.Length..]),
                _ => site.Parameters.ContainsKey(need.Name),
            };
            if (!supplied)
            {
                faults.Add(need.At, $"${{{need.Name}}} is not resolved: the site supplies no {need.Name}; add it to the site file");
            }
        }
    }
}
