using System.Text.Json;
using Pilotage.Server.Hosting;

namespace Pilotage.Server.Fabric.Ingest;

/// <summary>Why a payload cannot be read, for people: the reader's words without its internals.</summary>
internal static class JsonFault
{
    /// <summary>Names that occur twice would lose a value without a word; how deep, the caller says.</summary>
    public static JsonDocumentOptions Strict(int depthMax) => new() { MaxDepth = depthMax, AllowDuplicateProperties = false };

    public static string Of(Exception failure)
    {
        if (failure is not JsonException json)
        {
            return $"not JSON: {failure.Message}";
        }

        var words = JsonWords.Of(json);
        var where = json.LineNumber is { } line && json.BytePositionInLine is { } at ? $" (line {line + 1}, byte {at + 1})" : "";
        var kind = words.StartsWith("Duplicate", StringComparison.Ordinal) ? "ambiguous JSON" : "not JSON";
        return $"{kind}: {words}{where}";
    }
}
