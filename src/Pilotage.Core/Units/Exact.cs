using System.Globalization;
using System.Numerics;

namespace Pilotage.Core.Units;

/// <summary>A number as units are defined by: a fraction of whole numbers, times a power of pi. Nothing is rounded before it is asked for.</summary>
internal sealed record Exact
{
    // More digits than two doubles hold; the specification gives [pi] as such a decimal, too.
    private static readonly Exact PiDigits = OfDecimal("3.1415926535897932384626433832795028841971693993751058209749445923");

    private Exact(BigInteger numerator, BigInteger denominator, int pi)
    {
        var common = BigInteger.GreatestCommonDivisor(numerator, denominator);
        (Numerator, Denominator, Pi) = (numerator / common, denominator / common, pi);
    }

    public static Exact Zero { get; } = Of(0);

    public static Exact One { get; } = Of(1);

    /// <summary>The ratio of a circle's circumference to its diameter.</summary>
    public static Exact CircleRatio { get; } = new(1, 1, 1);

    public BigInteger Numerator { get; }

    /// <summary>One at least.</summary>
    public BigInteger Denominator { get; }

    /// <summary>The power of pi.</summary>
    public int Pi { get; }

    public static Exact Of(BigInteger whole) => new(whole, 1, 0);

    /// <summary>A decimal such as <c>6.02214076</c> or <c>1e-3</c>, to its last digit.</summary>
    public static Exact OfDecimal(string text)
    {
        var e = text.IndexOf('e', StringComparison.Ordinal);
        var power = e < 0 ? 0 : int.Parse(text.AsSpan(e + 1), CultureInfo.InvariantCulture);
        var digits = e < 0 ? text : text[..e];
        var point = digits.IndexOf('.', StringComparison.Ordinal);
        if (point >= 0)
        {
            power -= digits.Length - point - 1;
            digits = digits.Remove(point, 1);
        }

        var whole = Of(BigInteger.Parse(digits, CultureInfo.InvariantCulture));
        return whole * Of(10).Power(power);
    }

    public static Exact operator *(Exact a, Exact b) => new(a.Numerator * b.Numerator, a.Denominator * b.Denominator, a.Pi + b.Pi);

    public static Exact operator /(Exact a, Exact b) => new(a.Numerator * b.Denominator, a.Denominator * b.Numerator, a.Pi - b.Pi);

    /// <summary>The difference; neither may hold a power of pi, as no zero of a scale does.</summary>
    public static Exact operator -(Exact a, Exact b) => new((a.Numerator * b.Denominator) - (b.Numerator * a.Denominator), a.Denominator * b.Denominator, 0);

    public Exact Power(int n)
    {
        var (above, below) = (BigInteger.Pow(Numerator, Math.Abs(n)), BigInteger.Pow(Denominator, Math.Abs(n)));
        return n < 0 ? new(below, above, Pi * n) : new(above, below, Pi * n);
    }

    /// <summary>The nearest double.</summary>
    public double ToDouble() => ToDoubles().High;

    /// <summary>The nearest double, and the nearest to what it leaves.</summary>
    public (double High, double Low) ToDoubles()
    {
        if (Pi != 0)
        {
            var digits = PiDigits.Power(Pi);
            return new Exact(Numerator * digits.Numerator, Denominator * digits.Denominator, 0).ToDoubles();
        }

        var high = Nearest(Numerator, Denominator);
        return double.IsNormal(high) ? (high, (this - OfDouble(high)).Nearest()) : (high, 0);
    }

    private static Exact OfDouble(double value)
    {
        const int MantissaBits = 53;
        var exponent = Math.ILogB(value) - MantissaBits + 1;
        var whole = Of(new BigInteger(Math.ScaleB(value, -exponent)));
        return whole * Of(2).Power(exponent);
    }

    private double Nearest() => Nearest(Numerator, Denominator);

    /// <summary>A quotient of whole numbers, rounded once: 64 bits of it, the last one set where anything follows.</summary>
    private static double Nearest(BigInteger numerator, BigInteger denominator)
    {
        const int Bits = 64;
        if (numerator.IsZero)
        {
            return 0;
        }

        var magnitude = BigInteger.Abs(numerator);
        var shift = Bits - 1 + (int)(denominator.GetBitLength() - magnitude.GetBitLength());
        var (above, below) = shift >= 0 ? (magnitude << shift, denominator) : (magnitude, denominator << -shift);
        var quotient = (ulong)BigInteger.DivRem(above, below, out var rest);
        var nearest = Math.ScaleB((double)(quotient | (rest.IsZero ? 0UL : 1UL)), -shift);
        return numerator.Sign < 0 ? -nearest : nearest;
    }
}
