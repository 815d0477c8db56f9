using System.Globalization;
using System.Text.RegularExpressions;

namespace Pilotage.Server.Package.Reading;

/// <summary>Reads <c>usecase.yaml</c>.</summary>
internal static partial class UseCaseReader
{
    public const string File = "usecase.yaml";

    public static UseCaseSpec Read(YamlMap root, PackageFaults faults)
    {
        var map = root.As("usecase");
        CheckFormat(map, faults);
        var name = map.Text("name");
        if (!Name().IsMatch(name))
        {
            faults.Add(map.AtKey("name"), $"the name \"{name}\" must be lower-case letters, digits and hyphens, at most 63");
        }

        var version = map.Text("version");
        if (!SemanticVersion().IsMatch(version))
        {
            faults.Add(map.AtKey("version"), $"the version \"{version}\" must be like 1.2.0");
        }

        var roles = map.List("roles");
        var spec = new UseCaseSpec(
            name,
            version,
            map.Text("thing"),
            [.. roles.Select(r => r.Text)],
            Outcome(map.Map("outcome", "usecase.outcome"), faults),
            Alarm(map.Map("alarm", "usecase.alarm", required: false), faults),
            Money(map.Map("money", "usecase.money"), faults),
            Gates(map.Maps("gates", "usecase.gates"), roles, faults),
            map.At);
        map.RefuseOthers();
        return spec;
    }

    private static void CheckFormat(YamlMap map, PackageFaults faults)
    {
        var format = map.Text("format");
        if (!format.StartsWith(KnownWords.Format + "/", StringComparison.Ordinal)
            || !int.TryParse(format.AsSpan(KnownWords.Format.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var version))
        {
            faults.Add(map.AtKey("format"), $"the format \"{format}\" is not {KnownWords.Format}/{KnownWords.FormatVersion}");
        }
        else if (version > KnownWords.FormatVersion)
        {
            faults.Add(
                map.AtKey("format"),
                $"the package has format {version}, this version of Pilotage reads up to {KnownWords.FormatVersion}; upgrade Pilotage");
        }
    }

    private static OutcomeSpec Outcome(YamlMap? map, PackageFaults faults)
    {
        if (map is null)
        {
            return new("", "1", new(1, "h", ""), new("", "", [], [], default), 0, new(default, "", default), [], null, default);
        }

        var kpi = map.Text("kpi");
        faults.CheckWord(map.AtKey("kpi"), "the KPI", kpi, KnownWords.Kpis.Keys);
        var unit = map.Text("unit");
        faults.CheckUnit(map.AtKey("unit"), unit, KnownWords.Kpis.GetValueOrDefault(kpi));
        var compare = map.List("compare_with", required: false);
        foreach (var (text, at) in compare)
        {
            faults.CheckWord(at, "the comparison", text, KnownWords.Comparisons);
        }

        var spec = new OutcomeSpec(
            kpi,
            unit,
            Exposure(map.Text("per"), map.AtKey("per"), faults),
            OutcomeQueryReader.Read(map.Text("from"), map.AtKey("from"), faults),
            Target(map, kpi, faults),
            Baseline(map.Map("baseline", "usecase.outcome.baseline"), faults),
            [.. compare.Select(c => c.Text)],
            Work(map.Map("work", "usecase.outcome.work", required: false)),
            map.At);
        map.RefuseOthers();
        return spec;
    }

    private static double Target(YamlMap map, string kpi, PackageFaults faults)
    {
        var share = map.Share("target");
        if (share is > 0 or < -1)
        {
            faults.Add(
                map.AtKey("target"),
                $"target: \"{map.TextOrNull("target")}\" cannot be promised: {kpi} is to fall, by 100 % at most; write -100% to 0%, -30% for example (a plain number is a share: -0.3)");
        }

        return share;
    }

    private static ExposureSpec Exposure(string text, SourceMark at, PackageFaults faults)
    {
        var parts = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length is 2 or 3 && double.TryParse(parts[0], NumberStyles.Float, CultureInfo.InvariantCulture, out var amount) && amount > 0)
        {
            faults.CheckUnit(at, parts[1]);
            return new ExposureSpec(amount, parts[1], parts.Length == 3 ? parts[2] : "");
        }

        faults.Add(at, $"per: \"{text}\" is not an exposure; write 1000 h running, for example");
        return new ExposureSpec(1, "1", "");
    }

    private static BaselineSpec Baseline(YamlMap? map, PackageFaults faults)
    {
        if (map is null)
        {
            return new(default, "", default);
        }

        var spec = new BaselineSpec(map.Duration("window"), map.Text("method"), map.At);
        faults.CheckWord(map.AtKey("method"), "the baseline method", spec.Method, KnownWords.BaselineMethods);
        map.RefuseOthers();
        return spec;
    }

    private static WorkSpec? Work(YamlMap? map)
    {
        if (map is null)
        {
            return null;
        }

        var spec = new WorkSpec(map.Duration("lead"), map.Duration("unplanned"), map.Duration("planned"), map.At);
        map.RefuseOthers();
        return spec;
    }

    private static AlarmSpec? Alarm(YamlMap? map, PackageFaults faults)
    {
        if (map is null)
        {
            return null;
        }

        var spec = new AlarmSpec(map.Text("parameter"), map.Text("model"), map.Text("minimise"), map.At);
        faults.CheckWord(map.AtKey("minimise"), "the aim", spec.Minimise, KnownWords.AlarmAims);
        map.RefuseOthers();
        return spec;
    }

    private static MoneySpec Money(YamlMap? map, PackageFaults faults)
    {
        if (map is null)
        {
            return new("", 0, 0, default);
        }

        var benefit = map.Text("benefit");
        var cost = map.Map("cost", "usecase.money.cost");
        var spec = new MoneySpec(benefit, Cost(cost, "once", faults), Cost(cost, "monthly", faults), map.AtKey("benefit"));
        cost?.RefuseOthers();
        map.RefuseOthers();
        return spec;
    }

    private static double Cost(YamlMap? cost, string key, PackageFaults faults)
    {
        var value = cost?.Number(key) ?? 0;
        if (value < 0)
        {
            faults.Add(cost!.AtKey(key), $"{key}: a cost is 0 or more; what comes in belongs to benefit");
        }

        return value;
    }

    private static List<GateSpec> Gates(
        IReadOnlyList<(string Name, YamlMap Map)> gates, IReadOnlyList<(string Text, SourceMark At)> roles, PackageFaults faults)
    {
        var specs = new List<GateSpec>();
        foreach (var (stage, map) in gates)
        {
            faults.CheckWord(map.At, "the stage", stage, KnownWords.Stages);
            var needs = map.List("needs").Select(n => GateNeedReader.Read(n.Text, n.At, faults)).ToList();
            var approve = map.List("approve");
            foreach (var (role, at) in approve)
            {
                faults.CheckWord(at, "the role", role, roles.Select(r => r.Text));
            }

            specs.Add(new GateSpec(stage, needs, [.. approve.Select(a => a.Text)], map.At));
            map.RefuseOthers();
        }

        return [.. specs.OrderBy(s => KnownWords.Stages.ToList().IndexOf(s.Stage))];
    }

    [GeneratedRegex("^[a-z0-9][a-z0-9-]{0,62}$")]
    private static partial Regex Name();

    [GeneratedRegex(@"^\d{1,6}\.\d{1,6}\.\d{1,6}(-[0-9A-Za-z.-]{1,40})?$")]
    private static partial Regex SemanticVersion();
}
