namespace Pilotage.Server.Fabric.Mapping;

/// <summary>A topic as one rule takes it; what the topic alone decides is decided once.</summary>
internal sealed class RuleMatch
{
    private RuleMatch(MappingRule rule, IReadOnlyDictionary<string, string> names, string? devicePath, string? property)
    {
        Rule = rule;
        Names = names;
        DevicePath = devicePath;
        Property = property;
    }

    public MappingRule Rule { get; }

    /// <summary>The named levels of the topic, the tenant and the source.</summary>
    public IReadOnlyDictionary<string, string> Names { get; }

    /// <summary>Null where the payload has a say in it.</summary>
    public string? DevicePath { get; }

    /// <summary>The one property, as it is called in the topic; null where the payload has a say in it.</summary>
    public string? Property { get; }

    /// <summary>The match, or null where the rule does not take the topic.</summary>
    public static RuleMatch? Of(MappingRule rule, string topic, TenantId tenant, string source)
    {
        if (rule.Topic.Match(topic) is not { } values)
        {
            return null;
        }

        var names = new Dictionary<string, string>(StringComparer.Ordinal) { ["tenant"] = tenant.Value, ["source"] = source };
        foreach (var (name, value) in rule.Topic.Names.Zip(values))
        {
            names.Add(name, value);
        }

        return new RuleMatch(rule, names, Filled(rule.Device, names), rule.Property is { } property ? Filled(property, names) : null);
    }

    private static string? Filled(Template template, Dictionary<string, string> names) => template.IsOfTopic ? template.Fill(names, null).Value : null;
}
