using System.Collections.Concurrent;

namespace Pilotage.Server.Fabric.Mapping;

/// <summary>The rules of one mapping in the order in which they are asked: the most specific first, and of equal ones the earlier.</summary>
internal sealed class RuleTable(TopicMapping mapping, TenantId tenant, string source)
{
    // As many as are remembered; a topic beyond them is looked up with every message.
    private const int TopicsMax = 20_000;
    private readonly MappingRule[] _rules = [.. mapping.Rules.OrderBy(rule => rule, Comparer<MappingRule>.Create((a, b) => a.Topic.CompareTo(b.Topic))).ThenBy(rule => rule.Line)];
    private readonly ConcurrentDictionary<string, RuleMatch?> _known = new(StringComparer.Ordinal);
    private int _count;

    public TopicMapping Mapping => mapping;

    public TenantId Tenant => tenant;

    public string Source => source;

    /// <summary>The rule that takes a topic; null where none does.</summary>
    public RuleMatch? Find(string topic)
    {
        if (_known.TryGetValue(topic, out var known))
        {
            return known;
        }

        // Longer ones cost what they are long, and nobody's pattern means them.
        var found = topic.Length <= TopicPattern.CharsMax ? Look(topic) : null;
        if (topic.Length <= TopicPattern.CharsMax && Volatile.Read(ref _count) < TopicsMax && _known.TryAdd(topic, found))
        {
            Interlocked.Increment(ref _count);
        }

        return found;
    }

    private RuleMatch? Look(string topic)
    {
        foreach (var rule in _rules)
        {
            if (RuleMatch.Of(rule, topic, tenant, source) is { } match)
            {
                return match;
            }
        }

        return null;
    }
}
