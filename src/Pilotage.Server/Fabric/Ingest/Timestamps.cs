using System.Globalization;
using System.Text.Json;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Fabric.Ingest;

/// <summary>Reads <c>ts</c>: RFC 3339 text, or a whole number of milliseconds since the Unix epoch.</summary>
internal static class Timestamps
{
    private const long NsPerMs = 1_000_000;
    private const long NsPerDay = 86_400_000_000_000;

    // Devices without a clock begin in 1970, and one bad clock in the future would distort every chart.
    private const long EarliestMs = 315_532_800_000; // 1980-01-01
    private const long LatestMs = 4_102_444_800_000; // 2100-01-01

    /// <summary>The time in nanoseconds, or why it is none; times more than a day ahead of the server are refused.</summary>
    public static bool TryRead(JsonElement element, long nowNs, out long ns, out string? why)
    {
        ns = 0;
        if (element.ValueKind == JsonValueKind.Number)
        {
            if (!element.TryGetInt64(out var ms))
            {
                why = "ts is not a whole number of milliseconds";
                return false;
            }

            return InRange(ms is >= EarliestMs and <= LatestMs ? ms * NsPerMs : 0, nowNs, out ns, out why);
        }

        if (element.ValueKind == JsonValueKind.String && TryRfc3339(element.GetString()!, out var parsed))
        {
            return InRange(parsed / NsPerMs is >= EarliestMs and <= LatestMs ? parsed : 0, nowNs, out ns, out why);
        }

        why = "ts is neither RFC 3339 text nor a whole number of milliseconds";
        return false;
    }

    private static bool InRange(long candidate, long nowNs, out long ns, out string? why)
    {
        ns = candidate;
        why = candidate == 0 ? "ts lies outside 1980 to 2100; is the device's clock set?"
            : candidate > nowNs + NsPerDay ? "ts lies more than a day in the future; is the device's clock set?"
            : null;
        return why is null;
    }

    private static bool TryRfc3339(string text, out long ns)
    {
        ns = 0;
        if (text.Length is < 20 or > 40 || text[10] is not ('T' or 't' or ' '))
        {
            return false;
        }

        // .NET keeps 100 ns; the two digits below are added by hand so that nothing is rounded away.
        var fraction = text.IndexOf('.', StringComparison.Ordinal);
        var end = fraction < 0 ? -1 : fraction + 1;
        while (end > 0 && end < text.Length && char.IsAsciiDigit(text[end]))
        {
            end++;
        }

        var digits = fraction < 0 ? "" : text[(fraction + 1)..end];
        if (digits.Length > 9 || (fraction >= 0 && digits.Length == 0))
        {
            return false;
        }

        var whole = fraction < 0 ? text : text[..fraction] + text[end..];
        string[] formats = ["yyyy-MM-dd'T'HH:mm:sszzz", "yyyy-MM-dd'T'HH:mm:ss'Z'"];
        if (!DateTimeOffset.TryParseExact(
            whole.ToUpperInvariant().Replace(' ', 'T'), formats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at))
        {
            return false;
        }

        ns = Clock.ToNs(at) + (digits.Length == 0 ? 0 : long.Parse(digits.PadRight(9, '0'), CultureInfo.InvariantCulture));
        return true;
    }
}
