using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Pilotage.Streams.Expressions;

/// <summary>A path into a JSON document: <c>$</c>, <c>.name</c>, <c>['name']</c> and <c>[0]</c>, as SQL/JSON writes them; no wildcards and no filters.</summary>
internal sealed class JsonPath
{
    private const int DepthMax = 64;
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = DepthMax };
    private readonly List<(string? Name, int Index)> _steps = [];

    private JsonPath()
    {
    }

    /// <summary>Reads a path; null where it is none.</summary>
    public static JsonPath? Read(string text)
    {
        if (!text.StartsWith('$'))
        {
            return null;
        }

        var path = new JsonPath();
        for (var at = 1; at < text.Length;)
        {
            if (path._steps.Count == DepthMax || !(text[at] == '.' ? path.TryName(text, ref at) : text[at] == '[' && path.TryBracket(text, ref at)))
            {
                return null;
            }
        }

        return path;
    }

    /// <summary>A scalar as text, as JSON_VALUE gives it; null for NULL, for what is not there, not JSON, an object or an array.</summary>
    public string? Value(string document) => Find(document, found => found.ValueKind switch
    {
        JsonValueKind.String => found.GetString(),
        JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => found.GetRawText(),
        _ => null,
    });

    /// <summary>An object or array as text, as JSON_QUERY gives it; null for all else.</summary>
    public string? Part(string document) => Find(document, found => found.ValueKind is JsonValueKind.Object or JsonValueKind.Array ? found.GetRawText() : null);

    /// <summary>Whether there is anything at the path, be it null.</summary>
    public bool Exists(string document) => Find(document, static found => "") is not null;

    /// <summary>Whether a text is a JSON document.</summary>
    public static bool IsJson(string document)
    {
        try
        {
            using var parsed = JsonDocument.Parse(document, Options);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private string? Find(string document, Func<JsonElement, string?> told)
    {
        try
        {
            using var parsed = JsonDocument.Parse(document, Options);
            var at = parsed.RootElement;
            foreach (var (name, index) in _steps)
            {
                if (name is not null ? at.ValueKind != JsonValueKind.Object || !at.TryGetProperty(name, out at) : at.ValueKind != JsonValueKind.Array || index >= at.GetArrayLength())
                {
                    return null;
                }

                at = name is null ? at[index] : at;
            }

            return told(at);
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            // Not JSON, or a text in it that is no Unicode.
            return null;
        }
    }

    private bool TryName(string text, ref int at)
    {
        var start = ++at;
        while (at < text.Length && (char.IsLetterOrDigit(text[at]) || text[at] is '_' or '-' or '$'))
        {
            at++;
        }

        _steps.Add((text[start..at], 0));
        return at > start;
    }

    private bool TryBracket(string text, ref int at)
    {
        var quote = at + 1 < text.Length ? text[at + 1] : ' ';
        if (quote is '\'' or '"')
        {
            var name = new StringBuilder();
            for (at += 2; at < text.Length && text[at] != quote; at++)
            {
                at += text[at] == '\\' && at + 1 < text.Length ? 1 : 0;
                name.Append(text[at]);
            }

            at += 2;
            _steps.Add((name.ToString(), 0));
            return at <= text.Length && text[at - 1] == ']';
        }

        var end = text.IndexOf(']', at);
        var isIndex = int.TryParse(end < 0 ? "" : text.AsSpan(at + 1, end - at - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var index);
        _steps.Add((null, index));
        at = end + 1;
        return isIndex;
    }
}
