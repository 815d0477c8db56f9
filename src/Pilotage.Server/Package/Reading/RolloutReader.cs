using System.Globalization;

namespace Pilotage.Server.Package.Reading;

/// <summary>Reads <c>rollout.yaml</c>.</summary>
internal static class RolloutReader
{
    public const string File = "rollout.yaml";

    public static RolloutSpec Read(YamlMap root, PackageFaults faults)
    {
        var map = root.As("rollout");
        var silence = map.Map("silence", "rollout.silence");
        var waves = map.List("waves");
        var spec = new RolloutSpec(
            map.Duration("shadow", TimeSpan.Zero),
            Waves(waves, map.AtKey("waves"), faults),
            map.TextOrNull("window") ?? "always",
            [.. map.Maps("guards", "rollout.guards").Select(g => Guard(g.Name, g.Map, faults))],
            map.Duration("bake"),
            silence?.Duration("fail_after") ?? TimeSpan.Zero,
            map.TextOrNull("on_halt") ?? "rollback",
            new Dictionary<string, TimeSpan>(),
            map.At);
        silence?.RefuseOthers();
        faults.CheckWord(map.AtKey("on_halt"), "the reaction to a halt", spec.OnHalt, KnownWords.OnHalt);
        map.RefuseOthers();
        return spec;
    }

    /// <summary>Waves strictly grow: counts, then shares, then the rest, so that no wave repeats or undoes one before it.</summary>
    private static List<WaveSpec> Waves(IReadOnlyList<(string Text, SourceMark At)> texts, SourceMark at, PackageFaults faults)
    {
        var waves = texts.Select(t => Wave(t.Text, t.At, faults)).ToList();
        for (var i = 1; i < waves.Count; i++)
        {
            if (!Grows(waves[i - 1], waves[i]))
            {
                faults.Add(
                    waves[i].At,
                    $"the wave \"{waves[i].Text}\" does not grow beyond \"{waves[i - 1].Text}\" before it, so waves would go in a circle; "
                    + "write counts, then percentages, then rest, each larger than the last");
            }
        }

        if (waves.Count == 0)
        {
            faults.Add(at, "waves: at least one is needed");
        }
        else if (waves[^1] is not { Count: null, Share: null or 1 })
        {
            faults.Add(waves[^1].At, "the last wave must be rest (or 100%), or some devices would never be reached");
        }

        return waves;
    }

    private static WaveSpec Wave(string text, SourceMark at, PackageFaults faults)
    {
        if (text == "rest")
        {
            return new WaveSpec(text, null, null, at);
        }

        var percent = text.EndsWith('%');
        if (double.TryParse(percent ? text[..^1] : text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
            && value > 0 && (percent ? value <= 100 : value == Math.Floor(value) && value <= 1_000_000))
        {
            return percent ? new WaveSpec(text, null, value / 100, at) : new WaveSpec(text, (int)value, null, at);
        }

        faults.Add(at, $"\"{text}\" is not a wave; write a number of devices, a percentage, or rest");
        return new WaveSpec(text, 1, null, at);
    }

    private static bool Grows(WaveSpec before, WaveSpec after) => (before, after) switch
    {
        ({ Count: { } a }, { Count: { } b }) => b > a,
        ({ Count: not null }, _) => true,
        ({ Share: { } a }, { Share: { } b }) => b > a,
        ({ Share: < 1 }, { Count: null, Share: null }) => true,
        _ => false,
    };

    private static GuardSpec Guard(string name, YamlMap map, PackageFaults faults)
    {
        faults.CheckWord(map.At, "the guard", name, KnownWords.Guards);
        var spec = new GuardSpec(
            name,
            map.Has("max") ? map.Number("max") : null,
            map.TextOrNull("against"),
            map.Has("margin") ? map.Share("margin") : null,
            map.TextOrNull("match"),
            map.At);
        if (spec is { Max: null, Against: null, Match: null })
        {
            faults.Add(map.At, $"the guard {name} guards nothing; give max, or against with margin, or match");
        }

        if (spec.Against is not null)
        {
            faults.CheckWord(map.AtKey("against"), "the comparison", spec.Against, ["control"]);
        }

        if (spec.Match is not null)
        {
            faults.CheckWord(map.AtKey("match"), "the match", spec.Match, ["all"]);
        }

        map.RefuseOthers();
        return spec;
    }
}
