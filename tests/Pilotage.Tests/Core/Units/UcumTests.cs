using Pilotage.Core.Units;
using Xunit;

namespace Pilotage.Tests.Core.Units;

public sealed class UcumTests
{
    [Theory]
    [InlineData("km/h", "m/s", 36, 10)]
    [InlineData("Cel", "K", 20, 293.15)]
    [InlineData("[degF]", "Cel", 212, 100)]
    [InlineData("[degR]", "K", 518.67, 288.15)]
    [InlineData("kW.h", "MJ", 1, 3.6)]
    [InlineData("/min", "Hz", 60, 1)]
    [InlineData("m3/h", "L/s", 3.6, 1)]
    [InlineData("[lb_av]/s", "kg/s", 1, 0.45359237)]
    [InlineData("%", "1", 50, 0.5)]
    [InlineData("mm.s-1", "m/s", 1000, 1)]
    [InlineData("kg/(m.s2)", "Pa", 7, 7)]
    [InlineData("10*3", "1", 2, 2000)]
    [InlineData("{cycles}", "1", 3, 3)]
    [InlineData("m2{wall}", "m2", 3, 3)]
    [InlineData("d", "h", 1, 24)]
    [InlineData("2+10", "1", 1, 1024)]
    [InlineData("10*-3", "[ppth]", 1, 1)]
    [InlineData("10*", "1", 1, 10)]
    [InlineData("mCel", "K", 2000, 275.15)]
    [InlineData("(Cel)", "K", 0, 273.15)]
    [InlineData("Cel/min", "K/min", 3, 3)]
    [InlineData("[degRe]", "Cel", 80, 100)]
    [InlineData("[psi]", "kPa", 1, 6.894757293)]
    [InlineData("[in_i'H2O]", "Pa", 1, 249.08891)]
    [InlineData("[gal_us]/min", "L/min", 1, 3.785411784)]
    [InlineData("{rpm}/min", "Hz", 3000, 50)]
    [InlineData("deg", "rad", 180, 3.141592653589793)]
    [InlineData("'", "deg", 60, 1)]
    [InlineData("[Btu]", "kJ", 1, 1.05435)]
    [InlineData("[Btu_IT]", "kJ", 1, 1.05505585262)]
    [InlineData("[HP]", "W", 1, 745.699871582)]
    [InlineData("KiBy", "bit", 1, 8192)]
    [InlineData("dB", "B", 35, 3.5)]
    [InlineData("dB[10.nV]", "B[10.nV]", 10, 1)]
    [InlineData("kgf", "N", 1, 9.80665)]
    [InlineData("Oe", "A/m", 1, 79.577471546)]
    public void Converts(string from, string to, double value, double expected) =>
        Assert.Equal(expected, Ucum.Parse(from).Value.To(Ucum.Parse(to).Value, value), 9);

    [Theory]
    [InlineData("Cel", "h")]
    [InlineData("m", "m2")]
    [InlineData("[psi]", "N")]
    [InlineData("deg", "1")]
    [InlineData("mol", "1")]
    [InlineData("dB", "1")]
    [InlineData("dB[W]", "W")]
    [InlineData("dB[W]", "dB[kW]")]
    [InlineData("[pH]", "mol/L")]
    [InlineData("A.s", "A")]
    public void Keeps_dimensions_apart(string a, string b) => Assert.False(Ucum.Parse(a).Value.ConvertsTo(Ucum.Parse(b).Value));

    [Theory]
    [InlineData("")]
    [InlineData("hours")]
    [InlineData("bananas")]
    [InlineData("m/")]
    [InlineData("m..s")]
    [InlineData("(m")]
    [InlineData("kmin")]
    [InlineData("m99")]
    [InlineData("m 2")]
    [InlineData("{open")]
    [InlineData("((((((((((((m))))))))))))")]
    [InlineData("[psi")]
    [InlineData("psi]")]
    [InlineData("k[psi]")]
    [InlineData("mdeg")]
    [InlineData("{a{b}}")]
    [InlineData("{a b}")]
    [InlineData("m2.5.")]
    [InlineData("m^2")]
    [InlineData("10*+")]
    [InlineData("10*100")]
    [InlineData("0")]
    [InlineData("m0")]
    [InlineData("(m)2")]
    [InlineData("MM")]
    [InlineData("dB/m")]
    [InlineData("m.dB")]
    [InlineData("B2")]
    [InlineData("10*99.10*99.10*99.10*99")]
    [InlineData("m\0")]
    [InlineData("\ud800")]
    public void Refuses_what_ucum_does_not_know(string code) => Assert.Equal("unit.unknown", Ucum.Parse(code).Refusal.Code);

    [Theory]
    [InlineData("kg/banana", "\"banana\" is unknown")]
    [InlineData("psi", "write [psi]")]
    [InlineData("RPM", "write /min")]
    [InlineData("gal/h", "\"gal\" is unknown, write [gal_us]")]
    [InlineData("\u00B0C", "write Cel")]
    [InlineData("dB/m", "\"dB\" is on a logarithmic scale")]
    [InlineData("[k]12.[k]12", "larger or smaller than any number")]
    public void Names_the_part_and_what_to_write(string code, string says) => Assert.Contains(says, Ucum.Parse(code).Refusal.Message, StringComparison.Ordinal);

    /// <summary>Rows of table 26 of the specification: a term, its value, and the canonical unit of that.</summary>
    [Theory]
    [InlineData("/min", 0.0166666666666667, "s-1")]
    [InlineData("/mL", 1000000, "m-3")]
    [InlineData("10*12/L", 1e15, "m-3")]
    [InlineData("10*3.{RBC}", 1000, "1")]
    [InlineData("10.L/(min.m2)", 0.000166666666666667, "m.s-1")]
    [InlineData("10.uN.s/(cm5.m2)", 100000000, "m-6.g.s-1")]
    [InlineData("A/m", 1, "m-1.s-1.C")]
    [InlineData("cm[H2O]", 98066.5, "m-1.g.s-2")]
    [InlineData("cm[H2O].s/L", 98066500, "m-4.g.s-1")]
    [InlineData("gf.m/({hb}.m2)", 9.80665, "s-2.g")]
    [InlineData("g/(8.h)", 3.47222222222222e-5, "g.s-1")]
    [InlineData("g/(kg.d)", 1.15740740740741e-8, "s-1")]
    [InlineData("g/dL", 10000, "m-3.g")]
    [InlineData("J/L", 1000000, "m-1.g.s-2")]
    [InlineData("K/W", 0.001, "m-2.g-1.s3.K")]
    [InlineData("kcal/(8.h)", 145.277777777778, "m2.g.s-3")]
    [InlineData("kcal/d", 48.4259259259259, "m2.g.s-3")]
    [InlineData("kg/L", 1000000, "m-3.g")]
    [InlineData("L.s2/s", 0.001, "m3.s")]
    [InlineData("lm/m2", 1, "m-2.rad2.cd")]
    [InlineData("mbar", 100000, "m-1.g.s-2")]
    [InlineData("mL/cm[H2O]", 1.01971621297793e-11, "m4.g-1.s2")]
    [InlineData("mm[Hg]", 133322, "m-1.g.s-2")]
    [InlineData("mV", 1, "m2.g.s-2.C-1")]
    [InlineData("Ohm.m", 1000, "m3.g.s-1.C-2")]
    [InlineData("pT", 1e-9, "g.s-1.C-1")]
    [InlineData("ug/kg/(8.h)", 3.47222222222222e-14, "s-1")]
    [InlineData("nkat", 1e-9, "mol/s")]
    public void Agrees_with_the_examples_of_the_specification(string term, double value, string canonical)
    {
        var converted = Ucum.Parse(term).Value.ConversionTo(Ucum.Parse(canonical).Value).Value.Of(1);
        Assert.InRange(converted / value, 1 - 1e-14, 1 + 1e-14);
    }

    [Fact]
    public void A_refused_conversion_names_both_and_why()
    {
        var refusal = Ucum.Parse("bar").Value.ConversionTo(Ucum.Parse("Cel").Value).Refusal;
        Assert.Equal("unit.incommensurable", refusal.Code);
        Assert.Equal("\"bar\" (pressure) does not convert to \"Cel\" (temperature): they measure different quantities.", refusal.Message);
        refusal = Ucum.Parse("W").Value.ConversionTo(Ucum.Parse("dB[W]").Value).Refusal;
        Assert.Equal("\"W\" (power) does not convert to \"dB[W]\" (the scale B[W]): B[W] is a logarithmic scale, which converts to itself alone.", refusal.Message);
        Assert.Contains("(kg.m-2.s-1)", Ucum.Parse("kg/(s.m2)").Value.ConversionTo(Ucum.Parse("1").Value).Refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("temperature", "[degF]")]
    [InlineData("Pressure", "[psi]")]
    [InlineData("volume flow", "[gal_us]/min")]
    [InlineData("mm/s", "[kn_i]")]
    [InlineData("ratio", "%")]
    public void A_quantity_is_named_or_told_by_any_of_its_units(string quantity, string unit) =>
        Assert.True(Quantities.Parse(quantity).Value.ConvertsTo(Ucum.Parse(unit).Value));
}
