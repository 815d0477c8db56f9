using System.Globalization;

namespace Pilotage.Cli.Frame;

/// <summary>A time as people write it: <c>30s</c>, <c>5m</c>, <c>2h</c>, <c>7d</c>.</summary>
internal static class Duration
{
    private const int Minute = 60;
    private const int Hour = 60 * Minute;
    private const int Day = 24 * Hour;

    /// <summary>Whole seconds, within what is served; anything else is refused with the option's name.</summary>
    public static int Seconds(string option, string text, int most)
    {
        var factor = text.Length == 0 ? 0 : text[^1] switch { 's' => 1, 'm' => Minute, 'h' => Hour, 'd' => Day, _ => 0 };
        return factor > 0
            && int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number >= 1 && number <= most / factor
                ? number * factor
                : throw new CliFailure(ExitCode.Usage, $"{option}: '{text}' is no time from 1s to {Longest(most)}", "a time is a whole number and s, m, h or d", $"{option} 1m");
    }

    private static string Longest(int seconds) => seconds % Day == 0 ? $"{seconds / Day}d" : $"{seconds / Minute}m";
}
