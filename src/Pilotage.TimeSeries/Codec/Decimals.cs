using System.Runtime.Intrinsics;

namespace Pilotage.TimeSeries.Codec;

/// <summary>Doubles as whole numbers over one power of ten, where they come back bit for bit, as a parser makes them.</summary>
internal static class Decimals
{
    /// <summary>Below this every whole number is a double, and sums of them are exact.</summary>
    public const double ExactMax = IntegerMax;

    /// <summary>Places after the point, at most.</summary>
    public const int ExponentMax = 8;

    // Up to 2^53 every integer is a double, so value times scale is exact enough to round, and the check decides.
    private const double IntegerMax = 9_007_199_254_740_992;

    // Added to a double below 2^51, 1.5 times 2^52 leaves the integer in the low bits of the sum.
    private const double Magic = 6_755_399_441_055_744;
    private const double VectorMax = 2_251_799_813_685_248;

    private static readonly double[] Scales = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8];

    /// <summary>What a number of places multiplies by.</summary>
    public static double ScaleOf(int exponent) => Scales[exponent];

    /// <summary>Finds places with which all values are decimals, as few as do, and the whole numbers.</summary>
    public static bool TryScale(ReadOnlySpan<double> values, Span<long> integers, out int exponent)
    {
        // A value that needs few places also fits more of them, so places only ever rise. A large one may not; then
        // the search runs out of places, for what was found is checked whole.
        for (exponent = 0; exponent <= ExponentMax; exponent++)
        {
            var fit = Scale(values, integers, Scales[exponent]);
            if (fit == values.Length)
            {
                return true;
            }

            while (exponent < ExponentMax && !TryFit(values[fit], Scales[exponent + 1], out _))
            {
                exponent++;
            }
        }

        return false;
    }

    /// <summary>The values of whole numbers.</summary>
    public static void Unscale(ReadOnlySpan<long> integers, int exponent, Span<double> values)
    {
        var scale = Scales[exponent];
        var at = 0;
        if (Vector256.IsHardwareAccelerated)
        {
            var by = Vector256.Create(scale);
            for (; at + Vector256<long>.Count <= integers.Length; at += Vector256<long>.Count)
            {
                (Vector256.ConvertToDouble(Vector256.Create(integers[at..])) / by).CopyTo(values[at..]);
            }
        }

        for (; at < integers.Length; at++)
        {
            values[at] = integers[at] / scale;
        }
    }

    /// <summary>Whole numbers of the first values that are decimals; how many those are.</summary>
    private static int Scale(ReadOnlySpan<double> values, Span<long> integers, double scale)
    {
        var at = 0;

        // Fast path: four at a time. Rounding, division and comparison are those of the slow path.
        if (Vector256.IsHardwareAccelerated)
        {
            var (by, magic, most) = (Vector256.Create(scale), Vector256.Create(Magic), Vector256.Create(VectorMax));
            for (; at + Vector256<double>.Count <= values.Length; at += Vector256<double>.Count)
            {
                var value = Vector256.Create(values[at..]);
                var scaled = Vector256.Round(value * by);

                // Minus zero would come back as zero: its bits are not those of 0 + 0.
                var same = Vector256.Equals(((scaled + Vector256<double>.Zero) / by).AsInt64(), value.AsInt64());
                if (!Vector256.LessThanAll(Vector256.Abs(scaled), most) || same != Vector256<long>.AllBitsSet)
                {
                    break;
                }

                ((scaled + magic).AsInt64() - magic.AsInt64()).CopyTo(integers[at..]);
            }
        }

        // Slow path: the last few, and what the vectors would not take.
        while (at < values.Length && TryFit(values[at], scale, out integers[at]))
        {
            at++;
        }

        return at;
    }

    /// <summary>The whole number of a value with so many places; false where it would not come back.</summary>
    public static bool TryFit(double value, int exponent, out long integer) => TryFit(value, Scales[exponent], out integer);

    private static bool TryFit(double value, double scale, out long integer)
    {
        var scaled = Math.Round(value * scale);
        integer = Math.Abs(scaled) < IntegerMax ? (long)scaled : 0;
        return Math.Abs(scaled) < IntegerMax
            && BitConverter.DoubleToInt64Bits(integer / scale) == BitConverter.DoubleToInt64Bits(value);
    }
}
