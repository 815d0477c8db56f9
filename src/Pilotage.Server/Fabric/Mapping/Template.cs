using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Pilotage.Server.Fabric.Mapping;

/// <summary>Text with places to fill in: <c>{machine}</c> by a level of the topic, <c>{/serial}</c> by a field of the payload.</summary>
internal sealed class Template
{
    /// <summary>Stands for the name of each value of a payload.</summary>
    public const string Field = "field";

    private const int CharsMax = 512;
    private readonly IReadOnlyList<Part> _parts;

    private Template(string text, IReadOnlyList<Part> parts) => (Text, _parts) = (text, parts);

    /// <summary>As it was written.</summary>
    public string Text { get; }

    /// <summary>Levels of the topic that it asks for.</summary>
    public IEnumerable<string> Names => _parts.Select(part => part.Name).OfType<string>();

    /// <summary>Fields of the payload that it asks for.</summary>
    public IEnumerable<FieldPath> Fields => _parts.Select(part => part.Pointer).OfType<FieldPath>();

    /// <summary>Whether the topic alone fills it.</summary>
    public bool IsOfTopic => _parts.All(part => part.Pointer is null && part.Name != Field);

    /// <summary>Whether it is filled anew for each value of a payload.</summary>
    public bool IsOfEachField => _parts.Any(part => part.Name == Field);

    /// <summary>The template, or why it is none.</summary>
    public static Outcome<Template> Parse(string text)
    {
        if (text.Length is 0 or > CharsMax)
        {
            return Bad($"has 1 to {CharsMax} characters");
        }

        var parts = new List<Part>();
        var rest = text.AsSpan();
        while (!rest.IsEmpty)
        {
            var brace = rest.IndexOfAny('{', '}');
            if (brace < 0)
            {
                parts.Add(new Part(rest.ToString(), null, null));
                break;
            }

            if (brace > 0)
            {
                parts.Add(new Part(rest[..brace].ToString(), null, null));
            }

            var end = rest[brace..].IndexOf('}');
            if (rest[brace] == '}' || end < 2)
            {
                return Bad($"has a brace at character {text.Length - rest.Length + brace + 1} that belongs to no name; write {{name}} or {{/field}}");
            }

            var inside = rest[(brace + 1)..(brace + end)].ToString();
            if (inside[0] != '/')
            {
                parts.Add(new Part("", inside, null));
            }
            else if (FieldPath.Parse(inside).TryGet(out var pointer, out var refusal))
            {
                parts.Add(new Part("", null, pointer));
            }
            else
            {
                return refusal;
            }

            rest = rest[(brace + end + 1)..];
        }

        return new Template(text, parts);
    }

    /// <summary>The text with everything filled in, or what is missing.</summary>
    /// <param name="names">Levels of the topic, and what else has a name.</param>
    /// <param name="payload">Nothing where there is no JSON.</param>
    public Outcome<string> Fill(IReadOnlyDictionary<string, string> names, JsonElement? payload, string? field = null)
    {
        var text = new StringBuilder();
        foreach (var part in _parts)
        {
            if (part.Pointer is { } pointer)
            {
                if (!FieldOf(payload, pointer).TryGet(out var value, out var refusal))
                {
                    return refusal;
                }

                text.Append(value);
            }
            else
            {
                text.Append(part.Name is null ? part.Literal : part.Name == Field ? field : names[part.Name]);
            }
        }

        return text.ToString();
    }

    /// <summary>Whether a text could come of it, whatever is filled in.</summary>
    public bool CouldGive(string text) => Regex.IsMatch(
        text, $"^{string.Concat(_parts.Select(part => part.Name is null && part.Pointer is null ? Regex.Escape(part.Literal) : ".+"))}$", RegexOptions.NonBacktracking | RegexOptions.Singleline);

    private static Outcome<string> FieldOf(JsonElement? payload, FieldPath pointer)
    {
        if (payload is not { } root || !pointer.TryFind(root, out var found))
        {
            return Bad($"{pointer} is not in the payload");
        }

        var text = found.ValueKind switch
        {
            JsonValueKind.String => found.GetString()!,
            JsonValueKind.Number when found.TryGetInt64(out var whole) => $"{whole}",
            _ => "",
        };

        // A payload names one level; it must not choose another place for its device.
        return text.Length is 0 or > 128 || text.AsSpan().ContainsAny("/+#\0")
            ? Bad($"{pointer} is no name: it must be text without / + #, or a whole number, of at most 128 characters")
            : text;
    }

    private static Refusal Bad(string why) => new("fabric.mapping.template", why);

    private sealed record Part(string Literal, string? Name, FieldPath? Pointer);
}
