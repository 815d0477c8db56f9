using System.Text.Json;

namespace Pilotage.Server.Fabric.Ingest;

/// <summary>Reads results of a model; they become series named <c>&lt;model&gt;@&lt;release&gt;/&lt;output&gt;</c>.</summary>
internal static class InferenceReader
{
    public static TelemetryReading Read(ReadOnlyMemory<byte> payload, string model, long receivedNs)
    {
        try
        {
            return ReadSound(payload, model, receivedNs);
        }
        catch (InvalidOperationException failure)
        {
            return TelemetryReading.Bad($"not JSON: {failure.Message}");
        }
    }

    private static TelemetryReading ReadSound(ReadOnlyMemory<byte> payload, string model, long receivedNs)
    {
        var reading = TelemetryReader.Read(payload, "", receivedNs);
        if (reading.Rows.Count == 0)
        {
            return reading;
        }

        using var document = JsonDocument.Parse(payload);
        var root = document.RootElement;
        if (!TelemetryReader.IsProperty(model)
            || root.ValueKind != JsonValueKind.Object
            || !root.TryGetProperty("values", out _)
            || !root.TryGetProperty("release", out var release)
            || release.ValueKind != JsonValueKind.String
            || !TelemetryReader.IsProperty(release.GetString()!))
        {
            return TelemetryReading.Bad("expected {\"ts\": …, \"values\": {…}, \"release\": \"rel_…\"} below _infer/<model>");
        }

        var prefix = $"{model}@{release.GetString()}/";
        return reading with { Rows = [.. reading.Rows.Select(r => r with { Properties = [.. r.Properties.Select(p => prefix + p)] })] };
    }
}
