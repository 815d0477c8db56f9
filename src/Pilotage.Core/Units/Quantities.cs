namespace Pilotage.Core.Units;

/// <summary>Names of quantities, for people who do not think in exponents.</summary>
public static class Quantities
{
    private static readonly Dictionary<string, string> Units = new(StringComparer.OrdinalIgnoreCase)
    {
        ["ratio"] = "1", ["length"] = "m", ["area"] = "m2", ["volume"] = "m3", ["mass"] = "kg", ["time"] = "s", ["frequency"] = "Hz", ["temperature"] = "K",
        ["speed"] = "m/s", ["acceleration"] = "m/s2", ["angle"] = "rad", ["angular speed"] = "rad/s", ["force"] = "N", ["pressure"] = "Pa", ["energy"] = "J", ["power"] = "W",
        ["volume flow"] = "m3/s", ["mass flow"] = "kg/s", ["density"] = "kg/m3", ["viscosity"] = "Pa.s", ["current"] = "A", ["voltage"] = "V", ["resistance"] = "Ohm",
        ["charge"] = "C", ["capacitance"] = "F", ["inductance"] = "H", ["conductivity"] = "S/m", ["magnetic field"] = "T", ["illuminance"] = "lx",
        ["luminous intensity"] = "cd", ["amount of substance"] = "mol", ["irradiance"] = "W/m2",
    };

    private static readonly Dictionary<Dimension, string> Names = Units.ToDictionary(each => Ucum.Parse(each.Value).Value.Dimension, each => each.Key);

    /// <summary>All that have a name.</summary>
    public static IReadOnlyCollection<string> All => Units.Keys;

    /// <summary>What a unit measures: <c>pressure</c>; where that has no name its product of base units, or the scale it stands on.</summary>
    public static string NameOf(Unit unit) => unit.Scale is { } scale ? $"the scale {scale}" : Names.GetValueOrDefault(unit.Dimension) ?? unit.Dimension.ToString();

    /// <summary>A quantity by its name, or by any unit of it.</summary>
    public static Outcome<Unit> Parse(string text) => Ucum.Parse(Units.GetValueOrDefault(text) ?? text);
}
