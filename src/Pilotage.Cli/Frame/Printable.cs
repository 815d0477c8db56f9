using System.Text;

namespace Pilotage.Cli.Frame;

/// <summary>Text of others on a terminal: one line, and nothing that moves the cursor, changes colours or answers for the user.</summary>
internal static class Printable
{
    private const char Instead = '·';

    public static string Of(string text)
    {
        if (!text.Any(IsControl))
        {
            return text;
        }

        var shown = new StringBuilder(text.Length);
        foreach (var letter in text.ReplaceLineEndings(" "))
        {
            shown.Append(letter == '\t' ? ' ' : IsControl(letter) ? Instead : letter);
        }

        return shown.ToString();
    }

    // The separators of line and paragraph, and the marks that turn the direction of what follows, count as controls here.
    private static bool IsControl(char letter) =>
        char.IsControl(letter) || letter is '\u2028' or '\u2029' or (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069');
}
