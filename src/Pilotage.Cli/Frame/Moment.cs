using System.CommandLine;
using System.Globalization;

namespace Pilotage.Cli.Frame;

/// <summary>A time as people write it: RFC 3339, <c>now</c>, or so long ago, such as <c>-2h</c>.</summary>
internal static class Moment
{
    /// <summary>How a time is written, for the help of an option.</summary>
    public const string Forms = "RFC 3339, or so long ago: -30m, -2h, -7d; or now.";

    private const int AgoMostSeconds = 50 * 366 * 24 * 60 * 60;
    private const string Now = "now";

    /// <summary>An option for a time.</summary>
    public static Option<string?> Option(string name, string says) => new(name) { Description = $"{says} {Forms}", HelpName = "TIME" };

    /// <summary>What was given for it as the API takes it; null where nothing was. What is not written as a time the server refuses by its name.</summary>
    public static string? Of(CliSession session, Option<string?> option, ParseResult parsed) => parsed.GetValue(option) switch
    {
        null => null,
        Now => Text(session.Time.GetUtcNow()),
        ['-', .. var ago] => Text(session.Time.GetUtcNow().AddSeconds(-Duration.Seconds(option.Name, ago, AgoMostSeconds))),
        var written => written,
    };

    private static string Text(DateTimeOffset time) => time.ToString("O", CultureInfo.InvariantCulture);
}
