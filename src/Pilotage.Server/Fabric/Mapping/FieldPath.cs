using System.Text.Json;

namespace Pilotage.Server.Fabric.Mapping;

/// <summary>A place in a JSON payload, by JSON pointer (RFC 6901): <c>/status/temp</c>; the empty one is the payload itself.</summary>
internal sealed class FieldPath
{
    private const int StepsMax = 16;
    private const int CharsMax = 256;
    private readonly string[] _steps;

    private FieldPath(string[] steps) => _steps = steps;

    /// <summary>The names on the way with points between them, as a value is called that nobody gave another name.</summary>
    public string Name => string.Join('.', _steps);

    /// <summary>The path, or why it is none.</summary>
    public static Outcome<FieldPath> Parse(string text)
    {
        if (text.Length > CharsMax || (text.Length > 0 && text[0] != '/'))
        {
            return new Refusal("fabric.mapping.pointer", $"\"{text}\" is no JSON pointer; write /temperature, or /status/temperature for a member of a member");
        }

        var steps = text.Length == 0 ? [] : text[1..].Split('/');
        return steps.Length > StepsMax
            ? new Refusal("fabric.mapping.pointer", $"\"{text}\" goes {steps.Length} levels deep; {StepsMax} are the most")
            : new FieldPath(Array.ConvertAll(steps, step => step.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal)));
    }

    /// <summary>What stands there; nothing where there is no such place.</summary>
    public bool TryFind(JsonElement root, out JsonElement found)
    {
        found = root;
        foreach (var step in _steps)
        {
            if (found.ValueKind == JsonValueKind.Object && found.TryGetProperty(step, out var member))
            {
                found = member;
            }
            else if (found.ValueKind == JsonValueKind.Array && int.TryParse(step, out var at) && at >= 0 && at < found.GetArrayLength())
            {
                found = found[at];
            }
            else
            {
                return false;
            }
        }

        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Concat(_steps.Select(step => "/" + step.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)));
}
