using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Pilotage.Tests.Server;

/// <summary>Bodies of a type, each spoiled in one place; everything else in them is of the right type.</summary>
internal static class BadBodies
{
    private static readonly string[] Garbage =
    [
        "", "null", "{}", "[]", "[null]", "42", "\"text\"", "true", "{", "{\"a\":}", "\0", "{} {}", new('[', 200),
    ];

    private static readonly string[] Spoilt =
    [
        "null", "42", "-1", "1e999", "1.5", "true", "\"\"", "\"\\u0000\"", "\"text\"", "[]", "[null]", "[[]]", "{}", "{\"x\":null}",
        $"\"{new string('x', 20_000)}\"",
    ];

    public static IEnumerable<string> Of(Type type, JsonSerializerOptions json) =>
        [.. Garbage, .. Spoil(type, json, 0).Select(node => node?.ToJsonString() ?? "null")];

    /// <summary>A body of the right types throughout.</summary>
    public static JsonNode? Sample(Type type, JsonSerializerOptions json)
    {
        var bare = Nullable.GetUnderlyingType(type) ?? type;
        var info = json.GetTypeInfo(bare);
        return info.Kind switch
        {
            JsonTypeInfoKind.Object => new JsonObject(
                info.Properties.Select(property => KeyValuePair.Create(property.Name, Sample(property.PropertyType, json)))),
            JsonTypeInfoKind.Enumerable => new JsonArray(Sample(info.ElementType!, json)),
            JsonTypeInfoKind.Dictionary => new JsonObject { ["x"] = Sample(info.ElementType!, json) },
            _ when bare == typeof(string) => "x",
            _ when bare == typeof(byte[]) => "eA==",
            _ when bare == typeof(bool) => true,
            _ => 1,
        };
    }

    private static IEnumerable<JsonNode?> Spoil(Type type, JsonSerializerOptions json, int depth)
    {
        foreach (var text in depth == 0 ? [] : Spoilt)
        {
            yield return JsonNode.Parse(text);
        }

        var info = json.GetTypeInfo(Nullable.GetUnderlyingType(type) ?? type);
        foreach (var property in info.Kind == JsonTypeInfoKind.Object ? info.Properties : [])
        {
            var without = Sample(type, json)!.AsObject();
            without.Remove(property.Name);
            yield return without;
            foreach (var spoilt in Spoil(property.PropertyType, json, depth + 1))
            {
                var body = Sample(type, json)!.AsObject();
                body[property.Name] = spoilt;
                yield return body;
            }
        }

        var holdsItems = info.Kind is JsonTypeInfoKind.Enumerable or JsonTypeInfoKind.Dictionary;
        foreach (var spoilt in holdsItems ? Spoil(info.ElementType!, json, depth + 1) : [])
        {
            yield return info.Kind == JsonTypeInfoKind.Enumerable ? new JsonArray(spoilt) : new JsonObject { ["x"] = spoilt };
        }
    }
}
