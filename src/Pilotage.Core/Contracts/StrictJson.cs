using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Pilotage.Core.Contracts;

/// <summary>Reads JSON nobody has vouched for into a record, or says why not; bounded, and never throws.</summary>
internal static class StrictJson
{
    public static Outcome<T> Parse<T>(ReadOnlySpan<byte> json, int bytesMax, JsonTypeInfo<T> type, string code)
        where T : class
    {
        if (json.Length > bytesMax)
        {
            return new Refusal(code, $"The document has {json.Length} bytes; at most {bytesMax} are read.");
        }

        try
        {
            return JsonSerializer.Deserialize(json, type) is { } value
                ? value
                : new Refusal(code, "The document is null.");
        }
        catch (JsonException fault)
        {
            return new Refusal(code, $"The document is not valid: {fault.Message}");
        }
    }
}
