using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;

namespace Pilotage.Server.Hosting;

/// <summary>Why a body could not be read, in words of the API: where, what must stand there.</summary>
internal static partial class BodyFault
{
    public const string Code = "request.malformed";
    private const int NameCharsShown = 64;

    /// <summary>The refusal for what the serializer said of a body of this type.</summary>
    public static Refusal Of(JsonException fault, Type? body, JsonSerializerOptions json)
    {
        if (fault.InnerException is JsonException syntax)
        {
            var at = $"line {fault.LineNumber + 1}, byte {fault.BytePositionInLine + 1}";
            var says = JsonWords.Of(syntax);
            return new Refusal(Code, $"The body is not JSON at {at}: {says} {Wanted(body, json)}") { Details = [new(at, says)] };
        }

        var steps = Steps(fault.Path ?? "$");
        if (Unknown().Match(fault.Message) is { Success: true } unknown)
        {
            return Unmapped(unknown.Groups[1].Value, steps, body, json);
        }

        if (fault is UnfitValueException inside)
        {
            steps = [.. steps, .. inside.Below];
        }

        var type = TypeAt(body, steps, json);
        var where = string.Concat(steps.Select(step => "/" + Escaped(step)));
        var named = where.Length == 0 ? "The body" : where;
        if (type is { Kind: JsonTypeInfoKind.Object } info && Missing(fault.Message, info) is { Count: > 0 } missing)
        {
            var lacks = string.Join(", ", missing.Select(property => $"{property.Name} ({Expected(property.PropertyType, json)})"));
            var details = missing.Select(property => new RefusalDetail($"{where}/{property.Name}", "is missing"));
            return new Refusal(Code, $"{named} lacks {lacks}.") { Details = [.. details] };
        }

        var must = "must be " + (type is null ? "of another type" : Expected(type.Type, json)) + (fault, type?.Type) switch
        {
            (UnfitValueException, { } number) when number == typeof(double) => " that is finite",
            (UnfitValueException, _) => ", not null",
            _ => "",
        };
        return new Refusal(Code, $"{named} {must}.") { Details = [new(where, must)] };
    }

    /// <summary>What a route's body holds, for whoever sent none.</summary>
    public static string Wanted(Type? body, JsonSerializerOptions json)
    {
        if (body is null || json.GetTypeInfo(body) is not { Kind: JsonTypeInfoKind.Object } info)
        {
            return "Send one JSON value.";
        }

        var parts = info.Properties.Select(property =>
            $"{property.Name} ({Expected(property.PropertyType, json)}{(property.IsRequired ? ", required" : "")})");
        return $"Send a JSON object of {string.Join(", ", parts)}.";
    }

    /// <summary>What stands for a type on the wire, in words.</summary>
    public static string Expected(Type type, JsonSerializerOptions json)
    {
        var bare = Nullable.GetUnderlyingType(type) ?? type;
        return bare switch
        {
            _ when bare == typeof(string) => "text",
            _ when bare == typeof(bool) => "true or false",
            _ when bare == typeof(int) || bare == typeof(long) => "a whole number",
            _ when bare == typeof(double) => "a number",
            _ when bare == typeof(byte[]) => "text in base64",
            _ when bare == typeof(DateTimeOffset) => "a time such as 2026-01-31T12:00:00Z",
            { IsEnum: true } => $"one of {string.Join(", ", Enum.GetNames(bare).Select(JsonNamingPolicy.CamelCase.ConvertName))}",
            _ => json.GetTypeInfo(bare).Kind switch
            {
                JsonTypeInfoKind.Enumerable => "a list",
                JsonTypeInfoKind.Dictionary => "an object of names and values",
                JsonTypeInfoKind.Object => "an object",
                _ => "a value",
            },
        };
    }

    private static Refusal Unmapped(string name, string[] steps, Type? body, JsonSerializerOptions json)
    {
        // The path may end in the name itself, which leads nowhere.
        steps = steps is [.. var above, var last] && last == name ? above : steps;
        var where = string.Concat(steps.Select(step => "/" + Escaped(step)));
        var shown = name.Length > NameCharsShown ? name[..NameCharsShown] + "…" : name;
        var takes = TypeAt(body, steps, json) is { Kind: JsonTypeInfoKind.Object, Properties: { Count: > 0 } known } ? $"; it takes {string.Join(", ", known.Select(property => property.Name))}" : "";
        return new Refusal(Code, $"{(where.Length == 0 ? "The body" : where)} holds \"{shown}\", which is not known there{takes}.") { Details = [new($"{where}/{Escaped(shown)}", "is not known")] };
    }

    // The serializer names what is missing in its message only; a name counts when the type has it.
    private static List<JsonPropertyInfo> Missing(string message, JsonTypeInfo info)
    {
        var named = Quoted().Matches(message).Select(match => match.Groups[1].Value).Skip(1).ToHashSet();
        return [.. info.Properties.Where(property => property.IsRequired && named.Contains(property.Name))];
    }

    private static JsonTypeInfo? TypeAt(Type? body, string[] steps, JsonSerializerOptions json)
    {
        var info = body is null ? null : json.GetTypeInfo(body);
        foreach (var step in steps)
        {
            var next = info?.Kind == JsonTypeInfoKind.Object
                ? info.Properties.FirstOrDefault(property => property.Name == step)?.PropertyType
                : info?.ElementType;
            info = next is null ? null : json.GetTypeInfo(next);
        }

        return info;
    }

    /// <summary><c>$.devices[0]['a.b']</c> as devices, 0, a.b.</summary>
    private static string[] Steps(string path) =>
        [.. Step().Matches(path).Select(match => match.Groups.Values.Skip(1).First(group => group.Success).Value)];

    /// <summary>A step of a JSON pointer (RFC 6901, section 3).</summary>
    private static string Escaped(string step) =>
        step.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);

    [GeneratedRegex(@"\.([^.\[]+)|\[(\d+)\]|\['((?:[^'\\]|\\.)*)'\]")]
    private static partial Regex Step();

    [GeneratedRegex(@"^The JSON property '(.*)' could not be mapped to any \.NET member contained in type '[^']*'", RegexOptions.Singleline)]
    private static partial Regex Unknown();

    [GeneratedRegex("'([^']*)'")]
    private static partial Regex Quoted();
}
