using System.Globalization;
using System.Text.RegularExpressions;

namespace Pilotage.Server.Package.Reading;

/// <summary>Reads one model.</summary>
internal static partial class ModelReader
{
    private const double FitDefault = 0.8;
    private const int GoldenRowsDefault = 32;
    private const double GoldenToleranceDefault = 1e-4;

    public static ModelSpec Read(YamlMap root, PackageFaults faults)
    {
        var map = root.As("model");
        var name = map.Text("name");
        if (!Name().IsMatch(name))
        {
            faults.Add(map.AtKey("name"), $"the name \"{name}\" must be an SQL identifier in lower case, at most 63 characters");
        }

        var recipe = Recipe(map.Map("recipe", "model.recipe"), faults);
        var inputs = Quantities(map, "inputs", faults);
        foreach (var setting in recipe.Settings)
        {
            faults.CheckWord(recipe.At, "the setting", setting, inputs.Select(i => i.Name));
        }

        var label = Label(map.Map("label", "model.label", required: recipe.Kind == "gbt_regression"), faults);
        var spec = new ModelSpec(
            name,
            recipe,
            inputs,
            Quantities(map, "outputs", faults),
            label,
            Split(map.Map("split", "model.split", required: false), faults),
            [.. map.Pairs("must", "model.must.*", required: false).Select(p => Must(p.Name, p.Value, p.At, faults))],
            Golden(map.Map("golden", "model.golden", required: false), faults),
            Missing(map, faults),
            Retrain(map.Map("retrain", "model.retrain", required: false), faults),
            map.At);
        map.RefuseOthers();
        return spec;
    }

    private static RecipeSpec Recipe(YamlMap? map, PackageFaults faults)
    {
        if (map is null)
        {
            return new("", new Dictionary<string, double>(), [], default);
        }

        var kind = map.Text("kind");
        faults.CheckWord(map.AtKey("kind"), "the recipe", kind, KnownWords.RecipeNumbers.Keys);
        var numbers = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var name in KnownWords.RecipeNumbers.GetValueOrDefault(kind, []))
        {
            if (map.Has(name))
            {
                numbers[name] = map.Number(name);
            }
        }

        var settings = kind == PackageRegimes.RecipeKind ? map.List("settings") : [];
        map.RefuseOthers();
        return new RecipeSpec(kind, numbers, [.. settings.Select(s => s.Text)], map.At);
    }

    private static List<QuantitySpec> Quantities(YamlMap map, string key, PackageFaults faults)
    {
        var quantities = new List<QuantitySpec>();
        foreach (var (name, unit, at) in map.Pairs(key, $"model.{key}.*"))
        {
            faults.CheckUnit(at, unit);
            quantities.Add(new QuantitySpec(name, unit, at));
        }

        if (quantities.Count == 0 && map.Has(key))
        {
            faults.Add(map.AtKey(key), $"{key}: a model needs at least one");
        }

        return quantities;
    }

    private static LabelSpec? Label(YamlMap? map, PackageFaults faults)
    {
        if (map is null)
        {
            return null;
        }

        var spec = new LabelSpec(
            map.Text("from"), map.TextOrNull("cause"), map.Has("horizon") ? map.Duration("horizon") : null, map.At);
        faults.CheckWord(map.AtKey("from"), "the source of labels", spec.From, KnownWords.LabelSources);
        map.RefuseOthers();
        return spec;
    }

    private static SplitSpec Split(YamlMap? map, PackageFaults faults)
    {
        if (map is null)
        {
            return new("device", "name", FitDefault);
        }

        var spec = new SplitSpec(map.Text("by"), map.TextOrNull("order") ?? "name", map.Has("fit") ? map.Share("fit") : FitDefault);
        faults.CheckWord(map.AtKey("by"), "the split", spec.By, ["device"]);
        faults.CheckWord(map.AtKey("order"), "the order", spec.Order, KnownWords.SplitOrders);
        if (spec.Fit is <= 0 or >= 1)
        {
            faults.Add(map.AtKey("fit"), "fit: the share of devices to fit on lies between 0 % and 100 %, both excluded");
        }

        map.RefuseOthers();
        return spec;
    }

    private static MustSpec Must(string metric, string text, SourceMark at, PackageFaults faults)
    {
        faults.CheckWord(at, "the metric", metric, KnownWords.Metrics);
        var match = Limit().Match(text);
        if (!match.Success)
        {
            faults.Add(at, $"\"{text}\" is not a limit; write \"<= 9\", for example");
            return new MustSpec(metric, "<=", 0, at);
        }

        return new MustSpec(
            metric, match.Groups["comparison"].Value, double.Parse(match.Groups["limit"].Value, CultureInfo.InvariantCulture), at);
    }

    private static GoldenSpec Golden(YamlMap? map, PackageFaults faults)
    {
        if (map is null)
        {
            return new(GoldenRowsDefault, GoldenToleranceDefault);
        }

        var rows = map.Number("rows", GoldenRowsDefault);
        var tolerance = map.Number("tolerance", GoldenToleranceDefault);
        if (rows is < 1 or > 10_000 || rows != Math.Floor(rows) || tolerance is <= 0 or > 1)
        {
            faults.Add(map.At, "golden: rows is a whole number from 1 to 10000, tolerance lies between 0 and 1");
        }

        map.RefuseOthers();
        return new GoldenSpec((int)rows, tolerance);
    }

    private static MissingValues Missing(YamlMap map, PackageFaults faults)
    {
        var text = map.TextOrNull("missing") ?? "reject";
        if (Enum.TryParse<MissingValues>(text, ignoreCase: true, out var missing) && char.IsLower(text[0]))
        {
            return missing;
        }

        faults.CheckWord(map.AtKey("missing"), "the treatment of missing values", text, ["reject", "impute", "native"]);
        return MissingValues.Reject;
    }

    private static RetrainSpec? Retrain(YamlMap? map, PackageFaults faults)
    {
        if (map is null)
        {
            return null;
        }

        var spec = new RetrainSpec([.. map.List("when").Select(w => w.Text)], map.Text("promote"));
        faults.CheckWord(map.AtKey("promote"), "the promotion", spec.Promote, ["ask", "auto"]);
        map.RefuseOthers();
        return spec;
    }

    [GeneratedRegex("^[a-z][a-z0-9_]{0,62}$")]
    private static partial Regex Name();

    [GeneratedRegex(@"^(?<comparison><=|>=)\s*(?<limit>-?\d{1,9}(\.\d{1,9})?)$")]
    private static partial Regex Limit();
}
