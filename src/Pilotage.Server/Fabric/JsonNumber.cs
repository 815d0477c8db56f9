using System.Buffers.Text;
using System.Text.Json;

namespace Pilotage.Server.Fabric;

/// <summary>Numbers as JSON has them, the shortest that read back the same; the decimals that sensors deliver without a search for it.</summary>
internal static class JsonNumber
{
    /// <summary>Bytes of a number at most.</summary>
    public const int BytesMax = 32;

    private const int PlacesMax = 6;

    // A million times this is a whole number that a double holds.
    private const double DecimalMax = 1e9;

    private const double WholeMax = 1L << 53;
    private const long NsPerMs = 1_000_000;

    private static readonly double[] Scales = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6];
    private static readonly long[] Parts = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000];

    /// <summary>Writes a number; null where it is not finite, for which JSON has no word.</summary>
    public static void Write(Utf8JsonWriter json, double value)
    {
        if (!double.IsFinite(value))
        {
            json.WriteNullValue();
            return;
        }

        Span<byte> text = stackalloc byte[BytesMax];
        json.WriteRawValue(text[..Format(value, text)], skipInputValidation: true);
    }

    /// <summary>The bytes of a finite number; how many.</summary>
    public static int Format(double value, Span<byte> into)
    {
        // Times in ms are whole and large.
        if (value == (long)value && Math.Abs(value) is >= DecimalMax and < WholeMax)
        {
            return Format((long)value, 0, into);
        }

        // Minus zero has a sign of its own, and goes the slow way.
        if (Math.Abs(value) < DecimalMax && (value != 0 || !double.IsNegative(value)))
        {
            for (var places = 0; places <= PlacesMax; places++)
            {
                var scaled = Math.Round(value * Scales[places]);
                if (scaled / Scales[places] == value)
                {
                    return Format((long)scaled, places, into);
                }
            }
        }

        _ = Utf8Formatter.TryFormat(value, into, out var length);
        return length;
    }

    /// <summary>The same of one number of many alike: begins with the places that the one before had.</summary>
    public static int Format(double value, ref int places, Span<byte> into)
    {
        var scaled = Math.Round(value * Scales[places]);
        if (Math.Abs(value) < DecimalMax && scaled / Scales[places] == value && (value != 0 || !double.IsNegative(value)))
        {
            // Numbers of so few digits are one decimal each: without the zeros at its end, it is the shortest.
            var (number, left) = ((long)scaled, places);
            for (; left > 0 && number % 10 == 0; left--)
            {
                number /= 10;
            }

            return Format(number, left, into);
        }

        var length = Format(value, into);
        var point = into[..length].IndexOf((byte)'.');
        places = point < 0 ? 0 : Math.Min(length - point - 1, PlacesMax);
        return length;
    }

    public static int Format(long value, Span<byte> into)
    {
        _ = Utf8Formatter.TryFormat(value, into, out var length);
        return length;
    }

    /// <summary>A time in ms since 1970, to the last nanosecond: a double of so many would be off by some.</summary>
    public static int FormatMilliseconds(long timeNs, Span<byte> into)
    {
        var (ms, rest) = Math.DivRem(timeNs, NsPerMs);
        return rest == 0 ? Format(ms, into) : FormatParts(timeNs, rest, into);
    }

    private static int FormatParts(long timeNs, long rest, Span<byte> into)
    {
        var places = PlacesMax;
        while (rest % 10 == 0)
        {
            (rest, timeNs, places) = (rest / 10, timeNs / 10, places - 1);
        }

        return Format(timeNs, places, into);
    }

    /// <summary>A whole number with a point before its last places, of which the last one is not 0.</summary>
    private static int Format(long number, int places, Span<byte> into)
    {
        var length = 0;
        if (number < 0)
        {
            into[length++] = (byte)'-';
            number = -number;
        }

        var (whole, rest) = Math.DivRem(number, Parts[places]);
        _ = Utf8Formatter.TryFormat(whole, into[length..], out var digits);
        length += digits;
        if (places == 0)
        {
            return length;
        }

        into[length] = (byte)'.';
        for (var i = places; i > 0; i--)
        {
            into[length + i] = (byte)('0' + (rest % 10));
            rest /= 10;
        }

        return length + places + 1;
    }
}
