using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric;

/// <summary>Points of a series as <see cref="SeriesEndpoints.SeriesData"/> has them, written as they stand: there may be many.</summary>
internal sealed class SeriesAnswer(SeriesKey key, SeriesKind? kind, string? unit, long total, IReadOnlyList<TypedPoint> points) : IResult
{
    // Thirteen digits of a time, some of a value; longer ones find room.
    private const int BytesPerPoint = 32;

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.ContentType = "application/json; charset=utf-8";
        using var json = new JsonBytes((points.Count + 1) * BytesPerPoint);
        Begin(json);
        Write(json, points);
        json.Add("}"u8);
        await httpContext.Response.BodyWriter.WriteAsync(json.Written, httpContext.RequestAborted);
    }

    /// <summary>An array of points, each as milliseconds since 1970 and the value; a number that JSON has no way to write is left out.</summary>
    public static void Write(JsonBytes json, IReadOnlyList<TypedPoint> points)
    {
        json.Add("["u8);
        var isFirst = true;
        for (var i = 0; i < points.Count; i++)
        {
            var point = points[i];
            var isNumber = point.Value.Kind == SeriesKind.Number;
            if (isNumber && !double.IsFinite(point.Value.Number))
            {
                continue;
            }

            json.Add(isFirst ? ""u8 : ","u8);
            isFirst = false;
            if (isNumber)
            {
                json.Pair(point.TimeNs, point.Value.Number);
                continue;
            }

            json.Add("["u8);
            json.Milliseconds(point.TimeNs);
            json.Add(","u8);
            json.Value(point.Value);
            json.Add("]"u8);
        }

        json.Add("]"u8);
    }

    private void Begin(JsonBytes json)
    {
        json.Add("""{"device":"""u8);
        json.Text(key.Device.Value);
        json.Add(""","property":"""u8);
        json.Text(key.Property);
        if (kind is { } known)
        {
            json.Add(""","kind":"""u8);
            json.Text(JsonNamingPolicy.CamelCase.ConvertName(known.ToString()));
        }

        json.Add(""","unit":"""u8);
        json.TextOrNull(unit);
        json.Add(points.Count < total ? ""","decimated":true,"total":"""u8 : ""","decimated":false,"total":"""u8);
        json.Value(SeriesValue.OfWhole(total));
        json.Add(""","points":"""u8);
    }
}
