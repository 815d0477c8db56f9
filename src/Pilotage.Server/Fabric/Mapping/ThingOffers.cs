using System.Text.Json;
using Pilotage.Core.Units;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Mapping;

/// <summary>What a mapping says of the thing types of its devices: units and kinds, for those that nobody described.</summary>
internal static class ThingOffers
{
    /// <summary>A thing model for each thing type of which anything is said.</summary>
    public static IEnumerable<(string Thing, ReadOnlyMemory<byte> Document)> Of(TopicMapping mapping) =>
        from rule in mapping.Rules
        where rule.Thing != Things.Unknown
        group rule by rule.Thing into ofThing
        let properties = ofThing.SelectMany(Said).DistinctBy(one => one.Name, StringComparer.Ordinal).ToList()
        where properties.Count > 0
        select (ofThing.Key, Model(ofThing.Key, mapping.Name, properties));

    /// <summary>The properties of a rule that have a unit.</summary>
    public static IEnumerable<(string Property, Unit Unit)> Measured(MappingRule rule) => Said(rule).Where(one => one.Value.Unit is not null).Select(one => (one.Name, one.Value.Unit!));

    private static IEnumerable<(string Name, ValueRule Value)> Said(MappingRule rule)
    {
        var listed = rule.Properties.Select(pair => (Name: pair.Value.Name ?? pair.Key, pair.Value.Value));
        var single = rule.IsSingle && !rule.Property!.Names.Any() && !rule.Property.Fields.Any() && !rule.Properties.ContainsKey(rule.Property.Text)
            ? [(rule.Property.Text, rule.Standard)]
            : Array.Empty<(string Name, ValueRule Value)>();
        return listed.Concat(single).Where(one => Ingest.TelemetryReader.IsProperty(one.Name) && (one.Value.Unit is not null || one.Value.Kind is not null));
    }

    private static ReadOnlyMemory<byte> Model(string thing, string mapping, List<(string Name, ValueRule Value)> properties) => JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, object>
    {
        ["@context"] = "https://www.w3.org/2022/wot/td/v1.1",
        ["@type"] = "tm:ThingModel",
        ["title"] = thing,
        ["description"] = $"What the mapping {mapping} says of it.",
        ["properties"] = properties.ToDictionary(one => one.Name, Property, StringComparer.Ordinal),
    });

    private static Dictionary<string, string> Property((string Name, ValueRule Value) one)
    {
        var property = new Dictionary<string, string>(StringComparer.Ordinal);
        if (one.Value.Kind is not null || one.Value.Unit is not null)
        {
            property["type"] = one.Value.Kind switch { SeriesKind.Whole => "integer", SeriesKind.Truth => "boolean", SeriesKind.Text => "string", _ => "number" };
        }

        if (one.Value.Unit is { } unit)
        {
            property["unit"] = unit.Code;
        }

        return property;
    }
}
