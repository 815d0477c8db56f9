using System.Globalization;

namespace Pilotage.Streams.Binding;

/// <summary>The units in which the dialect writes lengths of time.</summary>
internal static class TimeUnits
{
    public const long MillisecondNs = 1_000_000;
    public const long SecondNs = 1_000_000_000;
    public const long DayNs = 86_400 * SecondNs;
    public const long LongestNs = 3_650 * DayNs;

    public static IReadOnlyList<string> Names { get; } = ["SECOND", "MINUTE", "HOUR", "DAY"];

    /// <summary>Nanoseconds of an SQL unit, singular or plural; null when there is no such unit.</summary>
    public static long? ToNs(string name) => name.ToUpperInvariant() switch
    {
        "SECOND" or "SECONDS" => SecondNs,
        "MINUTE" or "MINUTES" => 60 * SecondNs,
        "HOUR" or "HOURS" => 3_600 * SecondNs,
        "DAY" or "DAYS" => DayNs,
        _ => null,
    };

    /// <summary>The UCUM code of an SQL unit.</summary>
    public static string Ucum(long unitNs) => unitNs switch
    {
        SecondNs => "s",
        60 * SecondNs => "min",
        3_600 * SecondNs => "h",
        _ => "d",
    };

    /// <summary>Reads a duration as Flink's settings write it: <c>500 ms</c>, <c>5 s</c>, <c>2 min</c>, <c>1 h</c>,
    /// <c>1 d</c>.</summary>
    public static bool TryReadDuration(string text, out long ns)
    {
        ns = 0;
        var trimmed = text.AsSpan().Trim();
        var digits = trimmed.IndexOfAnyExceptInRange('0', '9');
        if (digits <= 0 || !long.TryParse(trimmed[..digits], NumberStyles.None, CultureInfo.InvariantCulture, out var amount))
        {
            return false;
        }

        var unit = trimmed[digits..].Trim() switch
        {
            "ms" => MillisecondNs,
            "s" => SecondNs,
            "min" => 60 * SecondNs,
            "h" => 3_600 * SecondNs,
            "d" => DayNs,
            _ => 0,
        };
        ns = amount <= LongestNs / Math.Max(unit, 1) ? amount * unit : 0;
        return unit != 0 && (amount == 0 || ns != 0);
    }
}
