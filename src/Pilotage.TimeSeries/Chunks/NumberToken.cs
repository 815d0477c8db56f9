using System.Buffers.Text;
using System.Globalization;

namespace Pilotage.TimeSeries.Chunks;

/// <summary>Numbers as programs write them, told so that the same characters come back.</summary>
internal static class NumberToken
{
    /// <summary>Most digits after the point of a number that is told as a whole one.</summary>
    public const int DecimalsMax = 18;

    private const int DigitsMax = 18;
    private static readonly byte[] PointAndZero = ".0"u8.ToArray();

    /// <summary>Reads a number of so many digits after the point as the whole number of all its digits; false where those characters would not come back.</summary>
    public static bool TryWhole(ReadOnlySpan<byte> token, out long whole, out int decimals)
    {
        (whole, decimals) = (0, 0);
        var isNegative = token[0] == '-';
        var digits = isNegative ? token[1..] : token;
        var point = digits.IndexOf((byte)'.');
        decimals = point < 0 ? 0 : digits.Length - point - 1;
        var count = point < 0 ? digits.Length : digits.Length - 1;
        var isOdd = count is 0 or > DigitsMax || point == 0 || (point >= 0 && decimals == 0)
            || (digits[0] == '0' && digits.Length > 1 && point != 1);
        if (isOdd)
        {
            return false;
        }

        for (var i = 0; i < digits.Length; i++)
        {
            if (i == point)
            {
                continue;
            }

            if (!char.IsAsciiDigit((char)digits[i]))
            {
                return false;
            }

            whole = (10 * whole) + (digits[i] - '0');
        }

        whole = isNegative ? -whole : whole;

        // A minus before nothing would be lost.
        return whole != 0 || !isNegative;
    }

    /// <summary>Writes it back.</summary>
    public static int WriteWhole(long whole, int decimals, Span<byte> into)
    {
        Span<byte> digits = stackalloc byte[Skeleton.TokenBytesMax];
        var magnitude = whole < 0 ? unchecked((ulong)-whole) : (ulong)whole;
        _ = Utf8Formatter.TryFormat(magnitude, digits, out var count);
        var length = 0;
        if (whole < 0)
        {
            into[length++] = (byte)'-';
        }

        // At least one digit before the point.
        for (var place = Math.Max(count, decimals + 1); place > 0; place--)
        {
            if (place == decimals)
            {
                into[length++] = (byte)'.';
            }

            into[length++] = place > count ? (byte)'0' : digits[count - place];
        }

        return length;
    }

    /// <summary>Reads a number that is written as short as its double allows; with <paramref name="isPointed"/> as Python does, 1.0 and 1e-05.</summary>
    public static bool TryShortest(ReadOnlySpan<byte> token, bool isPointed, out double value)
    {
        Span<byte> again = stackalloc byte[2 * Skeleton.TokenBytesMax];
        return Utf8Parser.TryParse(token, out value, out int read) && read == token.Length
            && again[..WriteShortest(value, isPointed, again)].SequenceEqual(token);
    }

    /// <summary>Writes it back.</summary>
    public static int WriteShortest(double value, bool isPointed, Span<byte> into)
    {
        _ = value.TryFormat(into, out var length, default, CultureInfo.InvariantCulture);
        if (!isPointed)
        {
            return length;
        }

        var exponent = into[..length].IndexOf((byte)'E');
        if (exponent >= 0)
        {
            into[exponent] = (byte)'e';
        }
        else if (!into[..length].Contains((byte)'.'))
        {
            PointAndZero.CopyTo(into[length..]);
            length += PointAndZero.Length;
        }

        return length;
    }
}
