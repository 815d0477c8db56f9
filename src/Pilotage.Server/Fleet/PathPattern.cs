using System.Text;
using System.Text.RegularExpressions;

namespace Pilotage.Server.Fleet;

/// <summary>Matches device paths: <c>*</c> within a level, <c>**</c> across levels; everything else is itself.</summary>
internal sealed class PathPattern
{
    private static readonly TimeSpan MatchTimeout = TimeSpan.FromMilliseconds(100);
    private readonly Regex _regex;

    public PathPattern(string pattern)
    {
        var text = new StringBuilder("^");
        for (var i = 0; i < pattern.Length; i++)
        {
            if (pattern[i] != '*')
            {
                text.Append(Regex.Escape(pattern[i].ToString()));
            }
            else if (i + 1 < pattern.Length && pattern[i + 1] == '*')
            {
                text.Append(".*");
                i++;
            }
            else
            {
                text.Append("[^/]*");
            }
        }

        // Non-backtracking: a pattern of many stars cannot be made slow.
        _regex = new Regex(text.Append('$').ToString(), RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, MatchTimeout);
    }

    public bool Matches(string path) => _regex.IsMatch(path);
}
