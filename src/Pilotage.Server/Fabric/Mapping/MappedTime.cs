using System.Globalization;
using System.Text.Json;
using Pilotage.Server.Fabric.Ingest;

namespace Pilotage.Server.Fabric.Mapping;

/// <summary>Reads the time of a foreign payload.</summary>
internal static class MappedTime
{
    private const decimal NsPerSecond = 1_000_000_000m;
    private const decimal NsPerMs = 1_000_000m;
    private const decimal NsPerMicrosecond = 1_000m;

    // 1980 and 2100 in seconds: no time between them in one unit is one between them in another, a thousand away.
    private const decimal EarliestSeconds = 315_532_800m;
    private const decimal LatestSeconds = 4_102_444_800m;

    /// <summary>The time in nanoseconds, or why it is none; times more than a day ahead of the server are refused.</summary>
    public static bool TryRead(JsonElement element, TimeForm form, long nowNs, out long ns, out string? why)
    {
        ns = 0;
        switch (element.ValueKind)
        {
            case JsonValueKind.Number when element.TryGetDecimal(out var number):
                return TryNumber(number, form, nowNs, out ns, out why);
            case JsonValueKind.String:
                var text = element.GetString()!.Trim();
                return decimal.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var written)
                    ? TryNumber(written, form, nowNs, out ns, out why)
                    : TryText(text, form, nowNs, out ns, out why);
            default:
                why = "the time is neither text nor a number";
                return false;
        }
    }

    private static bool TryText(string text, TimeForm form, long nowNs, out long ns, out string? why)
    {
        ns = 0;
        if (form is not (TimeForm.Auto or TimeForm.Rfc3339 or TimeForm.Utc))
        {
            why = "the time is text, and the mapping says a number";
            return false;
        }

        if (text.Length > Timestamps.CharsMax)
        {
            why = "the time is too long";
            return false;
        }

        var isTime = Timestamps.TryText(form == TimeForm.Utc && !HasOffset(text) ? text + "Z" : text, nowNs, out ns, out why);
        why = isTime ? null
            : why!.StartsWith("ts is neither", StringComparison.Ordinal) ? $"\"{text}\" is not RFC 3339{(form == TimeForm.Utc || HasOffset(text) ? "" : "; it has no offset: if it is UTC, say format: utc")}"
            : Words(why);
        return isTime;
    }

    private static bool TryNumber(decimal number, TimeForm form, long nowNs, out long ns, out string? why)
    {
        ns = 0;
        var perUnit = form switch
        {
            TimeForm.S => NsPerSecond,
            TimeForm.Ms => NsPerMs,
            TimeForm.Us => NsPerMicrosecond,
            TimeForm.Ns => 1m,
            TimeForm.Auto => UnitOf(number),
            _ => 0m,
        };
        if (perUnit == 0)
        {
            why = form == TimeForm.Auto ? $"{number} is no time between 1980 and 2100 in s, ms, us or ns" : "the time is a number, and the mapping says text";
            return false;
        }

        if (number < 0 || number > LatestSeconds * NsPerSecond / perUnit)
        {
            why = $"{number} lies outside 1980 to 2100 in {form.ToString().ToLowerInvariant()}; is format right, and the clock set?";
            return false;
        }

        ns = (long)(number * perUnit);
        var isTime = Timestamps.TryNanoseconds(ns, nowNs, out why);
        why = why is null ? null : Words(why);
        return isTime;
    }

    private static decimal UnitOf(decimal number)
    {
        foreach (var perUnit in (ReadOnlySpan<decimal>)[NsPerSecond, NsPerMs, NsPerMicrosecond, 1m])
        {
            var scale = NsPerSecond / perUnit;
            if (number >= EarliestSeconds * scale && number <= LatestSeconds * scale)
            {
                return perUnit;
            }
        }

        return 0;
    }

    private static bool HasOffset(string text) => text.EndsWith('Z') || text.EndsWith('z') || (text.Length > 19 && text.AsSpan(19).ContainsAny('+', '-'));

    private static string Words(string why) => why.StartsWith("ts ", StringComparison.Ordinal) ? "the time" + why[2..] : why;
}
