using System.Buffers;
using System.Collections.Frozen;
using System.Text.Json;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Ingest;

/// <summary>Reads telemetry in JSON: an object with <c>ts</c> and <c>values</c>, an array of it, a bare object, or one value.</summary>
/// <remarks>Never throws on bad bytes. What can be stored is stored; the rest is said in <see cref="TelemetryReading.Fault"/>.</remarks>
internal static class TelemetryReader
{
    private const int DepthMax = 8;
    private const int PropertiesMax = 1024;
    private const int PropertyCharsMax = 128;
    private static readonly FrozenSet<string> NotNumbers =
        FrozenSet.Create(StringComparer.OrdinalIgnoreCase, "NaN", "Infinity", "-Infinity", "+Infinity", "Inf", "-Inf", "+Inf");
    private static readonly SearchValues<char> PropertyChars =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:-");

    /// <summary>Reads a message.</summary>
    /// <param name="payload">As it came.</param>
    /// <param name="property">The name after <c>_tele/</c>; empty when there is none.</param>
    /// <param name="receivedNs">Stands in for a missing time.</param>
    public static TelemetryReading Read(ReadOnlyMemory<byte> payload, string property, long receivedNs)
    {
        try
        {
            using var document = JsonDocument.Parse(payload, JsonFault.Strict(DepthMax));
            var root = document.RootElement;
            return property.Length > 0 ? ReadSingle(root, property, receivedNs)
                : root.ValueKind switch
                {
                    JsonValueKind.Object => ReadObject(root, receivedNs),
                    JsonValueKind.Array => ReadArray(root, receivedNs),
                    _ => TelemetryReading.Bad("a single value needs its property in the topic: _tele/<property>"),
                };
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException)
        {
            // The second is what a name or text with half a surrogate pair or bytes beyond UTF-8 ends in.
            return TelemetryReading.Bad(JsonFault.Of(failure));
        }
    }

    /// <summary>Whether a name can be a property; <c>@</c> and <c>/</c> are kept for results of models, and <c>.</c> and <c>..</c> lead elsewhere in an address.</summary>
    public static bool IsProperty(string name) =>
        name.Length is > 0 and <= PropertyCharsMax && name is not ("." or "..") && !name.AsSpan().ContainsAnyExcept(PropertyChars);

    private static TelemetryReading ReadArray(JsonElement array, long receivedNs)
    {
        var rows = new List<TelemetryRow>();
        string? fault = null;
        foreach (var item in array.EnumerateArray())
        {
            var reading = item.ValueKind == JsonValueKind.Object ? ReadObject(item, receivedNs) : TelemetryReading.Bad("an item of the array is no object");
            rows.AddRange(reading.Rows);
            fault ??= reading.Fault;
        }

        return new TelemetryReading(rows, rows.Count == 0 ? fault ?? "the array is empty" : fault);
    }

    private static TelemetryReading ReadObject(JsonElement item, long receivedNs)
    {
        if (item.TryGetProperty("n", out _) || item.TryGetProperty("bn", out _))
        {
            return TelemetryReading.Bad("n and bn belong to SenML, where they are text; give the property another name");
        }

        var timeNs = receivedNs;
        if (item.TryGetProperty("ts", out var ts) && !Timestamps.TryRead(ts, receivedNs, out timeNs, out var why))
        {
            return TelemetryReading.Bad(why!);
        }

        if (item.TryGetProperty("values", out var values))
        {
            return values.ValueKind == JsonValueKind.Object
                ? ReadValues(values, timeNs)
                : TelemetryReading.Bad("values is not an object of property and value");
        }

        return ReadValues(item, timeNs);
    }

    private static TelemetryReading ReadSingle(JsonElement root, string property, long receivedNs)
    {
        if (!IsProperty(property))
        {
            return TelemetryReading.Bad($"\"{property}\" cannot be the name of a property");
        }

        var timeNs = receivedNs;
        var value = root;
        if (root.ValueKind == JsonValueKind.Object)
        {
            if (!root.TryGetProperty("value", out value))
            {
                return TelemetryReading.Bad("expected a value, or {\"ts\": …, \"value\": …}");
            }

            if (root.TryGetProperty("ts", out var ts) && !Timestamps.TryRead(ts, receivedNs, out timeNs, out var why))
            {
                return TelemetryReading.Bad(why!);
            }
        }

        return TryValue(value, out var read, out var fault)
            ? new TelemetryReading([new TelemetryRow(timeNs, [property], [read])], null)
            : TelemetryReading.Bad(fault ?? "the value is null");
    }

    private static TelemetryReading ReadValues(JsonElement values, long timeNs)
    {
        var names = new List<string>();
        var read = new List<SeriesValue>();
        string? fault = null;
        foreach (var member in values.EnumerateObject())
        {
            if (member.NameEquals("ts"u8))
            {
                continue;
            }

            if (!IsProperty(member.Name) || names.Count == PropertiesMax)
            {
                fault ??= $"\"{member.Name}\" cannot be the name of a property, or there are more than {PropertiesMax}";
            }
            else if (TryValue(member.Value, out var value, out var why))
            {
                // A name that stands twice: the last one counts, as in every JSON reader.
                if (names.IndexOf(member.Name) is >= 0 and var twice)
                {
                    read[twice] = value;
                    continue;
                }

                names.Add(member.Name);
                read.Add(value);
            }
            else if (why is not null)
            {
                fault ??= $"{member.Name}: {why}";
            }
        }

        return names.Count == 0
            ? TelemetryReading.Bad(fault ?? "there is no value in it")
            : new TelemetryReading([new TelemetryRow(timeNs, [.. names], read.ToArray())], fault);
    }

    /// <summary>A number, a truth value, or text. Null means there is none, which is no fault.</summary>
    private static bool TryValue(JsonElement element, out SeriesValue value, out string? why)
    {
        value = default;
        why = null;
        switch (element.ValueKind)
        {
            case JsonValueKind.Number:
                var number = element.GetDouble();
                value = SeriesValue.Of(number);
                why = double.IsFinite(number) ? null : "the number is too large";
                return why is null;
            case JsonValueKind.True or JsonValueKind.False:
                value = SeriesValue.OfTruth(element.ValueKind == JsonValueKind.True);
                return true;
            case JsonValueKind.Null:
                return false;
            case JsonValueKind.String:
                var text = element.GetString()!;
                value = SeriesValue.OfText(text);

                // A series that begins with one of these was meant to hold numbers, and would hold text for good.
                why = NotNumbers.Contains(text) ? "NaN and Infinity are no numbers in JSON; leave the value out" : null;
                return why is null;
            default:
                why = "a nested value is not stored as a series";
                return false;
        }
    }
}
