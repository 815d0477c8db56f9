using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Pilotage.Core.Contracts;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric;

/// <summary>The last values of many devices, those of one message together, written as they stand: a dashboard asks for them again and again.</summary>
internal sealed class LatestAnswer(IReadOnlyList<Device> devices, TimeSeriesStore store, IReadOnlyCollection<string>? properties, string? nextCursor) : IResult
{
    private const int PageDefault = 10_000;
    private const int PageMax = 50_000;
    private const int FlushedFrom = 256 * 1024;
    private const double NsPerMs = 1e6;
    private static readonly string?[] QualityNames = [null, "uncertain", "bad"];
    private static readonly JsonEncodedText Ms = JsonEncodedText.Encode("ms");
    private static readonly JsonEncodedText Values = JsonEncodedText.Encode("values");

    /// <summary>Devices in order of their paths; the cursor is the last path of the page before.</summary>
    internal sealed record LatestPage(IReadOnlyList<LatestRow> Items, string? NextCursor);

    /// <summary>A device and its last values: what has the same time stands together, the latest first.</summary>
    internal sealed record LatestRow(string Device, string Path, string Thing, IReadOnlyList<LatestValues> Latest);

    /// <param name="Ms">Device time, in ms since 1970 UTC.</param>
    /// <param name="Values">By property; null where a number is not finite.</param>
    /// <param name="Quality">By property, of those that are not good; left out where all are.</param>
    internal sealed record LatestValues(double Ms, IReadOnlyDictionary<string, object?> Values, IReadOnlyDictionary<string, string>? Quality);

    /// <param name="path">Devices by their path.</param>
    /// <param name="thing">Devices of a thing type.</param>
    /// <param name="property">These properties alone, several with commas.</param>
    /// <param name="cursor">Where the page before ended.</param>
    /// <param name="limit">Devices of a page at most.</param>
    public static IResult Of(string? path, string? thing, string? property, string? cursor, int? limit, Principal who, IFleet fleet, TimeSeriesStore store)
    {
        if (cursor is not null && !TopicPath.IsDevicePath(cursor))
        {
            return QueryBounds.BadCursor(cursor).ToHttp();
        }

        return QueryBounds.Limit(limit, PageDefault, PageMax).ToHttp(size =>
        {
            var all = fleet.List(who.Tenant, new DeviceQuery { PathPattern = path, Thing = thing });
            IReadOnlyList<Device> rest = cursor is null ? all : [.. all.SkipWhile(device => string.CompareOrdinal(device.Path, cursor) <= 0)];
            var properties = property?.Split(',', StringSplitOptions.TrimEntries).ToHashSet(StringComparer.Ordinal);
            return rest.Count > size
                ? new LatestAnswer([.. rest.Take(size)], store, properties, rest[size - 1].Path)
                : new LatestAnswer(rest, store, properties, null);
        });
    }

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.ContentType = "application/json; charset=utf-8";
        var body = httpContext.Response.BodyWriter;
        var (lasts, sent) = (new List<(string Property, TypedPoint Last)>(), 0L);
        await using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteStartArray("items");
            foreach (var device in devices)
            {
                store.Lasts(device.Tenant, device.Id, lasts);
                if (properties is not null)
                {
                    lasts.RemoveAll(last => !properties.Contains(last.Property));
                }

                if (lasts.Count > 0)
                {
                    Write(json, device, lasts);
                }

                if (json.BytesCommitted - sent > FlushedFrom)
                {
                    sent = json.BytesCommitted;
                    await body.FlushAsync(httpContext.RequestAborted);
                }
            }

            json.WriteEndArray();
            if (nextCursor is not null)
            {
                json.WriteString("nextCursor", nextCursor);
            }

            json.WriteEndObject();
        }

        await body.FlushAsync(httpContext.RequestAborted);
    }

    private static void Write(Utf8JsonWriter json, Device device, List<(string Property, TypedPoint Last)> lasts)
    {
        json.WriteStartObject();
        json.WriteString("device", device.Id.Value);
        json.WriteString("path", device.Path);
        json.WriteString("thing", device.Thing);
        json.WriteStartArray("latest");

        // Fast path: all came in one message.
        var timeNs = lasts[0].Last.TimeNs;
        if (lasts.TrueForAll(last => last.Last.TimeNs == timeNs))
        {
            Write(json, timeNs, lasts);
        }
        else
        {
            foreach (var one in lasts.GroupBy(last => last.Last.TimeNs).OrderByDescending(group => group.Key))
            {
                Write(json, one.Key, [.. one]);
            }
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, long timeNs, List<(string Property, TypedPoint Last)> lasts)
    {
        json.WriteStartObject();
        json.WritePropertyName(Ms);
        JsonNumber.Write(json, timeNs / NsPerMs);
        json.WriteStartObject(Values);
        var isGood = true;
        foreach (var (name, last) in lasts)
        {
            json.WritePropertyName(name);
            SeriesJson.Write(json, last.Value);
            isGood &= last.Quality == Quality.Good;
        }

        json.WriteEndObject();
        if (!isGood)
        {
            json.WriteStartObject("quality");
            foreach (var (name, last) in lasts.Where(last => last.Last.Quality != Quality.Good))
            {
                json.WriteString(name, QualityNames[(int)last.Quality]);
            }

            json.WriteEndObject();
        }

        json.WriteEndObject();
    }
}
