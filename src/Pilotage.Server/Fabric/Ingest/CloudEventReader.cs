using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Pilotage.Server.Fabric.Ingest;

/// <summary>Reads CloudEvents 1.0: binary mode by attributes beside the payload, else structured JSON, one or a list of them.</summary>
internal static class CloudEventReader
{
    private const string Prefix = "ce_";
    private const int TextMax = 512;
    private const int DepthMax = 32;

    /// <summary>What an event says about itself.</summary>
    /// <param name="Type">Null where it says none: over MQTT the topic does.</param>
    internal sealed record CloudEvent(string Source, string Id, string? Type, long TimeNs, JsonElement Data);

    /// <summary>One event: in binary mode where there is an attribute <c>ce_specversion</c>.</summary>
    /// <param name="contentType">Of the payload: what the data are, in binary mode. JSON where nothing is said.</param>
    public static Outcome<CloudEvent> Read(
        ReadOnlyMemory<byte> payload, IReadOnlyList<(string Name, string Value)> properties, string devicePath, long receivedNs, string? contentType = null)
    {
        var isBinary = properties.Any(p => p.Name == Prefix + "specversion");
        if (!Utf8.IsValid(payload.Span) && !(isBinary && !IsJson(contentType) && !IsText(contentType)))
        {
            return Bad("not UTF-8");
        }

        try
        {
            return isBinary ? Binary(payload, properties, devicePath, receivedNs, contentType) : Structured(payload, devicePath, receivedNs);
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException)
        {
            return Bad($"not JSON: {failure.Message}");
        }
    }

    /// <summary>A list of structured events, whole or not at all; each fault with its place.</summary>
    public static Outcome<IReadOnlyList<CloudEvent>> ReadBatch(ReadOnlyMemory<byte> payload, string devicePath, long receivedNs, int eventsMax)
    {
        if (!Utf8.IsValid(payload.Span))
        {
            return Bad("not UTF-8");
        }

        try
        {
            using var document = JsonDocument.Parse(payload, new JsonDocumentOptions { MaxDepth = DepthMax });
            if (document.RootElement.ValueKind != JsonValueKind.Array || document.RootElement.GetArrayLength() > eventsMax)
            {
                return Bad(document.RootElement.ValueKind != JsonValueKind.Array ? "a batch is a JSON array of events" : $"a batch holds {eventsMax} events at most; this one has {document.RootElement.GetArrayLength()}");
            }

            var (read, faults) = (new List<CloudEvent>(), new List<RefusalDetail>());
            foreach (var (item, at) in document.RootElement.EnumerateArray().Select((item, at) => (item, at)))
            {
                if (Structured(item, devicePath, receivedNs).TryGet(out var one, out var refusal))
                {
                    read.Add(one);
                }
                else
                {
                    faults.Add(new($"/{at}", refusal.Message));
                }
            }

            return faults.Count > 0 ? Bad($"event {faults[0].Where[1..]}: {faults[0].Message}") with { Details = faults } : read;
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException)
        {
            return Bad($"not JSON: {failure.Message}");
        }
    }

    private static Outcome<CloudEvent> Binary(
        ReadOnlyMemory<byte> payload, IReadOnlyList<(string Name, string Value)> properties, string devicePath, long receivedNs, string? contentType)
    {
        string? Of(string name) => properties.FirstOrDefault(p => p.Name == Prefix + name).Value;
        using var time = JsonDocument.Parse(JsonSerializer.SerializeToUtf8Bytes(Of("time")));
        return Make(Of("specversion"), Of("id"), Of("source"), Of("type"), time.RootElement, DataOf(payload, contentType), devicePath, receivedNs);
    }

    private static Outcome<CloudEvent> Structured(ReadOnlyMemory<byte> payload, string devicePath, long receivedNs)
    {
        using var document = JsonDocument.Parse(payload, new JsonDocumentOptions { MaxDepth = DepthMax });
        return Structured(document.RootElement, devicePath, receivedNs);
    }

    private static Outcome<CloudEvent> Structured(JsonElement root, string devicePath, long receivedNs)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            return Bad("an event is a JSON object with specversion, id and source");
        }

        string? Of(string name) => root.TryGetProperty(name, out var v) && v.ValueKind == JsonValueKind.String ? v.GetString() : null;
        var time = root.TryGetProperty("time", out var at) ? at : default;
        var data = root.TryGetProperty("data", out var d) ? d.Clone() : Of("data_base64") is { } bytes ? OfBytes(bytes, Of("datacontenttype")) : default;
        return Make(Of("specversion"), Of("id"), Of("source"), Of("type"), time, data, devicePath, receivedNs);
    }

    private static Outcome<CloudEvent> Make(
        string? version, string? id, string? source, string? type, JsonElement time, JsonElement data, string devicePath, long receivedNs)
    {
        if (version != "1.0" || id is not { Length: > 0 and <= TextMax })
        {
            return Bad("a CloudEvent needs specversion 1.0 and an id of its own; without an id a redelivery would count twice");
        }

        if (source is { Length: > TextMax })
        {
            return Bad("the source is too long");
        }

        var timeNs = receivedNs;
        if (time.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Null) && !Timestamps.TryRead(time, receivedNs, out timeNs, out var why))
        {
            return Bad(why!);
        }

        return new CloudEvent(source ?? "/" + devicePath, id, type, timeNs, data.ValueKind == JsonValueKind.Undefined ? Null : data);
    }

    /// <summary>Data in binary mode: JSON as it is, text as a string, anything else as its bytes.</summary>
    private static JsonElement DataOf(ReadOnlyMemory<byte> payload, string? contentType)
    {
        if (payload.IsEmpty)
        {
            return Null;
        }

        if (IsText(contentType))
        {
            return JsonSerializer.SerializeToElement(Encoding.UTF8.GetString(payload.Span));
        }

        if (!IsJson(contentType))
        {
            return OfBytes(Convert.ToBase64String(payload.Span), contentType);
        }

        using var data = JsonDocument.Parse(payload, new JsonDocumentOptions { MaxDepth = DepthMax });
        return data.RootElement.Clone();
    }

    private static JsonElement OfBytes(string base64, string? contentType) =>
        JsonSerializer.SerializeToElement(new Dictionary<string, string?> { ["datacontenttype"] = contentType, ["data_base64"] = base64 });

    private static bool IsJson(string? contentType) => MediaOf(contentType) is null or "" or "application/json" or "text/json" or [.., '+', 'j', 's', 'o', 'n'];

    private static bool IsText(string? contentType) => MediaOf(contentType)?.StartsWith("text/", StringComparison.Ordinal) == true && !IsJson(contentType);

    private static string? MediaOf(string? contentType) => contentType?.Split(';')[0].Trim().ToLowerInvariant();

    private static JsonElement Null { get; } = JsonSerializer.SerializeToElement<object?>(null);

    private static Refusal Bad(string why) => new("fabric.event.malformed", why);
}
