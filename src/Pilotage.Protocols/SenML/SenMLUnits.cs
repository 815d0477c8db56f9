using System.Collections.Frozen;

namespace Pilotage.Protocols.SenML;

/// <summary>The units of SenML's registry as UCUM writes them.</summary>
/// <remarks>
/// RFC 8428, section 12.1, and RFC 8798, sections 2 and 3. A secondary unit is told by the primary one, a scale and an offset; here it has a code of UCUM of its own, from
/// which the scale follows. Only dBm has none: it is told by dBW, 30 less.
/// </remarks>
public static class SenMLUnits
{
    private const double DecibelMilliwattsInDecibelWatts = -30;

    // Surprises: "%" is the registry's historical name of the plain ratio, not per cent; "EL" is seconds of battery left;
    // degrees of latitude and longitude are degrees; reactive power is written as what UCUM has, volts times amperes.
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
        ["sr"] = "sr", ["Gy"] = "Gy", ["Sv"] = "Sv", ["kat"] = "kat", ["bit"] = "bit", ["bit/s"] = "bit/s", ["B"] = "By", ["KiB"] = "KiBy", ["GB"] = "GBy", ["Mbit/s"] = "Mbit/s", ["B/s"] = "By/s",
        ["MB/s"] = "MBy/s", ["dB"] = "dB", ["dBW"] = "dB[W]", ["dBm"] = "dB[W]", ["Bspl"] = "B[SPL]", ["var"] = "V.A{reactive}", ["vars"] = "V.A.s{reactive}", ["kvar"] = "kV.A{reactive}",
        ["varh"] = "V.A.h{reactive}", ["kvarh"] = "kV.A.h{reactive}", ["kVAh"] = "kV.A.h", ["Wh/km"] = "W.h/km", ["ug/m3"] = "ug/m3",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>All that are known, by their name in SenML.</summary>
    public static IReadOnlyDictionary<string, string> All => Table;

    /// <summary>The UCUM code of a unit of SenML; null for one that has none here.</summary>
    public static string? ToUcum(string unit) => Table.GetValueOrDefault(unit);

    /// <summary>What is added to a value for it to be in <see cref="ToUcum"/>.</summary>
    public static double OffsetOf(string unit) => unit == "dBm" ? DecibelMilliwattsInDecibelWatts : 0;
}
