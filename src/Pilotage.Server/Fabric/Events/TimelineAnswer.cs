using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Pilotage.Server.Fabric.Ingest;
using Pilotage.Server.Fabric.Meaning;
using Pilotage.Server.Hosting;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Events;

/// <summary>A timeline as <see cref="TimelineEndpoint.TimelineView"/> has it, sent as it is read: a series at a time, then events by the hundred.</summary>
internal sealed class TimelineAnswer(TimelineQuery query, TimeSeriesStore store, EventStore events, ThingBook things, Turnstile.Place place) : IResult
{
    private const int EventsAtOnce = 200;

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var (response, gone) = (httpContext.Response, httpContext.RequestAborted);
        using (place)
        {
            try
            {
                response.ContentType = "application/json; charset=utf-8";
                await using var json = new Utf8JsonWriter(response.BodyWriter);
                json.WriteStartObject();
                json.WriteString("device", query.Device.Id.Value);
                json.WriteString("path", query.Device.Path);
                json.WriteString("from", Clock.FromNs(query.FromNs));
                json.WriteString("to", Clock.FromNs(query.ToNs));
                if (query.IsFirstPage)
                {
                    await SeriesAsync(json, response, gone);
                }

                var next = await EventsAsync(json, response, gone);
                json.WriteString("nextCursor", next);
                json.WriteEndObject();
                await SendAsync(json, response, gone);
                place.Result = "done";
            }
            catch (OperationCanceledException) when (gone.IsCancellationRequested)
            {
                // Counted as gone; there is nobody to tell.
            }
        }
    }

    private async Task SeriesAsync(Utf8JsonWriter json, HttpResponse response, CancellationToken gone)
    {
        json.WriteStartArray("series");
        foreach (var property in query.Properties)
        {
            var key = new SeriesKey(query.Device.Tenant, query.Device.Id, property);
            var kept = ThinnedPoints.ByTime(store.ReadTyped(key, query.FromNs, query.ToNs - 1), query.FromNs, query.ToNs, query.PointsMax, gone);
            json.WriteStartObject();
            json.WriteString("property", property);
            if (store.KindOf(key) is { } kind)
            {
                json.WriteString("kind", JsonNamingPolicy.CamelCase.ConvertName(kind.ToString()));
            }

            json.WriteString("unit", things.UnitOf(query.Device, property)?.Code);
            json.WriteBoolean("decimated", kept.Points.Count < kept.Total);
            json.WriteNumber("total", kept.Total);
            json.WritePropertyName("points");
            using (var points = new JsonBytes())
            {
                SeriesAnswer.Write(points, kept.Points);
                json.WriteRawValue(points.Written.Span, skipInputValidation: true);
            }

            json.WriteEndObject();
            await SendAsync(json, response, gone);
        }

        json.WriteEndArray();
    }

    /// <summary>Writes the events; where they go on, or null.</summary>
    private async Task<string?> EventsAsync(Utf8JsonWriter json, HttpResponse response, CancellationToken gone)
    {
        json.WriteStartArray("events");
        var (left, after) = (query.EventsMax, query.After ?? (long.MinValue, 0));
        var isMore = true;
        while (left > 0 && isMore)
        {
            var asked = Math.Min(left, EventsAtOnce);
            var page = events.Between(query.Device.Tenant, query.Device.Id, query.Types, query.FromNs, query.ToNs, after, asked + 1);
            isMore = page.Count > asked;
            foreach (var one in page.Take(asked))
            {
                json.WriteStartObject();
                json.WriteNumber("position", one.Position);
                json.WriteString("device", one.Device.Value);
                json.WriteString("type", one.Type);
                json.WriteString("source", one.Source);
                json.WriteString("id", one.Id);
                json.WriteString("at", Clock.FromNs(one.TimeNs));
                json.WritePropertyName("data");
                one.Data.WriteTo(json);
                json.WriteEndObject();
                after = (one.TimeNs, one.Position);
                left--;
            }

            await SendAsync(json, response, gone);
        }

        json.WriteEndArray();
        return isMore ? TimelineQuery.CursorOf(after.Item1, after.Item2) : null;
    }

    private static async Task SendAsync(Utf8JsonWriter json, HttpResponse response, CancellationToken gone)
    {
        await json.FlushAsync(gone);
        await response.BodyWriter.FlushAsync(gone);
    }
}
