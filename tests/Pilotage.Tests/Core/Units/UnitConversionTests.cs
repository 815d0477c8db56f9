using System.Numerics;
using Pilotage.Core.Units;
using Xunit;

namespace Pilotage.Tests.Core.Units;

/// <summary>Conversions against arithmetic of fractions, and the algebra that units obey.</summary>
public sealed class UnitConversionTests
{
    private const int Seed = 20260101;
    private static readonly string[] Prefixes = ["", "k", "m", "M", "u", "da", "G", "y", "Y"];
    private static readonly string[][] Kinds =
    [
        ["m", "[in_i]", "[ft_us]", "[mi_i]", "Ao", "pc", "AU"],
        ["Pa", "bar", "[psi]", "atm", "mm[Hg]", "[in_i'H2O]", "N/m2", "kg/(m.s2)"],
        ["Cel", "K", "[degF]", "[degR]", "[degRe]", "mCel"],
        ["J", "kW.h", "[Btu_IT]", "cal", "eV", "erg"],
        ["m3/h", "L/s", "[gal_us]/min", "[bbl_us]/d", "[cft_i]/s"],
        ["1", "%", "[ppm]", "10*-7", "3", "{piece}", "kg/g", "/24"],
        ["s", "min", "h", "d", "a", "mo", "wk", "a_t"],
    ];

    [Fact]
    public void A_conversion_is_off_by_no_more_than_half_of_the_last_bit()
    {
        var random = new Random(Seed);
        var checkedCount = 0;
        for (var i = 0; i < 20_000; i++)
        {
            var kind = Kinds[random.Next(Kinds.Length)];
            var (from, to) = (kind[random.Next(kind.Length)], kind[random.Next(kind.Length)]);
            var value = Math.ScaleB((random.NextDouble() * 2) - 1, random.Next(-60, 60));
            var exact = Exactly(from, to, value);
            var converted = Ucum.Parse(from).Value.ConversionTo(Ucum.Parse(to).Value).Value.Of(value);
            if (Math.Abs(converted) < Math.Abs(value) * 1e-30 || Math.Abs(converted) < 1e-6)
            {
                continue; // What is left of two that are nearly equal has fewer bits, and zero has none.
            }

            var off = (exact - Fraction.Of(converted)).Abs();
            var half = Fraction.Of((Math.BitIncrement(Math.Abs(converted)) - Math.Abs(converted)) * 0.5001);
            Assert.True(off.CompareTo(half) <= 0, $"{value:R} {from} is not {converted:R} {to} (seed {Seed})");
            checkedCount++;
        }

        Assert.True(checkedCount > 10_000, $"{checkedCount}");
    }

    [Theory]
    [InlineData("km/h", "m/s", 36, 10)]
    [InlineData("[degF]", "Cel", 212, 100)]
    [InlineData("[degF]", "Cel", -40, -40)]
    [InlineData("Cel", "K", 0.1, 273.25)]
    [InlineData("K", "Cel", 0, -273.15)]
    [InlineData("Cel", "[degF]", 37, 98.6)]
    [InlineData("%", "1", 7, 0.07)]
    [InlineData("1", "%", 0.07, 7.000000000000001)] // The double nearest to 0.07 is a little above it.
    [InlineData("[in_i]", "cm", 1, 2.54)]
    [InlineData("min", "h", 6, 0.1)]
    [InlineData("kW.h", "MJ", 1, 3.6)]
    [InlineData("deg", "circ", 90, 0.25)]
    public void Comes_to_the_very_double(string from, string to, double value, double expected) =>
        Assert.Equal(expected, Ucum.Parse(from).Value.To(Ucum.Parse(to).Value, value));

    [Fact]
    public void There_and_back_is_where_it_began_but_for_the_last_bits()
    {
        var random = new Random(Seed);
        foreach (var kind in Kinds)
        {
            foreach (var (from, to) in kind.SelectMany(a => kind.Select(b => (Ucum.Parse(a).Value, Ucum.Parse(b).Value))))
            {
                var value = Math.ScaleB(1 + random.NextDouble(), random.Next(-3, 10));
                var scale = Math.Max(value, Math.Abs(from.Offset - to.Offset) / from.Factor);
                Assert.InRange(Math.Abs(to.To(from, from.To(to, value)) - value), 0, scale * 4e-16);
            }
        }
    }

    [Fact]
    public void What_cannot_be_computed_with_stays_what_it_is()
    {
        var conversion = Ucum.Parse("Cel").Value.ConversionTo(Ucum.Parse("[degF]").Value).Value;
        Assert.True(double.IsNaN(conversion.Of(double.NaN)));
        Assert.Equal(double.PositiveInfinity, conversion.Of(double.PositiveInfinity));
        Assert.Equal(double.NegativeInfinity, conversion.Of(double.NegativeInfinity));
        Assert.Equal(double.PositiveInfinity, conversion.Of(double.MaxValue));
        var same = Ucum.Parse("/min").Value.ConversionTo(Ucum.Parse("1/min").Value).Value;
        Assert.True(same.IsIdentity);
        Assert.Equal(BitConverter.DoubleToInt64Bits(-0.0), BitConverter.DoubleToInt64Bits(same.Of(-0.0)));
    }

    [Fact]
    public void A_sum_has_the_offset_of_each_of_its_values()
    {
        var conversion = Ucum.Parse("Cel").Value.ConversionTo(Ucum.Parse("[degF]").Value).Value;
        double[] celsius = [20, 25, -40];
        Assert.Equal(celsius.Sum(conversion.Of), conversion.OfSum(celsius.Sum(), celsius.Length));
        Assert.Equal(68.0 + 77 - 40, conversion.OfSum(5, 3));
    }

    [Fact]
    public void Units_multiply_divide_and_raise_as_their_dimensions_and_factors_do()
    {
        var random = new Random(Seed);
        var proper = UcumAtoms.All.Where(each => each.Value.Scale is null && each.Value.Offset == Exact.Zero).Select(each => each.Key).ToArray();
        for (var i = 0; i < 2_000; i++)
        {
            var (left, right) = (Ucum.Parse(Any()).Value, Ucum.Parse(Any()).Value);
            var power = random.Next(1, 4);
            Same($"({left}).({right})", $"({right}).({left})");
            Same($"({left})/({right})", $"({left}).(/({right}))");
            Same($"/({left})/({right})", $"/(({left}).({right}))");
            Same($"({left}).({right})/({right})", left.Code);
            Assert.Equal(left.Dimension * right.Dimension, Ucum.Parse($"({left}).({right})").Value.Dimension);
            Assert.Equal(left.Dimension * right.Dimension.Power(-1), Ucum.Parse($"({left})/({right})").Value.Dimension);
            var atom = proper[random.Next(proper.Length)];
            Same($"{atom}+{power}", string.Join('.', Enumerable.Repeat(atom, power)));
            Same($"{atom}-{power}", $"/({string.Join('.', Enumerable.Repeat(atom, power))})");
        }

        string Any()
        {
            var atom = proper[random.Next(proper.Length)];
            return UcumAtoms.All[atom].IsMetric ? Prefixes[random.Next(Prefixes.Length)] + atom : atom;
        }
    }

    [Fact]
    public void Every_symbol_is_read_with_and_without_a_prefix_and_no_two_make_a_third()
    {
        foreach (var (code, atom) in UcumAtoms.All)
        {
            var unit = Ucum.Parse(code).Value;
            Assert.True(Ucum.Parse($"{code}{{note}}").Value.IsSameAs(unit), code);
            foreach (var (prefix, factor) in atom.IsMetric ? UcumAtoms.Prefixes : new Dictionary<string, Exact>())
            {
                var prefixed = Ucum.Parse(prefix + code).Value;
                Assert.True(prefixed.ConvertsTo(unit), prefix + code);
                Assert.Equal(1, prefixed.Factor / unit.Factor / factor.ToDouble(), 12);
            }
        }
    }

    private static void Same(string left, string right) => Assert.True(Ucum.Parse(left).Value.IsSameAs(Ucum.Parse(right).Value), $"{left} and {right} (seed {Seed})");

    private static Fraction Exactly(string from, string to, double value)
    {
        var (a, b) = (new UcumReader(from, UcumAtoms.All).Read()!, new UcumReader(to, UcumAtoms.All).Read()!);
        return ((Fraction.Of(value) * Of(a.Factor)) + Of(a.Offset) - Of(b.Offset)) / Of(b.Factor);
    }

    private static Fraction Of(Exact exact)
    {
        Assert.Equal(0, exact.Pi);
        return new Fraction(exact.Numerator, exact.Denominator);
    }

    private readonly record struct Fraction(BigInteger Above, BigInteger Below)
    {
        public static Fraction Of(double value)
        {
            var bits = BitConverter.DoubleToInt64Bits(value);
            var exponent = (int)((bits >> 52) & 0x7FF);
            BigInteger mantissa = (bits & 0xF_FFFF_FFFF_FFFF) | (exponent == 0 ? 0 : 1L << 52);
            var power = (exponent == 0 ? 1 : exponent) - 1075;
            mantissa = bits < 0 ? -mantissa : mantissa;
            return power >= 0 ? new(mantissa << power, 1) : new(mantissa, BigInteger.One << -power);
        }

        public static Fraction operator *(Fraction a, Fraction b) => new(a.Above * b.Above, a.Below * b.Below);

        public static Fraction operator /(Fraction a, Fraction b) => new(a.Above * b.Below, a.Below * b.Above);

        public static Fraction operator +(Fraction a, Fraction b) => new((a.Above * b.Below) + (b.Above * a.Below), a.Below * b.Below);

        public static Fraction operator -(Fraction a, Fraction b) => new((a.Above * b.Below) - (b.Above * a.Below), a.Below * b.Below);

        public Fraction Abs() => new(BigInteger.Abs(Above), Below);

        public int CompareTo(Fraction other) => (Above * other.Below).CompareTo(other.Above * Below);
    }
}
