using Pilotage.Core.Units;

namespace Pilotage.Server.Fabric.Findings;

/// <summary>The conversions that may explain a jump: between units that sensors come with, of one quantity.</summary>
internal static class UnitSteps
{
    /// <summary>The set for a series whose unit nobody gave: those conversions that hardly come about by chance.</summary>
    public const int Any = 0;

    // Nearer to one than this is no jump.
    private const double FactorNear = 0.05;

    private static readonly string[][] Families =
    [
        ["Cel", "[degF]", "K"],
        ["bar", "mbar", "kPa", "Pa", "MPa", "[psi]"],
        ["m/s", "km/h", "mm/s", "[in_i]/s", "[mi_i]/h"],
        ["m", "cm", "mm", "um", "[in_i]", "[ft_i]"],
        ["m3/h", "L/min", "L/s", "[gal_us]/min"],
        ["kg", "g", "t", "[lb_av]"],
        ["W", "kW", "MW", "[HP]"],
        ["J", "kJ", "W.h", "kW.h", "MW.h"],
        ["Hz", "/min", "kHz"],
        ["deg", "rad"],
        ["N.m", "[lbf_av].[ft_i]"],
        ["A", "mA"],
        ["V", "mV", "kV"],
        ["m/s2", "mm/s2", "[g]"],
        ["%", "1"],
        ["s", "ms", "min", "h"],
        ["L", "m3", "[gal_us]"],
    ];

    private static readonly string[][] Usual =
    [
        ["Cel", "[degF]"], ["Cel", "K"], ["bar", "[psi]"], ["m/s", "km/h"], ["mm", "[in_i]"], ["m", "mm"], ["kg", "[lb_av]"], ["bar", "kPa"], ["/min", "Hz"],
    ];

    private static readonly List<UnitStep> Steps = [];
    private static readonly (Unit? Unit, int[] Steps)[] Sets = Make();

    /// <summary>The set of a unit; <see cref="Any"/> where there is none or it is no unit of sensors.</summary>
    public static int SetOf(Unit? unit)
    {
        for (var i = Any + 1; unit is not null && i < Sets.Length; i++)
        {
            if (Sets[i].Unit!.IsSameAs(unit))
            {
                return i;
            }
        }

        return Any;
    }

    /// <summary>Conversions in all sets.</summary>
    public static int Count => Steps.Count;

    public static UnitStep Of(int step) => Steps[step];

    /// <summary>The conversions of a set.</summary>
    public static ReadOnlySpan<int> OfSet(int set) => Sets[set].Steps;

    private static (Unit?, int[])[] Make()
    {
        var sets = new List<(Unit?, int[])> { (null, [.. Usual.SelectMany(pair => (int[])[.. Add(pair[0], pair[1]), .. Add(pair[1], pair[0])])]) };
        foreach (var family in Families)
        {
            // What a device says may come to be in another unit, or have been and come to be in the one it should.
            sets.AddRange(family.Select(unit => ((Unit?)Ucum.Parse(unit).Value, (int[])[.. family.Where(other => other != unit).SelectMany(other => (int[])[.. Add(unit, other), .. Add(other, unit)])])));
        }

        return [.. sets];
    }

    private static int[] Add(string from, string to)
    {
        var (here, there) = (Ucum.Parse(from).Value, Ucum.Parse(to).Value);
        var offset = here.To(there, 0);
        var factor = here.To(there, 1) - offset;
        if (Math.Abs(factor - 1) < FactorNear && offset == 0)
        {
            return [];
        }

        var known = Steps.FindIndex(step => step.From == from && step.To == to);
        if (known < 0)
        {
            known = Steps.Count;
            Steps.Add(new UnitStep(from, to, factor, offset));
        }

        return [known];
    }
}
