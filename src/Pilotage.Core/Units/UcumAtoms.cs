namespace Pilotage.Core.Units;

/// <summary>The atoms of UCUM this product knows; case-sensitive codes of the standard, version 2.2.</summary>
internal static class UcumAtoms
{
    /// <summary>One atom; only metric ones take a prefix.</summary>
    internal readonly record struct Atom(double Factor, Dimension Dimension, bool Metric, double Offset = 0);

    private static readonly Dimension Length = new(1, 0, 0, 0, 0, 0, 0, 0);
    private static readonly Dimension Mass = new(0, 1, 0, 0, 0, 0, 0, 0);
    private static readonly Dimension Time = new(0, 0, 1, 0, 0, 0, 0, 0);
    private static readonly Dimension Current = new(0, 0, 0, 1, 0, 0, 0, 0);
    private static readonly Dimension Temperature = new(0, 0, 0, 0, 1, 0, 0, 0);
    private static readonly Dimension Amount = new(0, 0, 0, 0, 0, 1, 0, 0);
    private static readonly Dimension Light = new(0, 0, 0, 0, 0, 0, 1, 0);
    private static readonly Dimension Angle = new(0, 0, 0, 0, 0, 0, 0, 1);
    private static readonly Dimension Speed = Length * Time.Power(-1);
    private static readonly Dimension Force = Mass * Speed * Time.Power(-1);
    private static readonly Dimension Pressure = Force * Length.Power(-2);
    private static readonly Dimension Energy = Force * Length;
    private static readonly Dimension Power = Energy * Time.Power(-1);
    private static readonly Dimension Charge = Current * Time;
    private static readonly Dimension Voltage = Power * Current.Power(-1);
    private static readonly Dimension Flux = Voltage * Time;

    public static readonly Dictionary<string, Atom> All = new(StringComparer.Ordinal)
    {
        ["m"] = new(1, Length, true),
        ["g"] = new(1e-3, Mass, true),
        ["s"] = new(1, Time, true),
        ["A"] = new(1, Current, true),
        ["K"] = new(1, Temperature, true),
        ["mol"] = new(1, Amount, true),
        ["cd"] = new(1, Light, true),
        ["rad"] = new(1, Angle, true),
        ["Hz"] = new(1, Time.Power(-1), true),
        ["Bq"] = new(1, Time.Power(-1), true),
        ["N"] = new(1, Force, true),
        ["Pa"] = new(1, Pressure, true),
        ["J"] = new(1, Energy, true),
        ["W"] = new(1, Power, true),
        ["C"] = new(1, Charge, true),
        ["V"] = new(1, Voltage, true),
        ["F"] = new(1, Charge * Voltage.Power(-1), true),
        ["Ohm"] = new(1, Voltage * Current.Power(-1), true),
        ["S"] = new(1, Current * Voltage.Power(-1), true),
        ["Wb"] = new(1, Flux, true),
        ["T"] = new(1, Flux * Length.Power(-2), true),
        ["H"] = new(1, Flux * Current.Power(-1), true),
        ["lm"] = new(1, Light, true),
        ["lx"] = new(1, Light * Length.Power(-2), true),
        ["L"] = new(1e-3, Length.Power(3), true),
        ["l"] = new(1e-3, Length.Power(3), true),
        ["t"] = new(1e3, Mass, true),
        ["bar"] = new(1e5, Pressure, true),
        ["eV"] = new(1.602176634e-19, Energy, true),
        ["cal"] = new(4.184, Energy, true),
        ["min"] = new(60, Time, false),
        ["h"] = new(3600, Time, false),
        ["d"] = new(86_400, Time, false),
        ["wk"] = new(604_800, Time, false),
        ["mo"] = new(2_629_800, Time, false), // UCUM's Julian month: a twelfth of 365.25 days.
        ["a"] = new(31_557_600, Time, false),
        ["deg"] = new(Math.PI / 180, Angle, false),
        ["Cel"] = new(1, Temperature, false, 273.15),
        ["[degF]"] = new(5.0 / 9, Temperature, false, 459.67 * 5 / 9),
        ["[degR]"] = new(5.0 / 9, Temperature, false),
        ["[in_i]"] = new(0.0254, Length, false),
        ["[ft_i]"] = new(0.3048, Length, false),
        ["[mi_i]"] = new(1609.344, Length, false),
        ["[lb_av]"] = new(0.45359237, Mass, false),
        ["[oz_av]"] = new(0.028349523125, Mass, false),
        ["[lbf_av]"] = new(4.4482216152605, Force, false),
        ["[psi]"] = new(6894.757293168361, Pressure, false),
        ["[gal_us]"] = new(3.785411784e-3, Length.Power(3), false),
        ["[HP]"] = new(745.6998715822702, Power, false),
        ["[Btu]"] = new(1055.05585262, Energy, false),
        ["[g]"] = new(9.80665, Speed * Time.Power(-1), false),
        ["atm"] = new(101_325, Pressure, false),
        ["%"] = new(0.01, Dimension.None, false),
        ["[ppth]"] = new(1e-3, Dimension.None, false),
        ["[ppm]"] = new(1e-6, Dimension.None, false),
        ["[ppb]"] = new(1e-9, Dimension.None, false),
        ["[pH]"] = new(1, Dimension.None, false),
    };

    public static readonly Dictionary<string, double> Prefixes = new(StringComparer.Ordinal)
    {
        ["da"] = 1e1,
        ["h"] = 1e2,
        ["k"] = 1e3,
        ["M"] = 1e6,
        ["G"] = 1e9,
        ["T"] = 1e12,
        ["P"] = 1e15,
        ["d"] = 1e-1,
        ["c"] = 1e-2,
        ["m"] = 1e-3,
        ["u"] = 1e-6,
        ["n"] = 1e-9,
        ["p"] = 1e-12,
        ["f"] = 1e-15,
    };
}
