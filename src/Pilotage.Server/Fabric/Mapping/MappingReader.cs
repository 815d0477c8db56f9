using System.Globalization;
using System.Text.RegularExpressions;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Package;
using Pilotage.Server.Package.Reading;

namespace Pilotage.Server.Fabric.Mapping;

/// <summary>Reads a mapping from YAML: every fault at once, each with its line.</summary>
internal static partial class MappingReader
{
    private const int DevicesMost = 100_000;
    private const int VersionMost = 1_000_000;
    private const int DescriptionCharsMax = 2_000;
    private const int NotesMax = 50;
    private const int NamesShown = 10;

    /// <summary>The mapping, or all that is wrong with it.</summary>
    /// <param name="file">What places are told by, as in <c>m.yaml:3:5</c>.</param>
    public static Outcome<TopicMapping> Read(string file, ReadOnlyMemory<byte> bytes)
    {
        var faults = new PackageFaults();
        if (bytes.Length > TopicMapping.BytesMax)
        {
            return TooLarge();
        }

        var documents = YamlText.Documents(file, bytes, faults);
        if (documents.Count > 1)
        {
            faults.Add(documents[1].At, "a second document; a file holds one mapping");
        }

        var mapping = documents.Count > 0 ? Mapping(documents[0], faults) : null;
        return faults.Any ? faults.ToRefusal("fabric.mapping.invalid") : mapping!;
    }

    /// <summary>Why a document is not looked at.</summary>
    public static Refusal TooLarge() => new(
        "fabric.mapping.too_large", $"The mapping has more than {TopicMapping.BytesMax} bytes, the most that is read; patterns with names take the place of many topics.");

    private static TopicMapping Mapping(YamlMap map, PackageFaults faults)
    {
        var format = map.Text("format");
        if (format.Length > 0 && format != TopicMapping.Format)
        {
            faults.Add(map.AtKey("format"), $"the format \"{format}\" is unknown; write {TopicMapping.Format}");
        }

        var name = map.Text("name");
        if (name.Length > 0 && !IsName(name))
        {
            faults.Add(map.AtKey("name"), $"\"{name}\" is not the name of a mapping: lower-case letters, digits, - and _, a letter first, at most 63");
        }

        var description = map.TextOrNull("description");
        if (description?.Length > DescriptionCharsMax)
        {
            faults.Add(map.AtKey("description"), $"has {description.Length} characters; {DescriptionCharsMax} are the most that are kept");
        }

        var version = Whole(map, "version", 1, VersionMost, null, faults);
        var devicesMax = Whole(map, "devices_max", 1, DevicesMost, TopicMapping.DevicesDefault, faults);
        var gateway = map.TextOrNull("gateway");
        if (gateway is not (null or "true" or "false"))
        {
            faults.Add(map.AtKey("gateway"), $"gateway: \"{gateway}\" is neither true nor false; true takes what devices send to this server's own gateway, too");
        }

        var written = map.Maps("rules", "rules");
        if (written.Count == 0 && map.Has("rules"))
        {
            faults.Add(map.AtKey("rules"), "there is no rule in it");
        }

        if (written.Count > TopicMapping.RulesMax)
        {
            faults.Add(map.AtKey("rules"), $"there are {written.Count} rules; {TopicMapping.RulesMax} are the most of one mapping");
        }

        var rules = written.Take(TopicMapping.RulesMax).Select(rule => RuleReader.Read(rule.Name, rule.Map, faults)).OfType<MappingRule>().ToList();
        map.RefuseOthers();
        var (named, notes) = WithThings(name, rules);
        return new TopicMapping(name, version, description, devicesMax, named, [.. OfGateway(gateway), .. Overlaps(map.At.File, rules, faults), .. notes]) { OfGateway = gateway == "true" };
    }

    private static IEnumerable<string> OfGateway(string? gateway) => gateway == "true" ? ["it takes what devices send to this server's own gateway, too"] : [];

    /// <summary>A unit belongs to a thing type: where rules name none and give units, the mapping lends them its name, so that the units are kept.</summary>
    private static (List<MappingRule> Rules, IEnumerable<string> Notes) WithThings(string name, List<MappingRule> rules)
    {
        if (name.Length == 0 || !rules.Exists(rule => rule.Thing == Things.Unknown && ThingOffers.Measured(rule).Any()))
        {
            return (rules, []);
        }

        var lent = name.Replace('-', '_');
        var thing = lent is Things.Edge or Things.Unknown ? lent + "_thing" : lent;
        var without = string.Join(", ", rules.Where(rule => rule.Thing == Things.Unknown).Select(rule => rule.Name).Take(NamesShown));
        return (
            rules.ConvertAll(rule => rule.Thing == Things.Unknown ? rule with { Thing = thing } : rule),
            [$"rules without a thing type give units, which belong to one: new devices of {without} are of the thing type {thing}; name another one with thing:"]);
    }

    /// <summary>Whether a text can name a mapping.</summary>
    public static bool IsName(string name) => Name().IsMatch(name);

    private static List<string> Overlaps(string file, List<MappingRule> rules, PackageFaults faults)
    {
        var notes = new List<string>();
        foreach (var (rule, at) in rules.Select((rule, at) => (rule, at)))
        {
            foreach (var earlier in rules.Take(at))
            {
                if (earlier.Topic.IsSameAs(rule.Topic))
                {
                    faults.Add(new SourceMark(file, rule.Line, 1), $"the rule {rule.Name} takes the same topics as {earlier.Name} in line {earlier.Line}, so it would never be asked; join them, or make one more specific");
                }
                else if (earlier.Topic.Overlaps(rule.Topic) && notes.Count < NotesMax)
                {
                    var (first, second) = earlier.Topic.CompareTo(rule.Topic) <= 0 ? (earlier, rule) : (rule, earlier);
                    notes.Add($"{first.Name} ({first.Topic.Text}) and {second.Name} ({second.Topic.Text}) overlap: a topic that both take goes to {first.Name}, the more specific one");
                }
            }
        }

        return notes;
    }

    private static int Whole(YamlMap map, string key, int least, int most, int? otherwise, PackageFaults faults)
    {
        if (!map.Has(key) && otherwise is { } standard)
        {
            return standard;
        }

        var text = map.Text(key);
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most)
        {
            return number;
        }

        if (text.Length > 0)
        {
            faults.Add(map.AtKey(key), $"{key}: \"{text}\" is not a whole number from {least} to {most}");
        }

        return least;
    }

    [GeneratedRegex("^[a-z][a-z0-9_-]{0,62}$")]
    private static partial Regex Name();
}
