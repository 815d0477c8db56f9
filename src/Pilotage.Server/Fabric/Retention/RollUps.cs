using System.Collections.Concurrent;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Retention;

/// <summary>What windows of series came to whose points are gone.</summary>
/// <remarks>
/// They are series themselves, of a tenant that nobody is: count, least, greatest and sum of each window, at its start. What was summed up
/// once is never summed up again from what came later, so a window tells what its points were when they went.
/// </remarks>
internal sealed class RollUps
{
    /// <summary>Lengths that windows may have, by the name they are kept under.</summary>
    public static IReadOnlyList<(string Name, long Ns)> Lengths { get; } = [("1m", 60_000_000_000), ("1h", 3_600_000_000_000), ("1d", 86_400_000_000_000)];

    // A slash is in no name that devices give a property and a tilde in none of a tenant, so nothing that they send gets here.
    private const string Suffix = "~rolled";
    private static readonly string[] Parts = ["count", "min", "max", "sum"];

    private readonly TimeSeriesStore _store;
    private readonly ConcurrentDictionary<SeriesKey, long> _floors;

    public RollUps(TimeSeriesStore store, RetentionStore catalogue)
    {
        _store = store;
        _floors = new(catalogue.Floors().Select(floor => KeyValuePair.Create(floor.Key, floor.FloorNs)));
    }

    /// <summary>Whose windows are kept under another tenant.</summary>
    public static TenantId TenantOf(TenantId tenant) => new(tenant.Value + Suffix);

    /// <summary>The names under which windows of a property are kept.</summary>
    public static string[] NamesOf(string property, long windowNs) => Array.ConvertAll(Parts, part => $"{property}/{Lengths.First(length => length.Ns == windowNs).Name}/{part}");

    /// <summary>Of which property something is kept under a name. What a model gave has a slash of its own: <c>days@rul/1</c>.</summary>
    public static string PropertyOf(string name) => name[..name.LastIndexOf('/', name.LastIndexOf('/') - 1)];

    /// <summary>Puts windows of a series into a batch.</summary>
    public static void Add(PointBatch batch, SeriesKey key, long windowNs, IEnumerable<WindowAggregate> windows, long nowNs)
    {
        var names = NamesOf(key.Property, windowNs);
        Span<double> values = stackalloc double[Parts.Length];
        foreach (var window in windows)
        {
            (values[0], values[1], values[2], values[3]) = (window.Count, window.Min, window.Max, window.Sum);
            batch.AddRow(TenantOf(key.Tenant), key.Device, window.StartNs, nowNs, names, values, Quality.Good);
        }
    }

    /// <summary>Properties of a device of which windows are kept, also where no point is left.</summary>
    public HashSet<string> PropertiesOf(TenantId tenant, DeviceId device) =>
        _store.Series(TenantOf(tenant), device).Select(key => PropertyOf(key.Property)).ToHashSet(StringComparer.Ordinal);

    /// <summary>What has to go of windows where points are deleted: each that may hold one of them.</summary>
    public IEnumerable<Deletion> DeletionsOf(Deletion deletion)
    {
        var tenant = TenantOf(deletion.Tenant);
        var kept = _store.Series(tenant, deletion.Device).Select(key => key.Property).ToHashSet(StringComparer.Ordinal);
        foreach (var (name, length) in Lengths)
        {
            string[] names = [.. kept.Where(one => one.Split('/')[^2] == name && deletion.Properties?.Contains(PropertyOf(one)) != false)];
            if (names.Length > 0)
            {
                var from = deletion.FromNs < long.MinValue + length ? long.MinValue : WindowAggregate.StartOf(deletion.FromNs, length);
                yield return new Deletion(tenant, deletion.Device, names, from, deletion.ToNs);
            }
        }
    }

    /// <summary>How many windows these would take away.</summary>
    public long CountOf(IEnumerable<Deletion> ofWindows) => ofWindows.Sum(deletion => deletion.Properties!.Where(name => name.EndsWith(Parts[0], StringComparison.Ordinal))
        .Sum(name => _store.Read(new SeriesKey(deletion.Tenant, deletion.Device, name), deletion.FromNs, deletion.ToNs).LongCount()));

    /// <summary>Up to where windows answer for the points of a series; null where its points all do.</summary>
    public long? FloorOf(SeriesKey key) => _floors.TryGetValue(key, out var floorNs) ? floorNs : null;

    /// <summary>Whether no windows were made of any series.</summary>
    public bool IsEmpty => _floors.IsEmpty;

    /// <summary>Up to where windows are all that is left of the points of a series in a time; null where points answer for all of it, or nothing is left.</summary>
    /// <param name="key">The series.</param>
    /// <param name="fromNs">The first time that counts.</param>
    /// <param name="toNs">The first time that counts no more.</param>
    public long? WindowsUntil(SeriesKey key, long fromNs, long toNs)
    {
        if (FloorOf(key) is not { } floorNs || floorNs <= fromNs || toNs <= fromNs)
        {
            return null;
        }

        var until = Math.Min(toNs, floorNs);
        foreach (var (_, length) in Lengths)
        {
            // One that begins before the time reaches into it.
            var kept = new SeriesKey(TenantOf(key.Tenant), key.Device, NamesOf(key.Property, length)[0]);
            var first = fromNs < long.MinValue + length ? long.MinValue : WindowAggregate.StartOf(fromNs, length);
            if (_store.KindOf(kept) is not null && _store.Read(kept, first, until - 1).Any())
            {
                return until;
            }
        }

        return null;
    }

    /// <summary>Whether windows are there of a series, whatever is of its points.</summary>
    public bool Holds(TenantId tenant, DeviceId device, string property) => WindowsUntil(new SeriesKey(tenant, device, property), long.MinValue, long.MaxValue) is not null;

    /// <summary>Takes note that windows answer for a series before a time, once that is on disk; a floor never falls.</summary>
    public void Raise(SeriesKey key, long floorNs) => _floors.AddOrUpdate(key, floorNs, (_, before) => Math.Max(before, floorNs));

    /// <summary>Windows of a series of both: before the floor of windows that were kept, after it of points. So each point counts once, before, while and after it goes.</summary>
    /// <param name="key">The series.</param>
    /// <param name="fromNs">The first time that counts.</param>
    /// <param name="toNs">The first time that counts no more.</param>
    /// <param name="windowNs">Length of a window; null where all points make one.</param>
    /// <param name="withEnds">Whether the first and the last point are asked for; windows that were kept have none.</param>
    public IEnumerable<WindowAggregate> Aggregate(SeriesKey key, long fromNs, long toNs, long? windowNs, bool withEnds)
    {
        if (FloorOf(key) is not { } floorNs || floorNs <= fromNs)
        {
            return _store.Aggregate(key, fromNs, toNs, windowNs, withEnds);
        }

        // The window of points that is open at the floor begins there, and is put into the one that it is a part of.
        var points = _store.Aggregate(key, floorNs, toNs, windowNs, withEnds).Select(window => windowNs is null ? window with { StartNs = fromNs } : window);
        return Merged(Read(key, fromNs, Math.Min(toNs, floorNs), windowNs), points);
    }

    /// <summary>Length of windows that were kept of a time asked for, and of which no window of this length can be made; null where there are none.</summary>
    public string? LeftOut(SeriesKey key, long fromNs, long? windowNs)
    {
        if (windowNs is not { } asked || !(FloorOf(key) > fromNs))
        {
            return null;
        }

        return Lengths.Where(length => asked % length.Ns != 0 && _store.KindOf(new SeriesKey(TenantOf(key.Tenant), key.Device, NamesOf(key.Property, length.Ns)[0])) is not null)
            .Select(length => length.Name).LastOrDefault();
    }

    /// <summary>Length of windows that were kept and are left out because a time asked for cuts them at one of its ends; null where it cuts none.</summary>
    public string? Cut(SeriesKey key, long fromNs, long toNs, long? windowNs)
    {
        if (FloorOf(key) is not { } floorNs || floorNs <= fromNs)
        {
            return null;
        }

        bool Cuts(SeriesKey kept, long atNs, long length) =>
            atNs > long.MinValue + length && WindowAggregate.StartOf(atNs, length) is var start && start < atNs && _store.Read(kept, start, start).Any();
        return Lengths.Where(length => windowNs is not { } asked || asked % length.Ns == 0)
            .Select(length => (length.Name, length.Ns, Kept: new SeriesKey(TenantOf(key.Tenant), key.Device, NamesOf(key.Property, length.Ns)[0])))
            .Where(one => _store.KindOf(one.Kept) is not null && (Cuts(one.Kept, fromNs, one.Ns) || (toNs < floorNs && Cuts(one.Kept, toNs, one.Ns))))
            .Select(one => one.Name).LastOrDefault();
    }

    /// <summary>Windows that were kept of a series, that lie in a time and are some of them a window of the query, in order.</summary>
    private IEnumerable<WindowAggregate> Read(SeriesKey key, long fromNs, long toNs, long? windowNs)
    {
        IEnumerable<WindowAggregate> all = [];
        foreach (var (_, length) in Lengths)
        {
            var names = NamesOf(key.Property, length);
            var kept = Array.ConvertAll(names, name => new SeriesKey(TenantOf(key.Tenant), key.Device, name));
            if ((windowNs is { } asked && asked % length != 0) || _store.KindOf(kept[0]) is null)
            {
                continue;
            }

            var first = fromNs == long.MinValue ? fromNs : WindowAggregate.StartOf(fromNs, length) is var start && start < fromNs ? start + length : start;
            var last = toNs < long.MinValue + length ? long.MinValue : toNs - length;
            all = all.Concat(Windows(kept, first, last));
        }

        return all.OrderBy(window => window.StartNs).Select(window => window with { StartNs = windowNs is { } asked ? WindowAggregate.StartOf(window.StartNs, asked) : fromNs });
    }

    /// <summary>Sums of points and windows as one, in order; both are in order.</summary>
    private static List<WindowAggregate> Merged(IEnumerable<WindowAggregate> windows, IEnumerable<WindowAggregate> points) => windows.Concat(points)
        .OrderBy(window => window.StartNs)
        .Aggregate(new List<WindowAggregate>(), (all, window) =>
        {
            if (all.Count > 0 && all[^1].StartNs == window.StartNs)
            {
                all[^1] = all[^1].With(window);
            }
            else
            {
                all.Add(window);
            }

            return all;
        });

    private IEnumerable<WindowAggregate> Windows(SeriesKey[] kept, long fromNs, long toNs)
    {
        // The four come in one row, so they have the same times.
        var columns = Array.ConvertAll(kept, key => _store.Read(key, fromNs, toNs));
        return columns[0].Zip(columns[1], columns[2]).Zip(columns[3], (first, sum) =>
            new WindowAggregate(first.First.TimeNs, (long)first.First.Value, first.Second.Value, first.Third.Value, sum.Value, null, null));
    }
}
