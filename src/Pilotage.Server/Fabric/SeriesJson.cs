using System.Text.Json.Nodes;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric;

/// <summary>Values of series as JSON: numbers, true and false, strings, and documents as they are.</summary>
internal static class SeriesJson
{
    /// <summary>A value; null of a number that JSON has no way to write: NaN and the infinities.</summary>
    public static object? Of(SeriesValue value) => value.Kind switch
    {
        // Or all of them would become nodes, to which everything here converts.
        SeriesKind.Whole => (object)value.Whole,
        SeriesKind.Number => double.IsFinite(value.Number) ? value.Number : null,
        SeriesKind.Truth => value.IsTrue,
        SeriesKind.Text => value.Text,
        _ => JsonNode.Parse(value.Text!),
    };
}
