using Pilotage.Core.Units;
using Xunit;

namespace Pilotage.Tests.Core;

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
    public void Converts(string from, string to, double value, double expected) =>
        Assert.Equal(expected, Ucum.Parse(from).Value.To(Ucum.Parse(to).Value, value), 9);

    [Theory]
    [InlineData("Cel", "h")]
    [InlineData("m", "m2")]
    [InlineData("[psi]", "N")]
    [InlineData("deg", "1")]
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
    public void Refuses_what_ucum_does_not_know(string code) => Assert.Equal("unit.unknown", Ucum.Parse(code).Refusal.Code);

    [Fact]
    public void Names_the_unknown_part() =>
        Assert.Contains("\"banana\"", Ucum.Parse("kg/banana").Refusal.Message, StringComparison.Ordinal);
}
