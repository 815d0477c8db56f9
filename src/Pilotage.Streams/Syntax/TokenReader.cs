using System.Diagnostics.CodeAnalysis;

namespace Pilotage.Streams.Syntax;

/// <summary>Walks over the tokens: look, take, expect, and say what was expected when it is not there.</summary>
internal sealed class TokenReader(IReadOnlyList<Token> tokens)
{
    // These begin or end a clause, so they cannot be names unless written between backticks.
    private static readonly HashSet<string> Reserved = new(StringComparer.OrdinalIgnoreCase)
    {
        "SELECT", "FROM", "WHERE", "GROUP", "HAVING", "WINDOW", "AS", "AND", "OR", "NOT", "CASE", "WHEN", "THEN", "ELSE",
        "END", "BETWEEN", "IN", "IS", "NULL", "OVER", "CREATE", "INSERT", "INTO", "ORDER", "UNION", "JOIN", "TRUE", "FALSE",
        "INTERVAL", "PARTITION", "LIMIT", "DISTINCT", "ON", "EXCEPT", "INTERSECT", "LEFT", "RIGHT", "INNER", "FULL", "CROSS",
    };

    private int _at;

    public Token Current => tokens[_at];

    public bool AtEnd => Current.Kind == TokenKind.End;

    public Token Take()
    {
        var taken = Current;
        _at = Math.Min(_at + 1, tokens.Count - 1);
        return taken;
    }

    public bool IsWord(string word, int ahead = 0) =>
        Ahead(ahead) is { Kind: TokenKind.Name } token && token.Text.Equals(word, StringComparison.OrdinalIgnoreCase);

    public bool IsSign(string sign, int ahead = 0) =>
        Ahead(ahead) is { Kind: TokenKind.Sign } token && token.Text == sign;

    public bool IsText(int ahead = 0) => Ahead(ahead).Kind == TokenKind.Text;

    public bool TakeWord(string word)
    {
        var there = IsWord(word);
        _at += there ? 1 : 0;
        return there;
    }

    public bool TakeSign(string sign)
    {
        var there = IsSign(sign);
        _at += there ? 1 : 0;
        return there;
    }

    public SourcePosition ExpectWord(string word)
    {
        var at = Current.At;
        return TakeWord(word) ? at : throw Expected(word);
    }

    public SourcePosition ExpectSign(string sign)
    {
        var at = Current.At;
        return TakeSign(sign) ? at : throw Expected($"'{sign}'");
    }

    public bool IsName => Current.Kind == TokenKind.QuotedName
        || (Current.Kind == TokenKind.Name && !Reserved.Contains(Current.Text));

    public NameSyntax ExpectName(string what)
    {
        if (!IsName || Current.Text.Length == 0)
        {
            throw Expected(what);
        }

        var token = Take();
        return new(token.At, token.Text);
    }

    public Token ExpectText(string what) => Current.Kind == TokenKind.Text ? Take() : throw Expected(what);

    /// <summary>A fault at the current token; a near miss of a key word is named.</summary>
    public CompileFault Expected(string what)
    {
        var nearest = Current.Kind == TokenKind.Name ? Nearest.To(Current.Text, what.Split(", ")) : null;
        var hint = nearest is null ? "" : $" Did you mean {nearest}?";
        var reserved = Current.Kind == TokenKind.Name && Reserved.Contains(Current.Text) && !char.IsUpper(what[0])
            ? $" {Current.Text} is a reserved word; as a name it is written `{Current.Text}`." : "";
        return CompileFault.Syntax(Current.At, $"Expected {what}, found {Current.Shown}.{hint}{reserved}");
    }

    /// <summary>A fault when one of the words is next: known SQL that this dialect does not take.</summary>
    public void Refuse([NotNull] params string[] words)
    {
        foreach (var word in words)
        {
            if (IsWord(word))
            {
                throw CompileFault.Unsupported(Current.At, $"{word} is not part of the dialect.");
            }
        }
    }

    private Token Ahead(int count) => tokens[Math.Min(_at + count, tokens.Count - 1)];
}
