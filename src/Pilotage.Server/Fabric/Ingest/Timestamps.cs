using System.Globalization;
using System.Text.Json;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Fabric.Ingest;

/// <summary>Reads <c>ts</c>: RFC 3339 text, or a whole number of milliseconds since the Unix epoch.</summary>
internal static class Timestamps
{
    /// <summary>Longest text that can be a time.</summary>
    public const int CharsMax = 40;

    private const long NsPerMicrosecond = 1_000;
    private const long NsPerMs = 1_000_000;
    private const long NsPerSecond = 1_000_000_000;
    private const long NsPerDay = 86_400_000_000_000;
    private const int NsDigits = 9;
    private const double WholeMax = 1L << 53;
    private const string NoTime = "ts is neither RFC 3339 text nor a whole number of milliseconds";

    // Devices without a clock begin in 1970, and one bad clock in the future would distort every chart.
    private const long EarliestMs = 315_532_800_000; // 1980-01-01
    private const long LatestMs = 4_102_444_800_000; // 2100-01-01

    // About ten years: enough to tell one unit from the next, which is a thousand away.
    private const double NearShare = 0.2;

    private static readonly string[] Formats = ["yyyy-MM-dd'T'HH:mm:sszzz", "yyyy-MM-dd'T'HH:mm:ss'Z'"];

    /// <summary>The time in nanoseconds, or why it is none; times more than a day ahead of the server are refused.</summary>
    public static bool TryRead(JsonElement element, long nowNs, out long ns, out string? why)
    {
        ns = 0;
        switch (element.ValueKind)
        {
            case JsonValueKind.Number when element.TryGetInt64(out var ms):
                return TryMilliseconds(ms, nowNs, out ns, out why);
            case JsonValueKind.Number when element.TryGetDouble(out var number) && number == Math.Floor(number) && Math.Abs(number) <= WholeMax:
                // Written as 1.787e12 or 1787000000000.0, as some languages print a whole number.
                return TryMilliseconds((long)number, nowNs, out ns, out why);
            case JsonValueKind.Number:
                why = "ts is not a whole number of milliseconds";
                return false;
            case JsonValueKind.String:
                return TryText(element.GetString(), nowNs, out ns, out why);
            default:
                why = NoTime;
                return false;
        }
    }

    /// <summary>The same of a number.</summary>
    public static bool TryMilliseconds(long ms, long nowNs, out long ns, out string? why)
    {
        var isTime = InRange(ms is >= EarliestMs and <= LatestMs ? ms * NsPerMs : 0, nowNs, out ns, out why);
        if (!isTime && OtherUnit(ms, nowNs) is { } unit)
        {
            why = $"ts is in milliseconds, and {ms} looks like {unit}";
        }

        return isTime;
    }

    /// <summary>The same of nanoseconds.</summary>
    public static bool TryNanoseconds(long ns, long nowNs, out string? why) =>
        InRange(ns / NsPerMs is >= EarliestMs and <= LatestMs ? ns : 0, nowNs, out _, out why);

    /// <summary>The same of a text.</summary>
    public static bool TryText(ReadOnlySpan<char> text, long nowNs, out long ns, out string? why)
    {
        if (TryRfc3339(text, out var parsed))
        {
            return InRange(parsed / NsPerMs is >= EarliestMs and <= LatestMs ? parsed : 0, nowNs, out ns, out why);
        }

        ns = 0;
        why = NoTime;
        return false;
    }

    /// <summary>Why something is no time, where the time is called otherwise than <c>ts</c>.</summary>
    public static string Said(string why, string name) => why.StartsWith("ts ", StringComparison.Ordinal) ? name + why[2..] : why;

    /// <summary>The unit in which a number is a time of these years; null when there is none.</summary>
    private static string? OtherUnit(long number, long nowNs) =>
        IsNear(number, nowNs / NsPerSecond) ? "seconds"
            : IsNear(number, nowNs / NsPerMicrosecond) ? "microseconds"
            : IsNear(number, nowNs) ? "nanoseconds"
            : null;

    private static bool IsNear(long number, long now) => Math.Abs((double)number / now - 1) < NearShare;

    private static bool InRange(long candidate, long nowNs, out long ns, out string? why)
    {
        ns = candidate;
        why = candidate == 0 ? "ts lies outside 1980 to 2100; is the device's clock set?"
            : candidate > nowNs + NsPerDay ? "ts lies more than a day in the future; is the device's clock set?"
            : null;
        return why is null;
    }

    private static bool TryRfc3339(ReadOnlySpan<char> text, out long ns)
    {
        ns = 0;
        if (text.Length is < 20 or > CharsMax || text[10] is not ('T' or 't' or ' '))
        {
            return false;
        }

        // .NET keeps 100 ns; the two digits below are added by hand so that nothing is rounded away.
        var fraction = text.IndexOf('.');
        var end = fraction < 0 ? -1 : fraction + 1;
        while (end > 0 && end < text.Length && char.IsAsciiDigit(text[end]))
        {
            end++;
        }

        var digits = fraction < 0 ? default : text[(fraction + 1)..end];
        if (digits.Length > NsDigits || (fraction >= 0 && digits.Length == 0))
        {
            return false;
        }

        Span<char> whole = stackalloc char[CharsMax];
        var length = Whole(text, fraction, end, whole);
        if (!DateTimeOffset.TryParseExact(whole[..length], Formats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at))
        {
            return false;
        }

        ns = Clock.ToNs(at) + FractionNs(digits);
        return true;
    }

    /// <summary>The text without its fraction, in capitals, with T between date and time.</summary>
    private static int Whole(ReadOnlySpan<char> text, int fraction, int end, Span<char> whole)
    {
        var before = fraction < 0 ? text : text[..fraction];
        var after = fraction < 0 ? default : text[end..];
        before.ToUpperInvariant(whole);
        after.ToUpperInvariant(whole[before.Length..]);
        var length = before.Length + after.Length;
        whole[..length].Replace(' ', 'T');
        return length;
    }

    private static long FractionNs(ReadOnlySpan<char> digits)
    {
        long ns = 0;
        for (var i = 0; i < NsDigits; i++)
        {
            ns = (10 * ns) + (i < digits.Length ? digits[i] - '0' : 0);
        }

        return ns;
    }
}
