using System.Text.Json;
using Pilotage.Streams;

namespace Pilotage.Edge.Worker;

/// <summary>Reads the properties of a WoT thing description, in the order they stand there: that order is the row.</summary>
internal static class ThingDescription
{
    public static Outcome<ThingSchema> Read(string name, ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 32 });
            var properties = document.RootElement.GetProperty("properties").EnumerateObject()
                .Select(property => new ThingProperty(property.Name, Text(property.Value, "unit"), TypeOf(Text(property.Value, "type"))));
            return new ThingSchema(name, [.. properties]);
        }
        catch (Exception fault) when (fault is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return new Refusal("release.thing_malformed", $"The thing description '{name}' cannot be read: {fault.Message}");
        }
    }

    private static string? Text(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static ThingPropertyType TypeOf(string? type) => type switch
    {
        "integer" => ThingPropertyType.Integer,
        "boolean" => ThingPropertyType.Boolean,
        "string" or "object" or "array" => ThingPropertyType.Text,
        _ => ThingPropertyType.Number,
    };
}
