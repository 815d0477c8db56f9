using System.Collections.Frozen;

namespace Pilotage.Protocols.SenML;

/// <summary>The units of SenML's registry as UCUM writes them.</summary>
/// <remarks>RFC 8428, section 12.1, and RFC 9100 for the secondary ones that are written alike.</remarks>
public static class SenMLUnits
{
    // Surprises: "%" is the registry's historical name of the plain ratio, not per cent; "EL" is seconds of battery left;
    // degrees of latitude and longitude are degrees; decibels are left out, because UCUM has none without what they relate to.
    private static readonly FrozenDictionary<string, string> Table = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["m"] = "m", ["kg"] = "kg", ["g"] = "g", ["s"] = "s", ["A"] = "A", ["K"] = "K", ["cd"] = "cd", ["mol"] = "mol",
        ["Hz"] = "Hz", ["rad"] = "rad", ["N"] = "N", ["Pa"] = "Pa", ["J"] = "J", ["W"] = "W", ["C"] = "C", ["V"] = "V",
        ["F"] = "F", ["Ohm"] = "Ohm", ["S"] = "S", ["Wb"] = "Wb", ["T"] = "T", ["H"] = "H", ["Cel"] = "Cel", ["lm"] = "lm",
        ["lx"] = "lx", ["Bq"] = "Bq", ["m2"] = "m2", ["m3"] = "m3", ["l"] = "l", ["m/s"] = "m/s", ["m/s2"] = "m/s2",
        ["m3/s"] = "m3/s", ["l/s"] = "l/s", ["W/m2"] = "W/m2", ["cd/m2"] = "cd/m2", ["lat"] = "deg", ["lon"] = "deg",
        ["pH"] = "[pH]", ["count"] = "1", ["/"] = "1", ["%"] = "1", ["%RH"] = "%", ["%EL"] = "%", ["EL"] = "s",
        ["1/s"] = "/s", ["1/min"] = "/min", ["beat/min"] = "{beat}/min", ["beats"] = "{beat}", ["S/m"] = "S/m",
        ["VA"] = "V.A", ["VAs"] = "V.A.s", ["J/m"] = "J/m", ["kg/m3"] = "kg/m3", ["deg"] = "deg",
        ["ms"] = "ms", ["min"] = "min", ["h"] = "h", ["MHz"] = "MHz", ["kW"] = "kW", ["kVA"] = "kV.A", ["Ah"] = "A.h",
        ["Wh"] = "W.h", ["kWh"] = "kW.h", ["mm"] = "mm", ["cm"] = "cm", ["km"] = "km", ["km/h"] = "km/h", ["mA"] = "mA",
        ["mV"] = "mV", ["hPa"] = "hPa", ["mm/h"] = "mm/h", ["m/h"] = "m/h", ["ppm"] = "[ppm]", ["/100"] = "%", ["/1000"] = "[ppth]",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>All that are known, by their name in SenML.</summary>
    public static IReadOnlyDictionary<string, string> All => Table;

    /// <summary>The UCUM code of a unit of SenML; null for one that has none here.</summary>
    public static string? ToUcum(string unit) => Table.GetValueOrDefault(unit);
}
