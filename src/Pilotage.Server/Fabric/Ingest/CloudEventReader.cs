using System.Text.Json;
using System.Text.Unicode;

namespace Pilotage.Server.Fabric.Ingest;

/// <summary>Reads CloudEvents 1.0: binary mode by user properties <c>ce_*</c>, else structured JSON.</summary>
internal static class CloudEventReader
{
    private const int TextMax = 512;
    private const int DepthMax = 32;

    /// <summary>What an event says about itself.</summary>
    internal sealed record CloudEvent(string Source, string Id, long TimeNs, JsonElement Data);

    public static Outcome<CloudEvent> Read(
        ReadOnlyMemory<byte> payload, IReadOnlyList<(string Name, string Value)> properties, string devicePath, long receivedNs)
    {
        if (!Utf8.IsValid(payload.Span))
        {
            return Bad("not UTF-8");
        }

        try
        {
            return properties.Any(p => p.Name == "ce_specversion")
                ? Binary(payload, properties, devicePath, receivedNs)
                : Structured(payload, devicePath, receivedNs);
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException)
        {
            return Bad($"not JSON: {failure.Message}");
        }
    }

    private static Outcome<CloudEvent> Binary(
        ReadOnlyMemory<byte> payload, IReadOnlyList<(string Name, string Value)> properties, string devicePath, long receivedNs)
    {
        string? Of(string name) => properties.FirstOrDefault(p => p.Name == name).Value;
        using var data = JsonDocument.Parse(payload.IsEmpty ? "null"u8.ToArray() : payload, new JsonDocumentOptions { MaxDepth = DepthMax });
        using var time = JsonDocument.Parse(JsonSerializer.SerializeToUtf8Bytes(Of("ce_time")));
        return Make(Of("ce_specversion"), Of("ce_id"), Of("ce_source"), time.RootElement, data.RootElement, devicePath, receivedNs);
    }

    private static Outcome<CloudEvent> Structured(ReadOnlyMemory<byte> payload, string devicePath, long receivedNs)
    {
        using var document = JsonDocument.Parse(payload, new JsonDocumentOptions { MaxDepth = DepthMax });
        var root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object)
        {
            return Bad("an event is a JSON object with specversion, id and source");
        }

        string? Of(string name) => root.TryGetProperty(name, out var v) && v.ValueKind == JsonValueKind.String ? v.GetString() : null;
        var time = root.TryGetProperty("time", out var at) ? at : default;
        var data = root.TryGetProperty("data", out var d) ? d : default;
        return Make(Of("specversion"), Of("id"), Of("source"), time, data, devicePath, receivedNs);
    }

    private static Outcome<CloudEvent> Make(
        string? version, string? id, string? source, JsonElement time, JsonElement data, string devicePath, long receivedNs)
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

        return new CloudEvent(source ?? "/" + devicePath, id, timeNs, data.ValueKind == JsonValueKind.Undefined ? Null : data.Clone());
    }

    private static JsonElement Null { get; } = JsonSerializer.SerializeToElement<object?>(null);

    private static Refusal Bad(string why) => new("fabric.event.malformed", why);
}
