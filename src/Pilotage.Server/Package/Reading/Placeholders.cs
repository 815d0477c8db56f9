using System.Text.RegularExpressions;

namespace Pilotage.Server.Package.Reading;

/// <summary>Finds <c>${name}</c> in a text, each with its place.</summary>
internal static partial class Placeholders
{
    /// <summary>Placeholders of a text that begins at <paramref name="start"/>.</summary>
    public static IEnumerable<PackageNeed> In(string text, SourceMark start)
    {
        foreach (Match match in Placeholder().Matches(text))
        {
            var before = text.AsSpan(0, match.Index);
            var line = before.Count('\n');
            var column = line == 0 ? start.Column + match.Index : match.Index - before.LastIndexOf('\n');
            yield return new PackageNeed(match.Groups["name"].Value, start with { Line = start.Line + line, Column = column });
        }
    }

    [GeneratedRegex(@"\$\{(?<name>[^}\n]*)\}")]
    private static partial Regex Placeholder();
}
