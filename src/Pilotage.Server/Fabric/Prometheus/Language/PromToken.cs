namespace Pilotage.Server.Fabric.Prometheus.Language;

/// <summary>What a piece of a query is.</summary>
internal enum PromTokenKind
{
    End,
    Name,
    Number,
    Duration,
    Text,
    Symbol,
}

/// <summary>One piece of a query.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">Of a text its content, of anything else as it stands there.</param>
/// <param name="At">The place of its first character, from 0.</param>
/// <param name="Number">Of a number its value, of a duration its nanoseconds.</param>
internal readonly record struct PromToken(PromTokenKind Kind, string Text, int At, double Number)
{
    public bool Is(string symbol) => Kind == PromTokenKind.Symbol && Text == symbol;

    /// <summary>Whether it is that word; words are known in either case.</summary>
    public bool IsWord(string word) => Kind == PromTokenKind.Name && Text.Equals(word, StringComparison.OrdinalIgnoreCase);

    public string Shown => Kind switch
    {
        PromTokenKind.End => "the end of the query",
        PromTokenKind.Text => $"the text \"{Short(Text)}\"",
        _ => $"\"{Short(Text)}\"",
    };

    private static string Short(string text) => text.Length <= 40 ? text : text[..40] + "…";
}
