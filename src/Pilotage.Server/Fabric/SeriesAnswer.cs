using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric;

/// <summary>Points of a series as <see cref="SeriesEndpoints.SeriesData"/> has them, written as they stand: there may be many.</summary>
internal sealed class SeriesAnswer(SeriesKey key, SeriesKind? kind, string? unit, long total, IReadOnlyList<TypedPoint> points) : IResult
{
    private const long NsPerMs = 1_000_000;

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.ContentType = "application/json; charset=utf-8";
        await using (var json = new Utf8JsonWriter(httpContext.Response.BodyWriter))
        {
            Write(json);
        }

        await httpContext.Response.BodyWriter.FlushAsync(httpContext.RequestAborted);
    }

    private void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("device", key.Device.Value);
        json.WriteString("property", key.Property);
        if (kind is { } known)
        {
            json.WriteString("kind", JsonNamingPolicy.CamelCase.ConvertName(known.ToString()));
        }

        json.WriteString("unit", unit);
        json.WriteBoolean("decimated", points.Count < total);
        json.WriteNumber("total", total);
        json.WriteStartArray("points");
        foreach (var point in points)
        {
            Write(json, point);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>Milliseconds since 1970 and the value; a number that JSON has no way to write is left out.</summary>
    private static void Write(Utf8JsonWriter json, TypedPoint point)
    {
        if (point.Value.Kind == SeriesKind.Number && !double.IsFinite(point.Value.Number))
        {
            return;
        }

        json.WriteStartArray();
        if (point.TimeNs % NsPerMs == 0)
        {
            json.WriteNumberValue(point.TimeNs / NsPerMs);
        }
        else
        {
            json.WriteNumberValue(point.TimeNs / (double)NsPerMs);
        }

        switch (point.Value.Kind)
        {
            case SeriesKind.Whole:
                json.WriteNumberValue(point.Value.Whole);
                break;
            case SeriesKind.Number:
                json.WriteNumberValue(point.Value.Number);
                break;
            case SeriesKind.Truth:
                json.WriteBooleanValue(point.Value.IsTrue);
                break;
            case SeriesKind.Text:
                json.WriteStringValue(point.Value.Text);
                break;
            default:
                json.WriteRawValue(point.Value.Text!);
                break;
        }

        json.WriteEndArray();
    }
}
