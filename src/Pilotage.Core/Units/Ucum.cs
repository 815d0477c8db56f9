namespace Pilotage.Core.Units;

/// <summary>Reads units as UCUM writes them: <c>mm/s</c>, <c>kW.h</c>, <c>/min</c>, <c>m3/h</c>, <c>[psi]</c>, <c>%</c>, <c>1</c>, <c>{cycles}</c>.</summary>
/// <remarks>https://ucum.org/ucum, case-sensitive codes; the symbols known are listed in <see cref="UcumAtoms"/>.</remarks>
public static class Ucum
{
    private const int CharsMax = 64;

    // What people write where the standard has another symbol.
    private static readonly Dictionary<string, string> Meant = new(StringComparer.OrdinalIgnoreCase)
    {
        ["psi"] = "[psi]", ["rpm"] = "/min", ["degc"] = "Cel", ["celsius"] = "Cel", ["degf"] = "[degF]", ["fahrenheit"] = "[degF]", ["kelvin"] = "K",
        ["sec"] = "s", ["seconds"] = "s", ["minutes"] = "min", ["hr"] = "h", ["hrs"] = "h", ["hour"] = "h", ["hours"] = "h", ["day"] = "d", ["days"] = "d",
        ["percent"] = "%", ["ppm"] = "[ppm]", ["ppb"] = "[ppb]", ["inch"] = "[in_i]", ["feet"] = "[ft_i]", ["lb"] = "[lb_av]", ["lbs"] = "[lb_av]",
        ["gal"] = "[gal_us]", ["gpm"] = "[gal_us]/min", ["cfm"] = "[cft_i]/min", ["hp"] = "[HP]", ["btu"] = "[Btu_IT]", ["ohm"] = "Ohm", ["kwh"] = "kW.h", ["wh"] = "W.h",
        ["ah"] = "A.h", ["va"] = "V.A", ["kva"] = "kV.A", ["mmhg"] = "mm[Hg]", ["count"] = "1", ["counts"] = "1", ["db"] = "dB",
        ["liter"] = "L", ["litre"] = "L", ["hertz"] = "Hz", ["hz"] = "Hz", ["kw"] = "kW", ["bytes"] = "By", ["\u00B0C"] = "Cel", ["\u00B0F"] = "[degF]", ["\u00B0"] = "deg",
        ["degrees"] = "deg", ["ohms"] = "Ohm",
    };

    /// <summary>The unit, or a refusal that names the part nobody knows.</summary>
    public static Outcome<Unit> Parse(string code)
    {
        if (code.Length is 0 or > CharsMax)
        {
            return new Refusal("unit.unknown", $"A unit has 1 to {CharsMax} characters; write \"1\" for a plain number.");
        }

        var reader = new UcumReader(code, UcumAtoms.All);
        if (reader.Read() is not { } read)
        {
            return NotAUnit(code, Why(code, reader));
        }

        var unit = new Unit(code, read);
        return double.IsNormal(unit.Factor) ? unit : NotAUnit(code, ": it is larger or smaller than any number");
    }

    private static Refusal NotAUnit(string code, string why) =>
        new("unit.unknown", $"\"{code}\" is not a UCUM unit{why}; examples: mm/s, Cel, kW, %, 1, h.");

    private static string Why(string code, UcumReader reader) => reader switch
    {
        { Logarithmic: { } unit } => $": \"{unit}\" is on a logarithmic scale, and no part of a product",
        _ when Meant.TryGetValue(code, out var meant) => $", write {meant}",
        { Unknown: { } part } when Meant.TryGetValue(part, out var meant) => $": \"{part}\" is unknown, write {meant}",
        { Unknown: { } part } => $": \"{part}\" is unknown",
        _ => "",
    };
}
