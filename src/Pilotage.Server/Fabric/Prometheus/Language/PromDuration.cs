namespace Pilotage.Server.Fabric.Prometheus.Language;

/// <summary>Durations as queries write them: <c>5m</c>, <c>1h30m</c>, <c>100ms</c>; a year has 365 days.</summary>
internal static class PromDuration
{
    private const double Ms = 1e6;
    private const double Second = 1e9;
    private const double Minute = 60 * Second;
    private const double Hour = 60 * Minute;
    private const double Day = 24 * Hour;

    /// <summary>The duration at the beginning of a text, in nanoseconds; false where a number or a name stands there.</summary>
    public static bool TryRead(ReadOnlySpan<char> text, out double ns, out int length)
    {
        (ns, length) = (0, 0);
        while (length < text.Length && char.IsAsciiDigit(text[length]))
        {
            var digits = length;
            while (digits < text.Length && char.IsAsciiDigit(text[digits]))
            {
                digits++;
            }

            var (unit, letters) = Unit(text[digits..]);
            if (unit == 0)
            {
                return false;
            }

            ns += double.Parse(text[length..digits], System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture) * unit;
            length = digits + letters;
        }

        return length > 0 && (length == text.Length || !(char.IsAsciiLetterOrDigit(text[length]) || text[length] is '_' or '.'));
    }

    private static (double Ns, int Letters) Unit(ReadOnlySpan<char> text) =>
        text.StartsWith("ms") ? (Ms, 2)
        : text.IsEmpty ? (0, 0)
        : text[0] switch
        {
            's' => (Second, 1),
            'm' => (Minute, 1),
            'h' => (Hour, 1),
            'd' => (Day, 1),
            'w' => (7 * Day, 1),
            'y' => (365 * Day, 1),
            _ => (0, 0),
        };
}
