using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Pilotage.Server.Fabric.Query;

/// <summary>Groups of an <see cref="AggregateEndpoint.AggregateView"/>, written as they stand: there may be many points.</summary>
internal sealed class AggregateAnswer(AggregateEndpoint.AggregateView view) : IResult
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

    private void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("property", view.Property);
        json.WriteString("unit", view.Unit);
        json.WriteStartArray("columns");
        foreach (var column in view.Columns)
        {
            json.WriteStringValue(column);
        }

        json.WriteEndArray();
        json.WriteStartArray("items");
        foreach (var row in view.Items)
        {
            Write(json, row);
        }

        json.WriteEndArray();
        if (view.Note is not null)
        {
            json.WriteString("note", view.Note);
        }

        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, AggregateRow row)
    {
        json.WriteStartObject();
        json.WriteString("group", row.Group);
        if (row.Rank is { } rank)
        {
            json.WritePropertyName("rank");
            Write(json, rank);
        }

        if (row.Unit is not null)
        {
            json.WriteString("unit", row.Unit);
        }

        json.WriteStartArray("points");
        foreach (var point in row.Points)
        {
            json.WriteStartArray();
            foreach (var number in point)
            {
                Write(json, number);
            }

            json.WriteEndArray();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, double? number)
    {
        if (number is { } value)
        {
            JsonNumber.Write(json, value);
        }
        else
        {
            json.WriteNullValue();
        }
    }
}
