using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;
using Pilotage.Server.Fabric.Mapping;

namespace Pilotage.Server.Fabric.Unmapped;

/// <summary>Writes proposed rules as a mapping, with the reason of each guess beside it; into a mapping that is there, where that can be done by lines.</summary>
internal static partial class MappingWriter
{
    private const int CommentCharsMax = 160;
    private static readonly JsonSerializerOptions Quoting = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A mapping of its own.</summary>
    public static string Write(string name, IReadOnlyList<ProposedRule> rules)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"# Proposed from what was seen. Look at it, edit it, try it: pilotage mapping preview FILE --sample TOPIC=PAYLOAD\nformat: {TopicMapping.Format}\nname: {name}\nversion: 1\nrules:\n");
        Append(text, rules, "  ", new HashSet<string>(StringComparer.Ordinal));
        return text.ToString();
    }

    /// <summary>The next version of a mapping with these rules in it; null where its text is laid out in another way than key by line.</summary>
    public static string? WriteInto(string document, TopicMapping mapping, IReadOnlyList<ProposedRule> rules)
    {
        var lines = document.ReplaceLineEndings("\n").Split('\n').ToList();
        var at = lines.FindIndex(line => RulesLine().IsMatch(line));
        var version = lines.FindIndex(line => VersionLine().IsMatch(line));
        if (at < 0 || version < 0 || lines.Skip(at + 1).FirstOrDefault(line => RuleLine().IsMatch(line)) is not { } first || mapping.Rules.Count + rules.Count > TopicMapping.RulesMax)
        {
            return null;
        }

        var text = new StringBuilder();
        Append(text, rules, first[..^first.TrimStart().Length], mapping.Rules.Select(rule => rule.Name).ToHashSet(StringComparer.Ordinal));
        lines[version] = $"version: {mapping.Version + 1}";
        lines.Insert(at + 1, text.ToString().TrimEnd('\n'));
        var merged = string.Join('\n', lines);
        return MappingReader.Read("proposed.yaml", Encoding.UTF8.GetBytes(merged)).TryGet(out var read, out _) && read.Rules.Count == mapping.Rules.Count + rules.Count ? merged : null;
    }

    private static void Append(StringBuilder text, IReadOnlyList<ProposedRule> rules, string indent, HashSet<string> names)
    {
        var number = 0;
        foreach (var rule in rules)
        {
            do
            {
                number++;
            }
            while (!names.Add($"proposed_{number}"));

            Append(text, rule, $"proposed_{number}", indent);
        }
    }

    private static void Append(StringBuilder text, ProposedRule rule, string name, string indent)
    {
        var inside = indent + indent;
        void Line(string key, string value, string? comment = null) => text.Append(inside).Append(key).Append(": ").Append(value).Append(comment is null ? "" : Comment(comment)).Append('\n');
        text.Append(indent).Append(name).Append(':').Append(Comment($"{rule.Topics.Count} topics seen, such as {rule.Topics[0]}")).Append('\n');
        Line("topic", Quoted(rule.Topic));
        Line("device", Quoted(rule.Device), "where it stands: site, line, machine");
        if (rule.Thing is { } thing)
        {
            Line("thing", thing, "what it seems to be by its name");
        }
        else
        {
            // Without one, a mapping that gives units lends its own name to the devices.
            text.Append(inside).Append("# thing: NAME  # what it is: pump, press\n");
        }

        if (rule.Property is { } property)
        {
            Line("property", Quoted(property));
        }

        // A text among numbers would be refused where the payload is said to be one: the kind of each value says it.
        var isSingle = rule.Property is not null;
        Line("payload", isSingle ? "auto" : rule.Form == PayloadForm.SenML ? "senml" : "json");
        if (rule.TimeField is { } time)
        {
            text.Append(inside).Append("time:").Append('\n');
            text.Append(inside).Append(indent).Append("field: ").Append(Quoted(PointerOf(time))).Append('\n');
        }

        if (rule.Fields.Count > 0)
        {
            Line("others", "keep");
            text.Append(inside).Append("properties:").Append('\n');
            foreach (var field in rule.Fields)
            {
                Append(text, field, inside + indent);
            }
        }
    }

    private static void Append(StringBuilder text, FieldGuess field, string indent)
    {
        var parts = new List<string>();
        if (field.Unit is { } unit)
        {
            parts.Add($"unit: {Quoted(unit)}");
        }

        // What a machine says only now and then otherwise must not begin a series of another kind.
        parts.Add($"type: {field.Kind}");
        text.Append(indent).Append(Quoted(field.Field)).Append(": {").AppendJoin(", ", parts).Append('}').Append(Comment($"{field.Confidence.ToString().ToLowerInvariant()}: {field.Why}")).Append('\n');
    }

    private static string PointerOf(string field) => "/" + string.Join('/', field.Split('.').Select(step => step.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)));

    private static string Comment(string says)
    {
        var line = new string([.. says.Select(letter => char.IsControl(letter) || letter is '\u2028' or '\u2029' or '\u0085' || char.IsSurrogate(letter) ? ' ' : letter)]);
        return "  # " + (line.Length <= CommentCharsMax ? line : line[..CommentCharsMax] + "…");
    }

    private static string Quoted(string text) => JsonSerializer.Serialize(text, Quoting);

    [GeneratedRegex(@"^rules:\s*(#.*)?$")]
    private static partial Regex RulesLine();

    [GeneratedRegex(@"^version:\s*\d+\s*(#.*)?$")]
    private static partial Regex VersionLine();

    [GeneratedRegex(@"^ +[^\s#].*$")]
    private static partial Regex RuleLine();
}
