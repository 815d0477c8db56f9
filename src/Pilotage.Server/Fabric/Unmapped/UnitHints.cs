using System.Text.RegularExpressions;

namespace Pilotage.Server.Fabric.Unmapped;

/// <summary>How sure a proposal is.</summary>
internal enum Confidence
{
    /// <summary>A guess; look at it.</summary>
    Low,

    /// <summary>Name and values go together.</summary>
    Medium,

    /// <summary>The name says it.</summary>
    High,
}

/// <summary>A unit that a name speaks for.</summary>
internal sealed record UnitHint(string Unit, Confidence Confidence, string Why);

/// <summary>Guesses units from what values are called and how large they are.</summary>
internal static partial class UnitHints
{
    // Ends of names that are units: temp_c, flow_l_min, motorRpm.
    private static readonly Dictionary<string, string> Suffixes = new(StringComparer.Ordinal)
    {
        ["c"] = "Cel", ["degc"] = "Cel", ["celsius"] = "Cel", ["f"] = "[degF]", ["degf"] = "[degF]", ["fahrenheit"] = "[degF]", ["kelvin"] = "K",
        ["rpm"] = "/min", ["hz"] = "Hz", ["khz"] = "kHz", ["bar"] = "bar", ["mbar"] = "mbar", ["hpa"] = "hPa", ["kpa"] = "kPa", ["mpa"] = "MPa", ["pa"] = "Pa", ["psi"] = "[psi]",
        ["pct"] = "%", ["percent"] = "%", ["v"] = "V", ["volt"] = "V", ["volts"] = "V", ["mv"] = "mV", ["kv"] = "kV", ["a"] = "A", ["amp"] = "A", ["amps"] = "A", ["ma"] = "mA",
        ["w"] = "W", ["kw"] = "kW", ["mw"] = "MW", ["wh"] = "W.h", ["kwh"] = "kW.h", ["mwh"] = "MW.h", ["mm"] = "mm", ["cm"] = "cm", ["m"] = "m", ["km"] = "km", ["um"] = "um",
        ["mm_s"] = "mm/s", ["m_s"] = "m/s", ["km_h"] = "km/h", ["kmh"] = "km/h", ["m_s2"] = "m/s2", ["l_min"] = "L/min", ["l_h"] = "L/h", ["m3_h"] = "m3/h", ["m3"] = "m3", ["l"] = "L",
        ["kg"] = "kg", ["kg_h"] = "kg/h", ["ppm"] = "[ppm]", ["lux"] = "lx", ["lx"] = "lx", ["s"] = "s", ["sec"] = "s", ["ms"] = "ms", ["min"] = "min", ["h"] = "h", ["hours"] = "h",
        ["nm"] = "N.m", ["kn"] = "kN", ["deg"] = "deg", ["ohm"] = "Ohm", ["db"] = "dB",
    };

    // Words for quantities, the unit they mostly come in, and the values that fit it. The narrower range of one word stands first.
    private static readonly (string Word, string Unit, double Least, double Most, Confidence Confidence)[] Words =
    [
        ("temperature", "Cel", -60, 250, Confidence.Medium), ("temp", "Cel", -60, 250, Confidence.Medium), ("humidity", "%", 0, 100, Confidence.Medium),
        ("pressure", "hPa", 850, 1100, Confidence.Low), ("pressure", "Pa", 85_000, 110_000, Confidence.Medium), ("pressure", "bar", 0, 400, Confidence.Low),
        ("voltage", "V", -1_000, 1_000, Confidence.Medium), ("current", "A", -1_000, 1_000, Confidence.Medium), ("power", "W", -1e6, 1e6, Confidence.Low),
        ("energy", "kW.h", 0, 1e9, Confidence.Low), ("frequency", "Hz", 0, 1e6, Confidence.Medium), ("vibration", "mm/s", 0, 50, Confidence.Low), ("co2", "[ppm]", 300, 10_000, Confidence.Medium),
        ("level", "%", 0, 100, Confidence.Low), ("load", "%", 0, 100, Confidence.Low), ("illuminance", "lx", 0, 200_000, Confidence.Medium), ("torque", "N.m", -1e6, 1e6, Confidence.Low),
    ];

    /// <summary>The hint, or null where neither name nor values say anything.</summary>
    public static UnitHint? Of(string name, double least, double most)
    {
        var words = WordsOf(name);
        for (var taken = Math.Min(3, words.Count - 1); taken >= 1; taken--)
        {
            var end = string.Join('_', words.TakeLast(taken));
            if (Suffixes.TryGetValue(end, out var unit))
            {
                // One letter may be anything: "phase_a" is no current. Of a temperature it is no guess.
                var isSure = end.Length > 1 || (end is "c" or "f" && words.Exists(word => word is "temp" or "temperature"));
                return new UnitHint(unit, isSure ? Confidence.High : Confidence.Medium, $"the name ends in {end}");
            }
        }

        if (words is [var only] && only.Length > 1 && Suffixes.TryGetValue(only, out var alone) && only is "rpm" or "hz" or "kwh" or "psi" or "ppm" or "lux")
        {
            return new UnitHint(alone, Confidence.High, $"it is called {only}");
        }

        foreach (var (word, unit, from, to, confidence) in Words)
        {
            if (words.Contains(word) && least >= from && most <= to)
            {
                return new UnitHint(unit, confidence, $"a {word} with values from {least:G4} to {most:G4} is mostly in {unit}");
            }
        }

        return null;
    }

    private static List<string> WordsOf(string name) => [.. Word().Matches(name).Select(match => match.Value.ToLowerInvariant())];

    // camelCase, snake_case and what else parts words; a digit stays with its letters, as in m3 and co2.
    [GeneratedRegex("[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z]+[0-9]*|[0-9]+")]
    private static partial Regex Word();
}
