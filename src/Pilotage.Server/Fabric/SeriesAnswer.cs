using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric;

/// <summary>Points of a series as <see cref="SeriesEndpoints.SeriesData"/> has them, written as they stand: there may be many.</summary>
internal sealed class SeriesAnswer(SeriesKey key, SeriesKind? kind, string? unit, long total, IReadOnlyList<TypedPoint> points) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.ContentType = "application/json; charset=utf-8";
        await using (var json = new Utf8JsonWriter(httpContext.Response.BodyWriter))
        {
            Write(json);
        }

        await httpContext.Response.BodyWriter.FlushAsync(httpContext.RequestAborted);
    }

    /// <summary>Milliseconds since 1970 and the value; a number that JSON has no way to write is left out.</summary>
    public static void Write(Utf8JsonWriter json, TypedPoint point)
    {
        if (point.Value.Kind == SeriesKind.Number)
        {
            WriteNumber(json, point.TimeNs, point.Value.Number);
            return;
        }

        json.WriteStartArray();
        JsonNumber.WriteMilliseconds(json, point.TimeNs);
        SeriesJson.Write(json, point.Value);
        json.WriteEndArray();
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

    /// <summary>Fast path, for there may be many: one call for both.</summary>
    private static void WriteNumber(Utf8JsonWriter json, long timeNs, double value)
    {
        if (!double.IsFinite(value))
        {
            return;
        }

        Span<byte> text = stackalloc byte[(2 * JsonNumber.BytesMax) + 3];
        text[0] = (byte)'[';
        var length = 1 + JsonNumber.FormatMilliseconds(timeNs, text[1..]);
        text[length++] = (byte)',';
        length += JsonNumber.Format(value, text[length..]);
        text[length++] = (byte)']';
        json.WriteRawValue(text[..length], skipInputValidation: true);
    }
}
