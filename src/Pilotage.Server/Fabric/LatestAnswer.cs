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
    private const int FlushedFrom = 32 * 1024;
    private static readonly string?[] QualityNames = [null, "uncertain", "bad"];
    private readonly List<(string Name, byte[] Bytes)> _names = [];

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
        using var json = new JsonBytes();
        json.Add("""{"items":["""u8);
        var (lasts, isFirst) = (new List<(string Property, TypedPoint Last)>(), true);
        foreach (var device in devices)
        {
            store.Lasts(device.Tenant, device.Id, lasts);
            if (properties is not null)
            {
                lasts.RemoveAll(last => !properties.Contains(last.Property));
            }

            if (lasts.Count == 0)
            {
                continue;
            }

            Write(json, isFirst, device, lasts);
            isFirst = false;
            if (json.Length > FlushedFrom)
            {
                await body.WriteAsync(json.Written, httpContext.RequestAborted);
                json.Clear();
            }
        }

        End(json);
        await body.WriteAsync(json.Written, httpContext.RequestAborted);
    }

    private void End(JsonBytes json)
    {
        json.Add("]"u8);
        if (nextCursor is not null)
        {
            json.Add(""","nextCursor":"""u8);
            json.Text(nextCursor);
        }

        json.Add("}"u8);
    }

    private void Write(JsonBytes json, bool isFirst, Device device, List<(string Property, TypedPoint Last)> lasts)
    {
        json.Add(isFirst ? """{"device":"""u8 : """,{"device":"""u8);
        json.Text(device.Id.Value);
        json.Add(""","path":"""u8);
        json.Text(device.Path);
        json.Add(""","thing":"""u8);
        json.Text(device.Thing);
        json.Add(""","latest":["""u8);

        // Fast path: all came in one message.
        var timeNs = lasts[0].Last.TimeNs;
        if (lasts.TrueForAll(last => last.Last.TimeNs == timeNs))
        {
            Write(json, timeNs, lasts);
        }
        else
        {
            var before = ""u8;
            foreach (var one in lasts.GroupBy(last => last.Last.TimeNs).OrderByDescending(group => group.Key))
            {
                json.Add(before);
                Write(json, one.Key, [.. one]);
                before = ","u8;
            }
        }

        json.Add("]}"u8);
    }

    private void Write(JsonBytes json, long timeNs, List<(string Property, TypedPoint Last)> lasts)
    {
        json.Add("""{"ms":"""u8);
        json.Milliseconds(timeNs);
        json.Add(""","values":{"""u8);
        var isGood = true;
        for (var i = 0; i < lasts.Count; i++)
        {
            var (name, last) = lasts[i];
            json.Add(i == 0 ? ""u8 : ","u8);
            json.Add(NameOf(i, name));
            json.Value(last.Value);
            isGood &= last.Quality == Quality.Good;
        }

        json.Add("}"u8);
        if (!isGood)
        {
            WriteQuality(json, lasts);
        }

        json.Add("}"u8);
    }

    private static void WriteQuality(JsonBytes json, List<(string Property, TypedPoint Last)> lasts)
    {
        json.Add(""","quality":{"""u8);
        var before = ""u8;
        foreach (var (name, last) in lasts)
        {
            if (last.Quality != Quality.Good)
            {
                json.Add(before);
                json.Add(JsonBytes.Name(name));
                json.Text(QualityNames[(int)last.Quality]!);
                before = ","u8;
            }
        }

        json.Add("}"u8);
    }

    /// <summary>A name before its value; most devices have the same ones in the same places.</summary>
    private byte[] NameOf(int place, string name)
    {
        if (place == _names.Count)
        {
            _names.Add((name, JsonBytes.Name(name)));
        }
        else if (_names[place].Name != name)
        {
            _names[place] = (name, JsonBytes.Name(name));
        }

        return _names[place].Bytes;
    }
}
