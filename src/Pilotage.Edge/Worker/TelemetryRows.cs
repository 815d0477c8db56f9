using System.Globalization;
using System.Text.Json;
using Pilotage.Streams;

namespace Pilotage.Edge.Worker;

/// <summary>Turns a telemetry payload into rows of one thing type; what is not of that type is left out.</summary>
internal sealed class TelemetryRows(ThingSchema thing)
{
    private const long NsPerMs = 1_000_000;
    private readonly bool _hasText = thing.Properties.Any(property => property.Type == ThingPropertyType.Text);
    private readonly Dictionary<string, int> _columns =
        thing.Properties.Select((property, index) => (property.Name, index)).ToDictionary(item => item.Name, item => item.index);

    /// <summary>The rows of a payload: <c>{"ts":…,"values":{…}}</c>, an array of it, a bare object, or one value of <paramref name="property"/>.</summary>
    public IReadOnlyList<TelemetryRow> Read(ReadOnlyMemory<byte> payload, string property, long receivedNs)
    {
        try
        {
            using var document = JsonDocument.Parse(payload, new JsonDocumentOptions { MaxDepth = 16, AllowDuplicateProperties = false });
            var root = document.RootElement;
            return root.ValueKind == JsonValueKind.Array
                ? [.. root.EnumerateArray().Select(item => Row(item, property, receivedNs)).OfType<TelemetryRow>()]
                : Row(root, property, receivedNs) is { } row ? [row] : [];
        }
        catch (JsonException)
        {
            // The server counts and shows what is malformed; for a window it is as if it had not come.
            return [];
        }
    }

    private TelemetryRow? Row(JsonElement item, string property, long receivedNs)
    {
        var row = new TelemetryRow(receivedNs, new double[thing.Properties.Count], _hasText ? new string?[thing.Properties.Count] : []);
        Array.Fill(row.Values, double.NaN);
        if (item.ValueKind != JsonValueKind.Object)
        {
            return Set(row, property, item) ? row : null;
        }

        var timeNs = item.TryGetProperty("ts", out var ts) ? TimeOf(ts) : receivedNs;
        var single = property.Length > 0 && item.TryGetProperty("value", out var one) && Set(row, property, one);
        var body = item.TryGetProperty("values", out var inner) && inner.ValueKind == JsonValueKind.Object ? inner : item;
        var any = single;
        foreach (var member in body.EnumerateObject())
        {
            any |= Set(row, member.Name, member.Value);
        }

        return any && timeNs is { } time ? row with { TimeNs = time } : null;
    }

    private bool Set(TelemetryRow row, string name, JsonElement value)
    {
        if (!_columns.TryGetValue(name, out var column))
        {
            return false;
        }

        if (thing.Properties[column].Type == ThingPropertyType.Text)
        {
            row.Texts[column] = value.ValueKind switch
            {
                JsonValueKind.String => value.GetString(),
                JsonValueKind.Object or JsonValueKind.Array => value.GetRawText(),
                _ => null,
            };
            return row.Texts[column] is not null;
        }

        double? number = value.ValueKind switch
        {
            JsonValueKind.Number when value.TryGetDouble(out var given) && double.IsFinite(given) => given,
            JsonValueKind.True => 1,
            JsonValueKind.False => 0,
            _ => null,
        };
        row.Values[column] = number ?? double.NaN;
        return number is not null;
    }

    private static long? TimeOf(JsonElement ts)
    {
        if (ts.ValueKind == JsonValueKind.Number && ts.TryGetInt64(out var ms) && Math.Abs(ms) < long.MaxValue / NsPerMs)
        {
            return ms * NsPerMs;
        }

        return ts.ValueKind == JsonValueKind.String
            && DateTimeOffset.TryParse(ts.GetString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? (time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) * TimeSpan.NanosecondsPerTick
            : null;
    }
}

/// <summary>One row of telemetry; numbers and texts by the place of their property, NaN and null where there is none.</summary>
internal readonly record struct TelemetryRow(long TimeNs, double[] Values, string?[] Texts);
