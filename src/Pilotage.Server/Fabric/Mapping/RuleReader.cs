using System.Text.RegularExpressions;
using Pilotage.Core.Units;
using Pilotage.Server.Fabric.Ingest;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Package.Reading;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Mapping;

/// <summary>Reads one rule of a mapping.</summary>
internal static partial class RuleReader
{
    private static readonly Dictionary<string, PayloadForm> Payloads = new(StringComparer.Ordinal)
    {
        ["auto"] = PayloadForm.Auto, ["json"] = PayloadForm.Json, ["number"] = PayloadForm.Number, ["text"] = PayloadForm.Text, ["senml"] = PayloadForm.SenML,
    };

    private static readonly Dictionary<string, TimeForm> Times = new(StringComparer.Ordinal)
    {
        ["auto"] = TimeForm.Auto, ["rfc3339"] = TimeForm.Rfc3339, ["utc"] = TimeForm.Utc, ["s"] = TimeForm.S, ["ms"] = TimeForm.Ms, ["us"] = TimeForm.Us, ["ns"] = TimeForm.Ns,
    };

    private static readonly Dictionary<string, SeriesKind> Kinds = new(StringComparer.Ordinal)
    {
        ["number"] = SeriesKind.Number, ["whole"] = SeriesKind.Whole, ["truth"] = SeriesKind.Truth, ["text"] = SeriesKind.Text,
    };

    private static readonly Dictionary<string, bool> Others = new(StringComparer.Ordinal) { ["keep"] = true, ["skip"] = false };

    private static readonly Dictionary<string, bool> Retained = new(StringComparer.Ordinal) { ["take"] = true, ["skip"] = false };

    private static readonly Dictionary<string, bool> Flags = new(StringComparer.Ordinal) { ["true"] = true, ["false"] = false };

    /// <summary>The rule, or null where its topic or device cannot be read; faults are collected.</summary>
    public static MappingRule? Read(string name, YamlMap map, PackageFaults faults)
    {
        var topic = Parsed(map, "topic", map.Text("topic"), TopicPattern.Parse, faults);
        var device = Parsed(map, "device", map.Text("device"), Template.Parse, faults);
        var property = map.Has("property") ? Parsed(map, "property", map.Text("property"), Template.Parse, faults) : null;
        var value = map.TextOrNull("value") is { } pointer ? Parsed(map, "value", pointer, FieldPath.Parse, faults) : null;
        var time = map.Map("time", "time", required: false) is { } clock ? Time(clock, faults) : null;
        var properties = map.Maps("properties", "properties", required: false);
        var payload = Word(map, "payload", Payloads, PayloadForm.Auto, faults);
        if (topic is null || device is null)
        {
            // Everything else is told all the same.
            Values(map, faults);
            Read(properties, faults);
            Word(map, "others", Others, true, faults);
            Word(map, "retained", Retained, true, faults);
            Word(map, "create", Flags, true, faults);
            map.TextOrNull("thing");
            map.RefuseOthers();
            return null;
        }

        var rule = new MappingRule(name, map.At.Line, topic, device)
        {
            Thing = Thing(map, faults),
            Creates = Word(map, "create", Flags, true, faults),
            Payload = payload,
            Property = property,
            Value = value,
            Time = time,
            Properties = Read(properties, faults),
            KeepsOthers = Word(map, "others", Others, properties.Count == 0, faults),
            Standard = Values(map, faults),
            TakesRetained = Word(map, "retained", Retained, time is not null || payload == PayloadForm.SenML, faults),
        };
        map.RefuseOthers();
        Hold(rule, map, faults);
        return rule;
    }

    private static string Thing(YamlMap map, PackageFaults faults)
    {
        var thing = map.TextOrNull("thing") ?? Things.Unknown;
        if (!ThingName().IsMatch(thing))
        {
            faults.Add(map.AtKey("thing"), $"\"{thing}\" is not the name of a thing type: lower-case letters, digits and _, a letter first, at most 63");
        }
        else if (thing == Things.Edge)
        {
            faults.Add(map.AtKey("thing"), "an edge is enrolled with a certificate, and not made by a mapping; name another thing type");
        }

        return thing;
    }

    /// <summary>What holds between the parts of a rule.</summary>
    private static void Hold(MappingRule rule, YamlMap map, PackageFaults faults)
    {
        HoldNames(rule, "device", rule.Device, ["tenant", "source"], map, faults);
        if (rule.Device.IsOfEachField)
        {
            faults.Add(map.AtKey("device"), "{field} is the name of a value, and belongs into property");
        }

        if (rule.Property is { } property)
        {
            HoldNames(rule, "property", property, ["tenant", "source", Template.Field], map, faults);
        }

        if (rule.Payload is PayloadForm.Number or PayloadForm.Text)
        {
            if (!rule.IsSingle)
            {
                faults.Add(map.At, $"the payload is one value without a name; give it one with property: NAME, or property: \"{{level}}\" for a level of the topic");
            }

            if (rule.Value is not null || rule.Time is not null || rule.Device.Fields.Any() || rule.Property?.Fields.Any() == true)
            {
                faults.Add(map.At, "a payload that is one plain value has no fields; leave value, time and names such as {/field} out, or write payload: json");
            }
        }

        if (rule.Payload == PayloadForm.SenML && (rule.Property is not null || rule.Value is not null || rule.Time is not null || rule.Device.Fields.Any()))
        {
            faults.Add(map.At, "SenML names its values and times itself; leave property, value, time and names such as {/field} out");
        }

        if (rule.Value is not null && !rule.IsSingle)
        {
            faults.Add(map.AtKey("value"), "it is the place of one value, which needs a name: property: NAME");
        }

        if (!rule.KeepsOthers && rule.Properties.Count == 0)
        {
            faults.Add(map.AtKey("others"), "nothing is listed under properties, so nothing would be stored");
        }
    }

    private static void HoldNames(MappingRule rule, string key, Template template, string[] alsoKnown, YamlMap map, PackageFaults faults)
    {
        List<string> known = [.. rule.Topic.Names, .. alsoKnown];
        foreach (var name in template.Names.Where(name => !known.Contains(name, StringComparer.Ordinal)))
        {
            faults.Add(map.AtKey(key), $"{{{name}}} is no level of the topic {rule.Topic.Text}; {PackageFaults.Suggest(name, known)}");
        }
    }

    private static TimeRule? Time(YamlMap map, PackageFaults faults)
    {
        var field = Parsed(map, "field", map.Text("field"), FieldPath.Parse, faults);
        var form = Word(map, "format", Times, TimeForm.Auto, faults);
        map.RefuseOthers();
        return field is null ? null : new TimeRule(field, form);
    }

    private static Dictionary<string, PropertyRule> Read(IReadOnlyList<(string Name, YamlMap Map)> written, PackageFaults faults)
    {
        var properties = new Dictionary<string, PropertyRule>(StringComparer.Ordinal);
        if (written.Count > TopicMapping.PropertiesMax)
        {
            faults.Add(written[TopicMapping.PropertiesMax].Map.At, $"there are {written.Count} properties; {TopicMapping.PropertiesMax} are the most of one rule");
        }

        foreach (var (foreign, map) in written.Take(TopicMapping.PropertiesMax))
        {
            var called = map.TextOrNull("name");
            if (called is not null && !TelemetryReader.IsProperty(called))
            {
                faults.Add(map.AtKey("name"), $"\"{called}\" cannot be the name of a property: it has letters, digits and _ . : -, at most 128 of them");
            }

            var key = foreign is ['/', ..] && FieldPath.Parse(foreign).TryGet(out var pointer, out _) ? pointer.Name : foreign;
            if (!properties.TryAdd(key, new PropertyRule(called, Values(map, faults))))
            {
                faults.Add(map.At, $"{foreign} stands twice");
            }

            map.RefuseOthers();
        }

        return properties;
    }

    private static ValueRule Values(YamlMap map, PackageFaults faults)
    {
        Unit? unit = null;
        if (map.TextOrNull("unit") is { } code && !Ucum.Parse(code).TryGet(out unit, out var refusal))
        {
            faults.Add(map.AtKey("unit"), refusal.Message.TrimEnd('.'));
        }

        var kind = map.Has("type") ? Word<SeriesKind?>(map, "type", Kinds.ToDictionary(pair => pair.Key, pair => (SeriesKind?)pair.Value), null, faults) : null;
        var rule = new ValueRule(unit, kind, map.Number("scale", 1), map.Number("offset", 0));
        if (kind is not (null or SeriesKind.Number) && (rule.IsScaled || unit is not null))
        {
            faults.Add(map.AtKey("type"), "scale, offset and unit belong to numbers; write type: number, or leave them out");
        }

        if (rule.Scale == 0)
        {
            faults.Add(map.AtKey("scale"), "scale: 0 makes every value the same; leave it out for 1");
        }

        return rule;
    }

    private static T? Parsed<T>(YamlMap map, string key, string text, Func<string, Outcome<T>> parse, PackageFaults faults)
        where T : class
    {
        if (text.Length == 0)
        {
            return null;
        }

        if (parse(text).TryGet(out var parsed, out var refusal))
        {
            return parsed;
        }

        faults.Add(map.AtKey(key), $"{key}: {refusal.Message.TrimEnd('.')}");
        return null;
    }

    private static T Word<T>(YamlMap map, string key, Dictionary<string, T> words, T otherwise, PackageFaults faults)
    {
        if (map.TextOrNull(key) is not { } word)
        {
            return otherwise;
        }

        faults.CheckWord(map.AtKey(key), key, word, words.Keys);
        return words.GetValueOrDefault(word, otherwise);
    }

    [GeneratedRegex("^[a-z][a-z0-9_]{0,62}$")]
    private static partial Regex ThingName();
}
