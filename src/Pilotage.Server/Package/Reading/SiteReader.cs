using System.Globalization;
using Pilotage.Core.Contracts;

namespace Pilotage.Server.Package.Reading;

/// <summary>Reads <c>site.yaml</c>; keys that are not its own are parameters of the pipeline and must be used there.</summary>
internal static class SiteReader
{
    public const string File = "site.yaml";
    private static readonly string[] Own = ["bind", "roles", "price", "evidence", "origin", "maintenance_window", "override"];

    public static SiteSpec Read(YamlMap root, UseCaseSpec useCase, IReadOnlyList<ThingSpec> things, IReadOnlySet<string> wanted, PackageFaults faults)
    {
        var map = root.As("site");
        var price = map.Map("price", "site.price", required: false);
        var spec = new SiteSpec(
            Bind(map, things, faults),
            Roles(map, useCase, faults),
            price?.TextOrNull("currency"),
            Prices(price, faults),
            map.TextOrNull("evidence") ?? "live",
            map.TextOrNull("origin"),
            map.TextOrNull("maintenance_window"),
            Parameters(map, wanted, faults),
            Overrides(map, faults),
            map.At);
        faults.CheckWord(map.AtKey("evidence"), "the evidence class", spec.Evidence, KnownWords.EvidenceClasses);
        if (!spec.Bind.ContainsKey(useCase.Thing))
        {
            faults.Add(map.AtKey("bind"), $"bind: no devices are bound to {useCase.Thing}; write {useCase.Thing}: \"default/lyon/{useCase.Thing}-*\"");
        }

        return spec;
    }

    private static Dictionary<string, string> Bind(YamlMap map, IReadOnlyList<ThingSpec> things, PackageFaults faults)
    {
        var bind = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (thing, pattern, at) in map.Pairs("bind", "site.bind.*"))
        {
            faults.CheckWord(at, "the thing", thing, things.Select(known => known.Name));
            if (Unmatchable(pattern) is { } why)
            {
                faults.Add(at, $"bind: \"{pattern}\" matches no device, {why}; write tenant/site/device, * within a level, ** across levels: default/lyon/{thing}-*");
            }

            bind[thing] = pattern;
        }

        return bind;
    }

    /// <summary>Why no device path fits a pattern, or null.</summary>
    private static string? Unmatchable(string pattern)
    {
        // Any level may stand for stars, so what is left must be a path once they are gone.
        var path = pattern.Replace("**", "a/a", StringComparison.Ordinal).Replace('*', 'a');
        var odd = pattern.IndexOfAny(['[', ']', '{', '}', '(', ')', '+', '#', '?']);
        return odd >= 0 ? $"'{pattern[odd]}' means nothing there"
            : !path.Contains('/', StringComparison.Ordinal) ? "it has one level alone"
            : path.Split('/').Any(level => level is [] or ['_' or '$', ..]) ? "a level is empty or begins with _ or $"
            : pattern.Contains("**", StringComparison.Ordinal) || TopicPath.IsDevicePath(path) ? null
            : $"it has more than {TopicPath.LocationLevelsMax + 1} levels";
    }

    private static Dictionary<string, string> Roles(YamlMap map, UseCaseSpec useCase, PackageFaults faults)
    {
        var roles = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (role, person, at) in map.Pairs("roles", "site.roles.*", required: false))
        {
            faults.CheckWord(at, "the role", role, useCase.Roles);
            roles[role] = person;
        }

        return roles;
    }

    private static Dictionary<string, PriceSpec> Prices(YamlMap? map, PackageFaults faults)
    {
        var prices = new Dictionary<string, PriceSpec>(StringComparer.Ordinal);
        foreach (var name in map?.Keys.Where(k => k != "currency").ToList() ?? [])
        {
            if (map!.As("site.price.*").Map(name, "site.price.*.*") is { } price)
            {
                var value = price.Number("value");
                if (value < 0)
                {
                    faults.Add(price.AtKey("value"), $"value: the price {name} is below 0; a price is 0 or more");
                }

                prices[name] = new PriceSpec(value, price.Text("source"), price.TextOrNull("owner"), price.At);
                price.RefuseOthers();
            }
        }

        if (prices.Count > 0 && !map!.Has("currency"))
        {
            faults.Add(map.At, "price: the currency is missing; write currency: EUR");
        }

        return prices;
    }

    private static Dictionary<string, double> Parameters(YamlMap map, IReadOnlySet<string> wanted, PackageFaults faults)
    {
        var parameters = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var key in map.Keys.Where(k => !Own.Contains(k, StringComparer.Ordinal)).ToList())
        {
            if (!wanted.Contains(key))
            {
                faults.Add(
                    map.AtKey(key),
                    $"unknown key \"{key}\": it is neither a key of a site nor asked for by ${{{key}}} anywhere in the package; "
                    + PackageFaults.Suggest(key, [.. Own, .. wanted]));
            }
            else if (map.As("").TextOrNull(key) is { } text
                && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value))
            {
                parameters[key] = value;
            }
            else
            {
                faults.Add(map.AtKey(key), $"the parameter {key} must be a number");
            }
        }

        return parameters;
    }

    private static Dictionary<string, TimeSpan> Overrides(YamlMap map, PackageFaults faults)
    {
        var overrides = new Dictionary<string, TimeSpan>(StringComparer.Ordinal);
        var section = map.Map("override", "site.override", required: false);
        foreach (var name in section?.Keys.ToList() ?? [])
        {
            faults.CheckWord(section!.AtKey(name), "the duration", name, KnownWords.Overridable);
            overrides[name] = section.Duration(name);
        }

        return overrides;
    }
}
