using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Pilotage.Server.Fabric.Ingest;

/// <summary>Reads CloudEvents 1.0: binary mode by attributes beside the payload, else structured JSON, one or a list of them.</summary>
internal static class CloudEventReader
{
    /// <summary>Largest event over any way in: its JSON, or in binary mode its data. A timeline holds some hundred at once, and what is larger is a file, not an event.</summary>
    public const int EventBytesMax = 256 * 1024;

    /// <summary>What a refusal of one that is larger is called.</summary>
    public const string TooLarge = "fabric.event.too_large";

    private const string Malformed = "fabric.event.malformed";
    private const string Prefix = "ce_";
    private const int TextMax = 512;
    private const int FaultsMax = 100;
    private const int FaultsSaid = 3;
    private const int DepthMax = 32;

    /// <summary>What an event says about itself.</summary>
    /// <param name="Type">Null where it says none: over MQTT the topic does.</param>
    internal sealed record CloudEvent(string Source, string Id, string? Type, long TimeNs, JsonElement Data);

    /// <summary>One event: in binary mode where there is an attribute <c>ce_specversion</c>.</summary>
    /// <param name="payload">As it came.</param>
    /// <param name="properties">What stands beside it.</param>
    /// <param name="devicePath">The source, where none is said.</param>
    /// <param name="receivedNs">The time, where none is said.</param>
    /// <param name="contentType">Of the payload: what the data are, in binary mode. JSON where nothing is said.</param>
    /// <param name="isTyped">Whether it has to say its type itself.</param>
    public static Outcome<CloudEvent> Read(
        ReadOnlyMemory<byte> payload, IReadOnlyList<(string Name, string Value)> properties, string devicePath, long receivedNs, string? contentType = null, bool isTyped = false)
    {
        if (payload.Length > EventBytesMax)
        {
            return new Refusal(TooLarge, Large(payload.Length));
        }

        var isBinary = properties.Any(p => p.Name == Prefix + "specversion");
        if (!Utf8.IsValid(payload.Span) && !(isBinary && !IsJson(contentType) && !IsText(contentType)))
        {
            return Bad("not UTF-8");
        }

        try
        {
            var faults = new List<RefusalDetail>();
            var read = isBinary ? Binary(payload, properties, devicePath, receivedNs, contentType, isTyped, faults) : Structured(payload, devicePath, receivedNs, isTyped, faults);
            return read is not null ? read : Bad(faults);
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
                var ofOne = new List<RefusalDetail>();
                if (Structured(item, devicePath, receivedNs, isTyped: true, ofOne) is { } one)
                {
                    read.Add(one);
                }

                faults.AddRange(ofOne.Select(fault => new RefusalDetail($"/{at}{fault.Where}", $"event {at}: {fault.Message}")));
            }

            return faults.Count > 0 ? Bad(faults) : read;
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException)
        {
            return Bad($"not JSON: {failure.Message}");
        }
    }

    private static CloudEvent? Binary(
        ReadOnlyMemory<byte> payload, IReadOnlyList<(string Name, string Value)> properties, string devicePath, long receivedNs, string? contentType, bool isTyped, List<RefusalDetail> faults)
    {
        // Attributes as an object of JSON has them, so that they are read in one place.
        var attributes = JsonSerializer.SerializeToElement(properties.Where(p => p.Name.StartsWith(Prefix, StringComparison.Ordinal)).GroupBy(p => p.Name[Prefix.Length..]).ToDictionary(of => of.Key, of => of.First().Value));
        return new EventAttributes(attributes, isTyped, receivedNs, TextMax, faults) is { IsSound: true } said ? Made(said, DataOf(payload, contentType), devicePath) : null;
    }

    private static CloudEvent? Structured(ReadOnlyMemory<byte> payload, string devicePath, long receivedNs, bool isTyped, List<RefusalDetail> faults)
    {
        using var document = JsonDocument.Parse(payload, new JsonDocumentOptions { MaxDepth = DepthMax });
        return Structured(document.RootElement, devicePath, receivedNs, isTyped, faults);
    }

    private static CloudEvent? Structured(JsonElement root, string devicePath, long receivedNs, bool isTyped, List<RefusalDetail> faults)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            faults.Add(new("", "an event is a JSON object with specversion, id and source"));
            return null;
        }

        var bytes = Encoding.UTF8.GetByteCount(root.GetRawText());
        if (bytes > EventBytesMax)
        {
            faults.Add(new("", Large(bytes)));
        }

        var said = new EventAttributes(root, isTyped, receivedNs, TextMax, faults);
        var data = Data(root, faults);
        return faults.Count == 0 ? Made(said, data, devicePath) : null;
    }

    /// <summary>Data as JSON, or bytes as Base64; never both (CloudEvents JSON Format 1.0.2, section 3.1).</summary>
    private static JsonElement Data(JsonElement root, List<RefusalDetail> faults)
    {
        var isJson = root.TryGetProperty("data", out var data);
        if (!root.TryGetProperty("data_base64", out var bytes))
        {
            return isJson ? data.Clone() : Null;
        }

        if (isJson)
        {
            faults.Add(new("/data_base64", "data and data_base64 are both there; an event has one of them"));
        }
        else if (bytes.ValueKind != JsonValueKind.String || !Base64.IsValid(bytes.GetString()))
        {
            faults.Add(new("/data_base64", "data_base64 is not Base64 (RFC 4648)"));
        }
        else
        {
            return OfBytes(bytes.GetString()!, root.TryGetProperty("datacontenttype", out var type) && type.ValueKind == JsonValueKind.String ? type.GetString() : null);
        }

        return Null;
    }

    private static CloudEvent Made(EventAttributes said, JsonElement data, string devicePath) => new(said.Source ?? "/" + devicePath, said.Id!, said.Type, said.TimeNs, data);

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

    private static string Large(int bytes) => $"the event has {bytes} bytes; {EventBytesMax} are the most of one event, over HTTP and MQTT. Store what is larger elsewhere, and let the event say where";

    private static Refusal Bad(string why) => new(Malformed, why);

    /// <summary>The first of what is wrong in words, and all of it with its place.</summary>
    private static Refusal Bad(List<RefusalDetail> faults) =>
        new(Malformed, $"{string.Join("; ", faults.Take(FaultsSaid).Select(fault => fault.Message))}{(faults.Count > FaultsSaid ? $" (and {faults.Count - FaultsSaid} more)" : "")}")
        {
            Details = [.. faults.Take(FaultsMax)],
        };
}
