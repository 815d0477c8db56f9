namespace Pilotage.Server.Fabric.Unmapped;

/// <summary>Finds rules for topics that nothing maps: topics of one shape become one pattern.</summary>
internal static class RuleProposer
{
    // A path of a device has at most seven levels, two of which are the tenant and the source.
    private const int DeviceLevelsMax = 5;
    private const int DeviceCharsMax = 300;
    private const int ThingCharsMax = 63;

    /// <summary>Rules for topics of one source, and what no rule could be found for, with the reason.</summary>
    public static (IReadOnlyList<ProposedRule> Rules, IReadOnlyList<(string Topic, string Why)> Left) Of(IReadOnlyList<UnmappedTopic> topics)
    {
        var guesses = topics.Select(topic => (topic.Topic, Guess: PayloadGuess.Of(topic))).ToList();
        var found = guesses.Where(one => one.Guess.Problem is null && WhyNot(one.Topic) is null)
            .GroupBy(one => (Levels: one.Topic.Count(letter => letter == '/'), First: one.Topic.Split('/')[0], one.Guess.Shape))
            .OrderBy(group => group.Min(one => one.Topic), StringComparer.Ordinal)
            .Select(group => Rule([.. group]))
            .ToList();
        var (rules, others) = Apart(found);
        var left = guesses.Select(one => (one.Topic, Why: one.Guess.Problem ?? WhyNot(one.Topic) ?? others.GetValueOrDefault(one.Topic))).Where(one => one.Why is not null);
        return (rules, [.. left.Select(one => (one.Topic, one.Why!))]);
    }

    /// <summary>Objects of several shapes at one place are one rule; what else stands at a place that is taken is left for a person.</summary>
    private static (List<ProposedRule> Rules, Dictionary<string, string> Left) Apart(List<ProposedRule> found)
    {
        var (rules, left) = (new List<ProposedRule>(), new Dictionary<string, string>(StringComparer.Ordinal));
        foreach (var rule in found)
        {
            var at = rules.FindIndex(other => PatternOf(other).IsSameAs(PatternOf(rule)));
            if (at < 0)
            {
                rules.Add(rule);
            }
            else if (rules[at].Form == rule.Form && rules[at].Property == rule.Property && rules[at].TimeField == rule.TimeField)
            {
                rules[at] = rules[at] with { Fields = [.. rules[at].Fields.Concat(rule.Fields).DistinctBy(one => one.Field, StringComparer.Ordinal)], Topics = [.. rules[at].Topics, .. rule.Topics] };
            }
            else
            {
                foreach (var topic in rule.Topics)
                {
                    left.Add(topic, $"its messages are of another kind than those of {rules[at].Topics[0]}, which has the same shape of topic; write a rule for one of them by hand");
                }
            }
        }

        return (rules, left);
    }

    private static Mapping.TopicPattern PatternOf(ProposedRule rule) => Mapping.TopicPattern.Parse(rule.Topic).Value;

    /// <summary>Why a topic can be taken by no pattern; null when it can.</summary>
    private static string? WhyNot(string topic) => topic[0] == '$' ? "topics that begin with $ belong to the broker"
        : topic.Count(letter => letter == '/') >= Mapping.TopicPattern.LevelsMax ? $"it has more than {Mapping.TopicPattern.LevelsMax} levels"
        : topic.Contains('\0', StringComparison.Ordinal) ? "it is no text"
        : null;

    private static ProposedRule Rule(List<(string Topic, TopicGuess Guess)> group)
    {
        var isSingle = group[0].Guess.IsSingle;
        var topics = group.ConvertAll(one => one.Topic.Split('/'));
        var levels = topics[0].Length;
        var last = levels - 1;
        var varies = Enumerable.Range(0, levels).Select(at => topics.Exists(topic => topic[at] != topics[0][at])).ToArray();
        var names = new string?[levels];
        for (var at = 0; at < levels; at++)
        {
            names[at] = isSingle && at == last ? "property" : varies[at] ? $"level{at + 1}" : null;
        }

        // The level before the property, or the last one that varies, is mostly the machine.
        if (Array.FindLastIndex(names, name => name?.StartsWith("level", StringComparison.Ordinal) == true) is >= 0 and var machine)
        {
            names[machine] = "machine";
        }

        // A property needs a name of its own where it is the only level that has one; else it is written out.
        var property = !isSingle ? null : varies[last] || levels > 1 ? "{property}" : "value";
        if (isSingle && levels == 1 && !varies[0])
        {
            names[0] = null;
        }

        var pattern = string.Join('/', names.Select((name, at) => name is not null ? $"{{{name}}}" : topics[0][at].AsSpan().ContainsAny("{}+#") ? "+" : topics[0][at]));
        return new ProposedRule(
            pattern, DeviceOf(names, topics[0], isSingle, levels), ThingOf(names, topics, isSingle), property, group[0].Guess.Form, group[0].Guess.TimeField, Fields(group), group.ConvertAll(one => one.Topic));
    }

    private static string DeviceOf(string?[] names, string[] topic, bool isSingle, int levels)
    {
        // What says only what kind of message it is, behind the machine, is no place of a device.
        var lastVarying = Array.FindLastIndex(names, name => name is not null and not "property");
        var end = isSingle ? levels - 1 : lastVarying >= 0 ? lastVarying + 1 : levels;
        var parts = Enumerable.Range(0, end).Select(at => names[at] is { } name && name != "property" ? $"{{{name}}}" : Level(topic[at])).Where(part => part.Length > 0).TakeLast(DeviceLevelsMax).ToList();
        var path = string.Join('/', parts);
        return path.Length is 0 or > DeviceCharsMax ? "{tenant}/{source}/device" : $"{{tenant}}/{{source}}/{path}";
    }

    /// <summary>What machines are called in common, without their numbers: press of press-1 and press_02.</summary>
    private static string? ThingOf(string?[] names, List<string[]> topics, bool isSingle)
    {
        var machine = Array.FindLastIndex(names, name => name is not null and not "property");
        var at = machine >= 0 ? machine : topics[0].Length - (isSingle ? 2 : 1);
        if (at < 0)
        {
            return null;
        }

        var words = topics.Select(topic => new string([.. topic[at].ToLowerInvariant().TakeWhile(letter => char.IsAsciiLetter(letter) || letter is '-' or '_')]).Trim('-', '_').Replace('-', '_')).Distinct(StringComparer.Ordinal).ToList();
        return words is [{ Length: >= 2 and <= ThingCharsMax } word] && word is not ("edge" or "unknown") ? word : null;
    }

    /// <summary>A level as it can stand in a path of ours.</summary>
    private static string Level(string level)
    {
        var kept = level.TrimStart('_', '$');
        return kept.AsSpan().ContainsAny("{}+#") ? "" : kept;
    }

    /// <summary>What is known of each value; of plain values by the level that names it, those alone of which something is.</summary>
    private static List<FieldGuess> Fields(List<(string Topic, TopicGuess Guess)> group)
    {
        if (!group[0].Guess.IsSingle)
        {
            // Of several topics the guess that is surest: they have the same fields.
            return [.. group.SelectMany(one => one.Guess.Fields).GroupBy(field => field.Field, StringComparer.Ordinal).Select(same => same.MaxBy(field => (field.Unit is not null, field.Confidence))!)];
        }

        return
        [
            .. group.Select(one => one.Guess.Fields[0] with { Field = one.Topic[(one.Topic.LastIndexOf('/') + 1)..] })
                .GroupBy(field => field.Field, StringComparer.Ordinal).Select(same => same.MaxBy(field => (field.Unit is not null, field.Confidence))!).OrderBy(field => field.Field, StringComparer.Ordinal),
        ];
    }
}
