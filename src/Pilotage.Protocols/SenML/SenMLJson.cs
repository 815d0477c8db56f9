using System.Text.Json;

namespace Pilotage.Protocols.SenML;

/// <summary>Hands the fields of a JSON pack to the resolver.</summary>
internal static class SenMLJson
{
    /// <summary>False when the resolver refused; bad JSON is thrown.</summary>
    public static bool Read(ref Utf8JsonReader json, SenMLResolver resolver)
    {
        json.Read();
        var taken = json.TokenType switch
        {
            JsonTokenType.StartArray => ReadArray(ref json, resolver),
            JsonTokenType.StartObject => ReadRecord(ref json, resolver),
            _ => resolver.Begin() && resolver.RefuseRecord("a pack is an array of records"),
        };

        // A last look finds whatever stands behind it.
        return taken && !json.Read();
    }

    private static bool ReadArray(ref Utf8JsonReader json, SenMLResolver resolver)
    {
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            if (!ReadRecord(ref json, resolver))
            {
                return false;
            }
        }

        return true;
    }

    private static bool ReadRecord(ref Utf8JsonReader json, SenMLResolver resolver)
    {
        if (!resolver.Begin() || (json.TokenType != JsonTokenType.StartObject && !resolver.RefuseRecord("is no object")))
        {
            return false;
        }

        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var label = json.GetString()!;
            json.Read();
            var taken = SenMLFields.Of(label) is { } field ? resolver.Take(field, TokenOf(ref json)) : resolver.Skip(label);
            if (!taken)
            {
                return false;
            }

            json.Skip();
        }

        return resolver.End();
    }

    private static SenMLToken TokenOf(ref Utf8JsonReader json) => json.TokenType switch
    {
        JsonTokenType.Number => SenMLToken.Of(json.GetDouble(), json.TryGetDecimal(out var exact) ? exact : null),
        JsonTokenType.String => SenMLToken.Of(json.GetString()!),
        JsonTokenType.True or JsonTokenType.False => SenMLToken.Of(json.TokenType == JsonTokenType.True),
        _ => SenMLToken.Other,
    };
}
