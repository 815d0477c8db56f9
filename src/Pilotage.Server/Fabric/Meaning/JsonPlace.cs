using System.Text.Json;

namespace Pilotage.Server.Fabric.Meaning;

/// <summary>An object inside a document: getters that record a fault where they find something else than they want.</summary>
internal readonly record struct JsonPlace(JsonElement Element, string Pointer, DescriptionFaults Faults)
{
    /// <summary>The pointer to a member.</summary>
    public string To(string member) =>
        $"{Pointer}/{member.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)}";

    public string? Text(string member, int charsMax)
    {
        if (!Element.TryGetProperty(member, out var value))
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.String)
        {
            Faults.Add(To(member), $"is {WordOf(value.ValueKind)}; write text, or leave it out");
            return null;
        }

        var text = value.GetString()!;
        if (text.Length > charsMax)
        {
            Faults.Add(To(member), $"has {text.Length} characters; {charsMax} are the most that are kept");
        }

        return text;
    }

    public bool? Flag(string member)
    {
        if (!Element.TryGetProperty(member, out var value))
        {
            return null;
        }

        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return value.GetBoolean();
        }

        Faults.Add(To(member), $"is {WordOf(value.ValueKind)}; write true or false, or leave it out");
        return null;
    }

    public double? Number(string member)
    {
        if (!Element.TryGetProperty(member, out var value))
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && double.IsFinite(number))
        {
            return number;
        }

        Faults.Add(To(member), value.ValueKind == JsonValueKind.Number ? "is larger than any number that is kept" : $"is {WordOf(value.ValueKind)}; write a number, or leave it out");
        return null;
    }

    /// <summary>One name or a list of them, as JSON-LD has both.</summary>
    public IReadOnlyList<string> Names(string member, int namesMax, int charsMax)
    {
        if (!Element.TryGetProperty(member, out var value))
        {
            return [];
        }

        if (value.ValueKind == JsonValueKind.String)
        {
            return Text(member, charsMax) is { Length: > 0 } one ? [one] : [];
        }

        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() > namesMax)
        {
            Faults.Add(To(member), $"is {WordOf(value.ValueKind)}; write a name, or a list of at most {namesMax} names");
            return [];
        }

        var names = new List<string>();
        foreach (var (item, at) in value.EnumerateArray().Select((item, at) => (item, at)))
        {
            if (item.ValueKind == JsonValueKind.String && item.GetString() is { } name && name.Length > 0 && name.Length <= charsMax)
            {
                names.Add(name);
            }
            else
            {
                Faults.Add($"{To(member)}/{at}", $"must be a name of 1 to {charsMax} characters");
            }
        }

        return names;
    }

    public static string WordOf(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "text",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "true or false",
    };
}
