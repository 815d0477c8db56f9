using System.Text.RegularExpressions;

namespace Pilotage.Server.Fabric.Mapping;

/// <summary>A topic filter whose levels have names: <c>factory/{line}/{machine}/status/{property}</c>, <c>plc/+/{rest#}</c>.</summary>
internal sealed partial class TopicPattern
{
    /// <summary>Most levels, as in a topic of ours.</summary>
    public const int LevelsMax = 16;

    /// <summary>Longest pattern, and longest topic that is looked at.</summary>
    public const int CharsMax = 512;

    /// <summary>Names with a meaning of their own.</summary>
    public static IReadOnlyList<string> Reserved { get; } = ["tenant", "source", "field"];

    private readonly TopicLevel[] _levels;

    private TopicPattern(string text, TopicLevel[] levels) => (Text, _levels) = (text, levels);

    /// <summary>As it was written.</summary>
    public string Text { get; }

    public IReadOnlyList<TopicLevel> Levels => _levels;

    public IEnumerable<string> Names => _levels.Select(level => level.Name).OfType<string>();

    private bool HasTail => _levels[^1].Kind == LevelKind.Tail;

    /// <summary>The pattern, or what is wrong with it and what to write.</summary>
    public static Outcome<TopicPattern> Parse(string text)
    {
        if (text.Length is 0 or > CharsMax || text.Contains('\0', StringComparison.Ordinal))
        {
            return Bad($"has 1 to {CharsMax} characters, for example factory/{{machine}}/{{property}}");
        }

        if (text[0] == '$')
        {
            return Bad("begins with $: such topics belong to the broker");
        }

        var words = text.Split('/');
        if (words.Length > LevelsMax)
        {
            return Bad($"has {words.Length} levels; {LevelsMax} are the most");
        }

        var levels = new TopicLevel[words.Length];
        for (var i = 0; i < words.Length; i++)
        {
            if (!LevelOf(words[i], i == words.Length - 1).TryGet(out var level, out var refusal))
            {
                return refusal;
            }

            levels[i] = level;
        }

        var pattern = new TopicPattern(text, levels);
        return pattern.Names.GroupBy(name => name, StringComparer.Ordinal).FirstOrDefault(same => same.Count() > 1) is { } twice
            ? Bad($"names two levels {{{twice.Key}}}; call one of them something else")
            : pattern;
    }

    /// <summary>The values of the names, in their order; null where the pattern does not take the topic.</summary>
    public string[]? Match(ReadOnlySpan<char> topic)
    {
        var values = new List<string>(_levels.Length);
        var rest = topic;
        var isOver = false;
        foreach (var level in _levels)
        {
            if (level.Kind == LevelKind.Tail)
            {
                // "a/#" takes "a" itself too; a tail with a name has something to say.
                if (level.Name is null)
                {
                    return [.. values];
                }

                return isOver || rest.IsEmpty ? null : [.. values, rest.ToString()];
            }

            if (isOver)
            {
                return null;
            }

            var slash = rest.IndexOf('/');
            var word = slash < 0 ? rest : rest[..slash];
            rest = slash < 0 ? [] : rest[(slash + 1)..];
            isOver = slash < 0;
            if (!level.Takes(word))
            {
                return null;
            }

            if (level.Name is not null)
            {
                values.Add(level.ValueOf(word));
            }
        }

        return isOver ? [.. values] : null;
    }

    /// <summary>Below zero where this one is the more specific: level by level from the left, text before a name before anything before a tail.</summary>
    public int CompareTo(TopicPattern other)
    {
        for (var i = 0; i < Math.Min(_levels.Length, other._levels.Length); i++)
        {
            if (_levels[i].CompareTo(other._levels[i]) is not 0 and var order)
            {
                return order;
            }
        }

        // Only "a" and "a/#" come here and take the same topic.
        return _levels.Length.CompareTo(other._levels.Length);
    }

    /// <summary>Whether both take exactly the same topics.</summary>
    public bool IsSameAs(TopicPattern other) =>
        _levels.Length == other._levels.Length && _levels.Zip(other._levels).All(pair => pair.First.IsSameAs(pair.Second));

    /// <summary>Whether there may be a topic that both take.</summary>
    public bool Overlaps(TopicPattern other)
    {
        var least = Math.Min(_levels.Length - (HasTail ? 1 : 0), other._levels.Length - (other.HasTail ? 1 : 0));
        for (var i = 0; i < least; i++)
        {
            if (!_levels[i].Overlaps(other._levels[i]))
            {
                return false;
            }
        }

        return (HasTail && other.HasTail)
            || (HasTail && other._levels.Length >= LevelsLeast)
            || (other.HasTail && _levels.Length >= other.LevelsLeast)
            || _levels.Length == other._levels.Length;
    }

    private int LevelsLeast => !HasTail || _levels[^1].Name is not null ? _levels.Length : _levels.Length - 1;

    private static Outcome<TopicLevel> LevelOf(string word, bool isLast)
    {
        switch (word)
        {
            case "+":
                return new TopicLevel(LevelKind.Any, "", "", null);
            case "#":
                return isLast ? new TopicLevel(LevelKind.Tail, "", "", null) : Bad("has # before its end; it takes all that follows, so it stands last");
        }

        if (Named().Match(word) is { Success: true } named)
        {
            var (before, name, behind) = (named.Groups["before"].Value, named.Groups["name"].Value, named.Groups["behind"].Value);
            var isTail = named.Groups["tail"].Success;
            return Reserved.Contains(name) ? Bad($"calls a level {{{name}}}, which has a meaning already; call it something else")
                : !isTail ? new TopicLevel(before.Length + behind.Length > 0 ? LevelKind.Affixed : LevelKind.Any, before, behind, name)
                : before.Length + behind.Length > 0 ? Bad($"has text beside {{{name}#}}, which takes whole levels")
                : isLast ? new TopicLevel(LevelKind.Tail, "", "", name)
                : Bad($"has {{{name}#}} before its end; it takes all that follows, so it stands last");
        }

        return word.AsSpan().ContainsAny("+#{}")
            ? Bad($"has the level \"{word}\"; write + for any one level, {{name}} to name it, # or {{name#}} for all that follow, with names of lower-case letters, digits and _, a letter first")
            : new TopicLevel(LevelKind.Literal, word, "", null);
    }

    private static Refusal Bad(string why) => new("fabric.mapping.pattern", why);

    [GeneratedRegex("^(?<before>[^+#{}]*)\\{(?<name>[a-z][a-z0-9_]{0,31})(?<tail>#)?\\}(?<behind>[^+#{}]*)$", RegexOptions.ExplicitCapture)]
    private static partial Regex Named();
}
