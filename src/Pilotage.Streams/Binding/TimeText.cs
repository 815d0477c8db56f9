using System.Globalization;
using Pilotage.Streams.Expressions;
using Pilotage.Streams.Syntax;

namespace Pilotage.Streams.Binding;

/// <summary>Times as people write them in a question: RFC 3339, or without a zone, which means UTC; up to nanoseconds.</summary>
internal static class TimeText
{
    private const int FractionDigitsMax = 9;
    private const long NsPerTick = 100;
    private const long LatestNs = 0x7FEF_FFFF_FFFF_FFFF;

    private static readonly string[] Forms =
    [
        "yyyy-MM-dd", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd HH:mmK", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd HH:mm:ssK",
    ];

    /// <summary>The time as a value of a row; before 1970 it is 1970, where the rows begin.</summary>
    public static Typed Bind(SourcePosition at, string text) => TryRead(text, out var ns)
        ? new(new LiteralScalar(Scalar.FromTime(ns)), ColumnType.Timestamp, null, at)
        : throw CompileFault.Type(at, $"'{Shown(text)}' is not a time; write it as '2026-01-31T08:00:00Z', '2026-01-31 08:00:00' (UTC) or '2026-01-31'.");

    public static bool TryRead(string text, out long ns)
    {
        ns = 0;
        var dot = text.IndexOf('.', StringComparison.Ordinal);
        var digits = dot < 0 ? 0 : text.AsSpan(dot + 1).IndexOfAnyExceptInRange('0', '9');
        digits = digits < 0 ? text.Length - dot - 1 : digits;
        if (dot >= 0 && digits is 0 or > FractionDigitsMax)
        {
            return false;
        }

        var whole = dot < 0 ? text : text.Remove(dot, digits + 1);
        var fraction = dot < 0 ? 0 : long.Parse(text.Substring(dot + 1, digits).PadRight(FractionDigitsMax, '0'), CultureInfo.InvariantCulture);
        if (!DateTimeOffset.TryParseExact(whole, Forms, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
        {
            return false;
        }

        ns = (long)Int128.Clamp(((Int128)(time.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) * NsPerTick) + fraction, 0, LatestNs);
        return true;
    }

    /// <summary>A time as text, UTC, as Flink casts it: with as many digits of the second as it needs.</summary>
    public static string Of(long ns)
    {
        var (seconds, rest) = Math.DivRem(ns, 1_000_000_000);
        var whole = DateTimeOffset.FromUnixTimeSeconds(seconds).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
        return rest == 0 ? whole : $"{whole}.{rest.ToString("D9", CultureInfo.InvariantCulture).TrimEnd('0')}";
    }

    private static string Shown(string text) => text.Length <= 40 ? text : text[..40] + "…";
}
