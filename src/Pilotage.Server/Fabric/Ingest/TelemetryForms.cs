using System.Text.Json;
using Pilotage.Protocols.SenML;

namespace Pilotage.Server.Fabric.Ingest;

/// <summary>In which form telemetry comes.</summary>
internal enum TelemetryForm
{
    /// <summary>JSON, ours or SenML; told apart by what is in it. CBOR where no type was given.</summary>
    Json,

    /// <summary>A JSON object on every line.</summary>
    JsonLines,

    /// <summary>SenML in JSON, and said so.</summary>
    SenMLJson,

    /// <summary>SenML in CBOR.</summary>
    SenMLCbor,

    /// <summary>CSV with a header and a column of times.</summary>
    Csv,
}

/// <summary>Reads telemetry in whatever form it comes.</summary>
internal static class TelemetryForms
{
    /// <summary>The types that are read, for people.</summary>
    public const string Known = "application/json, application/x-ndjson, text/csv, application/senml+json and application/senml+cbor";

    private const int DepthMax = 8;
    private const byte CborArrayFirst = 0x80;
    private const byte CborArrayLast = 0x9F;

    /// <summary>The form of a content type; null for one that nobody reads here.</summary>
    /// <remarks>Types that say only "text" or "bytes" say no more than none does.</remarks>
    public static TelemetryForm? Of(string? contentType)
    {
        if (string.IsNullOrEmpty(contentType))
        {
            return TelemetryForm.Json;
        }

        var end = contentType.IndexOf(';', StringComparison.Ordinal);
        return (end < 0 ? contentType : contentType[..end]).Trim().ToLowerInvariant() switch
        {
            "" or "application/json" or "text/json" or "text/plain" or "application/octet-stream" => TelemetryForm.Json,
            "application/x-ndjson" or "application/ndjson" or "application/jsonl" => TelemetryForm.JsonLines,
            "application/senml+json" => TelemetryForm.SenMLJson,
            "application/senml+cbor" => TelemetryForm.SenMLCbor,
            "text/csv" => TelemetryForm.Csv,
            _ => null,
        };
    }

    /// <summary>Reads a message to <c>_tele</c> or below it.</summary>
    /// <param name="contentType">As the message says; null or empty where it says nothing.</param>
    /// <param name="payload">As it came.</param>
    /// <param name="property">The name after <c>_tele/</c>; empty when there is none.</param>
    /// <param name="receivedNs">Stands in for a missing time.</param>
    public static TelemetryReading Read(string? contentType, ReadOnlyMemory<byte> payload, string property, long receivedNs)
    {
        if (Of(contentType) is not { } form)
        {
            var shown = contentType!.Length <= 80 ? contentType : contentType[..80] + "…";
            return TelemetryReading.Bad($"nobody reads \"{shown}\" here; send {Known}, or JSON without a content type");
        }

        if (form == TelemetryForm.Json && (property.Length > 0 || !IsSenML(payload.Span, out form)))
        {
            return TelemetryReader.Read(payload, property, receivedNs);
        }

        if (property.Length > 0)
        {
            return TelemetryReading.Bad("values that name themselves go to _tele; below _tele/<property> there is one value");
        }

        var faults = new ReadingFaults();
        var rows = Read(form, payload, receivedNs, faults);
        return new TelemetryReading(rows, faults.Words());
    }

    /// <summary>Reads a body, with every fault at its place.</summary>
    public static IReadOnlyList<TelemetryRow> Read(TelemetryForm form, ReadOnlyMemory<byte> payload, long receivedNs, ReadingFaults faults)
    {
        if (form == TelemetryForm.Json && IsSenML(payload.Span, out var found))
        {
            form = found;
        }

        return form switch
        {
            TelemetryForm.SenMLJson => SenMLTelemetry.Read(SenMLReader.ReadJson(payload.Span, receivedNs), receivedNs, faults),
            TelemetryForm.SenMLCbor => SenMLTelemetry.Read(SenMLReader.ReadCbor(payload, receivedNs), receivedNs, faults),
            TelemetryForm.JsonLines => ReadLines(payload, receivedNs, faults),
            TelemetryForm.Csv => CsvTelemetry.Read(payload, receivedNs, faults),
            _ => Taken(TelemetryReader.Read(payload, "", receivedNs), "", faults),
        };
    }

    /// <summary>SenML bears <c>n</c> or <c>bn</c> with text in an item; no JSON begins as an array of CBOR does.</summary>
    public static bool IsSenML(ReadOnlySpan<byte> payload, out TelemetryForm form)
    {
        form = TelemetryForm.SenMLCbor;
        if (payload is [>= CborArrayFirst and <= CborArrayLast, ..])
        {
            return true;
        }

        form = TelemetryForm.Json;
        try
        {
            var json = new Utf8JsonReader(payload, new JsonReaderOptions { MaxDepth = DepthMax });
            var depth = json.Read() && json.TokenType == JsonTokenType.StartArray ? 2 : 1;
            while (json.Read())
            {
                if (json.TokenType == JsonTokenType.PropertyName && json.CurrentDepth == depth
                    && (json.ValueTextEquals("n"u8) || json.ValueTextEquals("bn"u8)) && json.Read() && json.TokenType == JsonTokenType.String)
                {
                    form = TelemetryForm.SenMLJson;
                    return true;
                }
            }
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException)
        {
            // Said properly by whoever reads it.
        }

        return false;
    }

    private static List<TelemetryRow> ReadLines(ReadOnlyMemory<byte> payload, long receivedNs, ReadingFaults faults)
    {
        var rows = new List<TelemetryRow>();
        var (at, line) = (0, 0);
        while (at < payload.Length)
        {
            line++;
            var end = payload.Span[at..].IndexOf((byte)'\n');
            var text = end < 0 ? payload[at..] : payload.Slice(at, end);
            at += end < 0 ? text.Length : end + 1;
            if (text.Span.ContainsAnyExcept(" \t\r"u8))
            {
                rows.AddRange(Taken(TelemetryReader.Read(text, "", receivedNs), $"line {line}", faults));
            }
        }

        if (rows.Count == 0 && faults.Count == 0)
        {
            faults.Add("", "there is no line with a value in it");
        }

        return rows;
    }

    private static IReadOnlyList<TelemetryRow> Taken(TelemetryReading reading, string where, ReadingFaults faults)
    {
        if (reading.Fault is { } fault)
        {
            faults.Add(where, fault);
        }

        return reading.Rows;
    }
}
