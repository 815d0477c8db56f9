namespace Pilotage.Streams.Syntax;

/// <summary>One word, number, text, parameter or sign of a pipeline's text.</summary>
internal readonly record struct Token(TokenKind Kind, string Text, SourcePosition At, double Number = 0)
{
    /// <summary>How the token reads in a refusal.</summary>
    public string Shown => Kind switch
    {
        TokenKind.End => "the end of the text",
        TokenKind.Text => $"'{Short}'",
        TokenKind.Parameter => $"${{{Short}}}",
        TokenKind.QuotedName => $"`{Short}`",
        _ => Short,
    };

    private string Short => Text.Length <= 40 ? Text : string.Concat(Text.AsSpan(0, 40), "…");
}

/// <summary>What a token is.</summary>
internal enum TokenKind
{
    Name,
    QuotedName,
    Number,
    Text,
    Parameter,
    Sign,
    End,
}
