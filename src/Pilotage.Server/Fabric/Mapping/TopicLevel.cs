namespace Pilotage.Server.Fabric.Mapping;

/// <summary>What one level of a pattern takes; the earlier in this list, the more specific.</summary>
internal enum LevelKind
{
    /// <summary>This very text.</summary>
    Literal,

    /// <summary>A name with text before or behind it: <c>pump-{number}</c>.</summary>
    Affixed,

    /// <summary>Any one level.</summary>
    Any,

    /// <summary>All levels that follow, one at least where it has a name.</summary>
    Tail,
}

/// <summary>One level of a pattern.</summary>
/// <param name="Before">Literal text before the name; of a literal level all of it.</param>
/// <param name="Behind">Literal text behind the name.</param>
/// <param name="Name">What the level is called; null where nobody asks for it.</param>
internal sealed record TopicLevel(LevelKind Kind, string Before, string Behind, string? Name)
{
    /// <summary>Whether the level is taken; tails take whatever there is.</summary>
    public bool Takes(ReadOnlySpan<char> level) => Kind switch
    {
        LevelKind.Literal => level.SequenceEqual(Before),
        LevelKind.Affixed => level.Length > Before.Length + Behind.Length && level.StartsWith(Before, StringComparison.Ordinal) && level.EndsWith(Behind, StringComparison.Ordinal),
        _ => true,
    };

    /// <summary>What stands in the place of the name.</summary>
    public string ValueOf(ReadOnlySpan<char> level) => level[Before.Length..^Behind.Length].ToString();

    /// <summary>Below zero where this one is the more specific.</summary>
    public int CompareTo(TopicLevel other)
    {
        var order = Kind.CompareTo(other.Kind);
        return order != 0 ? order
            : Kind == LevelKind.Affixed ? (other.Before.Length + other.Behind.Length).CompareTo(Before.Length + Behind.Length)
            : Kind == LevelKind.Tail ? (Name is null).CompareTo(other.Name is null)
            : 0;
    }

    /// <summary>Whether both take the same levels, whatever they call them.</summary>
    public bool IsSameAs(TopicLevel other) => Kind == other.Kind && Before == other.Before && Behind == other.Behind && (Kind != LevelKind.Tail || Name is null == other.Name is null);

    /// <summary>Whether a level may exist that both take. Of two with text around a name it is not told for certain: then yes.</summary>
    public bool Overlaps(TopicLevel other) => (Kind, other.Kind) switch
    {
        (LevelKind.Literal, _) => other.Takes(Before),
        (_, LevelKind.Literal) => Takes(other.Before),
        (LevelKind.Affixed, LevelKind.Affixed) =>
            (Before.StartsWith(other.Before, StringComparison.Ordinal) || other.Before.StartsWith(Before, StringComparison.Ordinal))
            && (Behind.EndsWith(other.Behind, StringComparison.Ordinal) || other.Behind.EndsWith(Behind, StringComparison.Ordinal)),
        _ => true,
    };
}
