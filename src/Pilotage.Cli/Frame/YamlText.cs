using System.Text.Json;
using System.Text.Json.Nodes;

namespace Pilotage.Cli.Frame;

/// <summary>JSON written as block YAML; strings that YAML could read as something else are quoted.</summary>
internal static class YamlText
{
    public static void Write(TextWriter output, JsonNode? node)
    {
        if (node is JsonObject { Count: > 0 } or JsonArray { Count: > 0 })
        {
            Block(output, node, 0, inSequence: false);
        }
        else
        {
            output.WriteLine(Scalar(node));
        }
    }

    private static void Block(TextWriter output, JsonNode node, int indent, bool inSequence)
    {
        var first = inSequence;
        if (node is JsonObject map)
        {
            foreach (var (key, value) in map)
            {
                Entry(output, Quoted(key) + ":", value, first ? 0 : indent, indent + 2);
                first = false;
            }
        }
        else
        {
            foreach (var value in node.AsArray())
            {
                Entry(output, "-", value, first ? 0 : indent, indent + 2);
                first = false;
            }
        }
    }

    private static void Entry(TextWriter output, string head, JsonNode? value, int indent, int childIndent)
    {
        output.Write(new string(' ', indent));
        output.Write(head);
        if (value is JsonObject { Count: > 0 } or JsonArray { Count: > 0 })
        {
            var inline = head == "-";
            output.Write(inline ? " " : "\n");
            Block(output, value, childIndent, inline);
        }
        else
        {
            output.WriteLine($" {Scalar(value)}");
        }
    }

    private static string Scalar(JsonNode? node) => node switch
    {
        null => "null",
        JsonObject => "{}",
        JsonArray => "[]",
        _ => node.GetValueKind() == JsonValueKind.String ? Quoted(node.GetValue<string>()) : node.ToJsonString(),
    };

    private static string Quoted(string text)
    {
        var plain = text.Length > 0 && char.IsAsciiLetter(text[0]) && !text.EndsWith(' ')
            && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.' or '/' or ' ')
            && text.ToLowerInvariant() is not ("true" or "false" or "null" or "yes" or "no" or "on" or "off");
        return plain ? text : JsonValue.Create(text).ToJsonString(CliJson.Line);
    }
}
