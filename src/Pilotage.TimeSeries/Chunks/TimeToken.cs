using System.Buffers.Text;
using System.Globalization;

namespace Pilotage.TimeSeries.Chunks;

/// <summary>A time as RFC 3339 begins it, <c>2026-03-01T12:00:00.125</c>, without the zone: nanoseconds since the Unix epoch, and so many digits after the point.</summary>
internal static class TimeToken
{
    /// <summary>Most digits after the point.</summary>
    public const int DigitsMax = 9;

    private const int WholeBytes = 19;
    private const int YearMin = 1970;

    // The last whole one that 64 bits of nanoseconds hold.
    private const int YearMax = 2261;
    private const long NsPerTick = 100;
    private const long NsPerSecond = 1_000_000_000;
    private const string Form = "yyyy-MM-ddTHH:mm:ss";

    /// <summary>The bytes of a time that stands there; 0 where there is none that comes back as it was.</summary>
    public static int LengthAt(ReadOnlySpan<byte> text)
    {
        if (text.Length < WholeBytes || !TrySeconds(text[..WholeBytes], out _))
        {
            return 0;
        }

        if (text.Length == WholeBytes || text[WholeBytes] != '.')
        {
            return WholeBytes;
        }

        var digits = 0;
        while (WholeBytes + 1 + digits < text.Length && char.IsAsciiDigit((char)text[WholeBytes + 1 + digits]))
        {
            digits++;
        }

        return digits is 0 or > DigitsMax ? 0 : WholeBytes + 1 + digits;
    }

    /// <summary>Reads what <see cref="LengthAt"/> found.</summary>
    public static long Read(ReadOnlySpan<byte> token, out int digits)
    {
        digits = Math.Max(0, token.Length - WholeBytes - 1);
        _ = TrySeconds(token[..WholeBytes], out var seconds);
        long fraction = 0;
        for (var i = 0; i < DigitsMax; i++)
        {
            fraction = (10 * fraction) + (i < digits ? token[WholeBytes + 1 + i] - '0' : 0);
        }

        return (seconds * NsPerSecond) + fraction;
    }

    /// <summary>Writes a time so; how many bytes, -1 for one that no <see cref="Read"/> gives.</summary>
    public static int Write(long ns, int digits, Span<byte> into)
    {
        if (ns < 0)
        {
            return -1;
        }

        var at = DateTime.UnixEpoch.AddTicks(ns / NsPerTick);
        _ = at.TryFormat(into, out var length, Form, CultureInfo.InvariantCulture);
        if (digits == 0)
        {
            return length;
        }

        into[length++] = (byte)'.';
        var fraction = ns % NsPerSecond;
        for (var divisor = NsPerSecond / 10; digits > 0; digits--, divisor /= 10)
        {
            into[length++] = (byte)('0' + (fraction / divisor % 10));
        }

        return length;
    }

    private static bool TrySeconds(ReadOnlySpan<byte> text, out long seconds)
    {
        seconds = 0;
        if (text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':'
            || !TryNumber(text[..4], out var year) || !TryNumber(text[5..7], out var month) || !TryNumber(text[8..10], out var day)
            || !TryNumber(text[11..13], out var hour) || !TryNumber(text[14..16], out var minute) || !TryNumber(text[17..19], out var second)
            || year is < YearMin or > YearMax || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month)
            || hour > 23 || minute > 59 || second > 59)
        {
            return false;
        }

        var at = new DateTime(year, month, day, hour, minute, second, DateTimeKind.Utc);
        seconds = (at.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerSecond;
        return true;
    }

    private static bool TryNumber(ReadOnlySpan<byte> text, out int number) =>
        Utf8Parser.TryParse(text, out number, out var read) && read == text.Length && text[0] is not ((byte)'-' or (byte)'+');
}
