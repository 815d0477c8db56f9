using Pilotage.Core;
using Pilotage.TimeSeries.Head;
using Pilotage.TimeSeries.Query;
using Pilotage.TimeSeries.Segments;

namespace Pilotage.TimeSeries;

/// <content>Queries: each sees what was visible when it began, and holds a few blocks at a time.</content>
public sealed partial class TimeSeriesStore
{
    private const double GapFactor = 1.5;
    private readonly LoadedBlocks _loaded = new();

    /// <summary>The series of a tenant, or of one device of it, in order of device and property.</summary>
    public IReadOnlyList<SeriesKey> Series(TenantId tenant, DeviceId? device)
    {
        lock (_gate)
        {
            return [.. DevicesOf(tenant, device)
                .OrderBy(each => each.Device.Value, StringComparer.Ordinal)
                .SelectMany(each => each.Series.Where(series => series.TellsLast).Select(series => new SeriesKey(tenant, each.Device, series.Property)))];
        }
    }

    /// <summary>The last point of every series of a device, from memory, in order of property.</summary>
    public IReadOnlyList<(string Property, TypedPoint Last)> Lasts(TenantId tenant, DeviceId device)
    {
        lock (_gate)
        {
            return [.. DevicesOf(tenant, device).SelectMany(each => each.Series.Where(series => series.TellsLast).Select(series => (series.Property, series.Last)))];
        }
    }

    /// <summary>The same for who asks of many devices: into a list that is emptied before.</summary>
    public void Lasts(TenantId tenant, DeviceId device, List<(string Property, TypedPoint Last)> into)
    {
        into.Clear();
        lock (_gate)
        {
            if (_shapes.Find(tenant, device) is not { } found)
            {
                return;
            }

            foreach (var series in found.Series)
            {
                if (series.TellsLast)
                {
                    into.Add((series.Property, series.Last));
                }
            }
        }
    }

    /// <summary>The point with the greatest device time, from memory; what is not a number as NaN.</summary>
    public bool TryGetLast(SeriesKey key, out Point point)
    {
        var isKnown = TryGetLastTyped(key, out var last);
        point = isKnown ? new Point(last.TimeNs, last.Value.Number, last.Quality) : default;
        return isKnown;
    }

    /// <summary>The points from a time to a time, both included, in order of time; of one time the last to arrive.</summary>
    /// <remarks>Whole numbers are rounded beyond 2^53, true is 1 and false 0; what is not a number is NaN.</remarks>
    public IEnumerable<Point> Read(SeriesKey key, long fromNs, long toNs)
    {
        foreach (var run in Runs(key, fromNs, toNs))
        {
            for (var i = 0; i < run.Count; i++)
            {
                yield return run.PointAt(i);
            }
        }
    }

    /// <summary>The points from a time to before another one, summed up by windows; windows without a point are left out.</summary>
    /// <param name="key">Its series.</param>
    /// <param name="fromNs">The first time that counts.</param>
    /// <param name="toNs">The first time that counts no more.</param>
    /// <param name="windowNs">Length of a window, aligned to the epoch; without one, all points make one window that begins at <paramref name="fromNs"/>.</param>
    /// <param name="withEnds">
    /// Whether the first and the last point of each window are asked for. Without them, what was summed up when it was
    /// written answers for most of the points, and only the rest is read.
    /// </param>
    public IEnumerable<WindowAggregate> Aggregate(SeriesKey key, long fromNs, long toNs, long? windowNs, bool withEnds)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(windowNs ?? 1, nameof(windowNs));
        if (toNs <= fromNs)
        {
            return [];
        }

        var sources = Sources(key.Tenant, key.Device, [key.Property], fromNs, toNs - 1, byTime: true);
        var stretches = withEnds
            ? ColumnRuns.Of(sources, fromNs, toNs - 1).Select(run => new SeriesStretch(run, null, 0))
            : ColumnRuns.Sums(sources, fromNs, toNs - 1, windowNs);
        return WindowSums.Of(stretches, fromNs, windowNs);
    }

    /// <summary>About how many points a query of these times has to read: those of every block that it touches.</summary>
    public long PointsTouched(SeriesKey key, long fromNs, long toNs)
    {
        lock (_gate)
        {
            if (_shapes.Find(key.Tenant, key.Device) is not { } device)
            {
                return 0;
            }

            long touched = 0;
            string[] asked = [key.Property];
            foreach (var block in device.Blocks)
            {
                touched += block.LastNs >= fromNs && block.FirstNs <= toNs && block.Shape.IndexOf(key.Property) >= 0 && !IsGone(device, block, asked) ? block.Rows : 0;
            }

            foreach (var shape in device.Shapes)
            {
                touched += shape.IndexOf(key.Property) < 0 ? 0 : (_sealing?.Find(shape)?.Count ?? 0) + (_active.Find(shape)?.Count ?? 0);
            }

            return touched;
        }
    }

    /// <summary>The messages of devices in the order they arrived, also those that were replaced later.</summary>
    /// <remarks>Times are device times, both ends included; messages with none of the properties are left out.</remarks>
    public IEnumerable<ArrivedRow> Replay(
        TenantId tenant, IReadOnlyList<DeviceId> devices, IReadOnlyList<string> properties, long fromNs, long toNs) =>
        Replay(tenant, devices, properties, fromNs, toNs, Row);

    private IEnumerable<T> Replay<T>(
        TenantId tenant,
        IReadOnlyList<DeviceId> devices,
        IReadOnlyList<string> properties,
        long fromNs,
        long toNs,
        Func<RowCursor, T> rowAt)
    {
        var sources = new List<RowSource>();
        foreach (var device in devices.Distinct())
        {
            sources.AddRange(Sources(tenant, device, properties, fromNs, toNs, byTime: false));
        }

        foreach (var cursor in RowMerge.Of(sources, byTime: false, BlockParts.All))
        {
            var time = cursor.Rows.Times[cursor.Row];
            if (time >= fromNs && time <= toNs)
            {
                yield return rowAt(cursor);
            }
        }
    }

    /// <summary>What a series holds, counted by reading it, and how it was delivered.</summary>
    public SeriesStatistics Statistics(SeriesKey key)
    {
        long overwritten;
        long repeated;
        long late;
        lock (_gate)
        {
            if (StateOf(key) is not { } state)
            {
                return new SeriesStatistics();
            }

            (overwritten, repeated, late) = (state.Overwritten, state.Repeated, state.Late);
        }

        var times = new List<long>();
        long notFinite = 0;
        long notGood = 0;
        var isText = KindOf(key) >= SeriesKind.Text;
        foreach (var point in Read(key, long.MinValue, long.MaxValue))
        {
            times.Add(point.TimeNs);
            notFinite += isText || double.IsFinite(point.Value) ? 0 : 1;
            notGood += point.Quality == Quality.Good ? 0 : 1;
        }

        return Intervals(times) with
        {
            Overwritten = overwritten,
            Repeated = repeated,
            Late = late,
            NotFinite = notFinite,
            NotGood = notGood,
        };
    }

    private static SeriesStatistics Intervals(List<long> times)
    {
        if (times.Count < 2)
        {
            var only = times.Count == 0 ? 0 : times[0];
            return new SeriesStatistics { Count = times.Count, FirstNs = only, LastNs = only };
        }

        var intervals = new long[times.Count - 1];
        for (var i = 0; i < intervals.Length; i++)
        {
            intervals[i] = times[i + 1] - times[i];
        }

        Array.Sort(intervals);
        var median = intervals[intervals.Length / 2];
        return new SeriesStatistics
        {
            Count = times.Count,
            FirstNs = times[0],
            LastNs = times[^1],
            IntervalNs = median,
            Gaps = intervals.LongCount(interval => interval > median * GapFactor),
            LongestGapNs = intervals[^1],
            Coverage = Math.Min(1, times.Count / (((double)(times[^1] - times[0]) / median) + 1)),
        };
    }

    private static ArrivedRow Row(RowCursor cursor)
    {
        var (rows, row) = (cursor.Rows, cursor.Row);
        var values = new double[cursor.Columns.Length];
        for (var i = 0; i < values.Length; i++)
        {
            var column = cursor.Columns[i];
            values[i] = column < 0 || !rows.IsThere(row, column) ? double.NaN : rows.Number(row, column);
        }

        return new ArrivedRow(rows.Shape.Device, rows.Times[row], values, rows.Arrivals[row], rows.ReceivedTimes[row], Worst(cursor));
    }

    private static Quality Worst(RowCursor cursor)
    {
        var worst = Quality.Good;
        foreach (var column in cursor.Columns)
        {
            var quality = column < 0 || !cursor.Rows.IsThere(cursor.Row, column) ? Quality.Good : cursor.Rows.QualityOf(cursor.Row, column);
            worst = quality > worst ? quality : worst;
        }

        return worst;
    }

    private static TypedPoint? Newest(List<RowSpanAt> stored, string property)
    {
        TypedPoint? newest = null;
        var arrival = long.MinValue;
        foreach (var row in stored)
        {
            var column = row.Shape.IndexOf(property);
            if (column >= 0 && row.Arrival > arrival && row.PointAt(column) is { } point)
            {
                newest = point;
                arrival = row.Arrival;
            }
        }

        return newest;
    }

    private IEnumerable<DeviceSeries> DevicesOf(TenantId tenant, DeviceId? device) => device is not { } one
        ? _shapes.Devices.Where(each => each.Tenant == tenant)
        : _shapes.Find(tenant, one) is { } found ? [found] : [];

    private SeriesState? StateOf(SeriesKey key) =>
        _shapes.Find(key.Tenant, key.Device) is { } device && device.TryGetSeries(key.Property, out var state) ? state : null;

    private IEnumerable<ColumnRun> Runs(SeriesKey key, long fromNs, long toNs) =>
        ColumnRuns.Of(Sources(key.Tenant, key.Device, [key.Property], fromNs, toNs, byTime: true), fromNs, toNs);

    private List<RowSource> Sources(
        TenantId tenant, DeviceId device, IReadOnlyList<string> properties, long fromNs, long toNs, bool byTime)
    {
        var (sources, range) = (new List<RowSource>(), new TimeRange(fromNs, toNs));
        lock (_gate)
        {
            if (_shapes.Find(tenant, device) is not { } series)
            {
                return sources;
            }

            var columns = new int[]?[series.Shapes.Count];
            foreach (var shape in series.Shapes)
            {
                if (ColumnsOf(shape, properties) is { } where)
                {
                    columns[shape.Ordinal] = where;
                    AddHead(sources, _sealing?.Find(shape), where, series.Tombstones, byTime);
                    AddHead(sources, _active.Find(shape), where, series.Tombstones, byTime);
                }
            }

            foreach (var block in series.Blocks)
            {
                if (block.LastNs >= fromNs && block.FirstNs <= toNs && columns[block.Shape.Ordinal] is { } where && !IsGone(series, block, properties))
                {
                    sources.Add(new RowSource(block, where, series.Tombstones, byTime) { Range = range });
                }
            }
        }

        return sources;
    }

    /// <summary>Whether all that is asked for of a block was deleted.</summary>
    private static bool IsGone(DeviceSeries device, BlockRef block, IReadOnlyList<string> properties)
    {
        foreach (var tombstone in device.Tombstones)
        {
            if (tombstone.HidesAll(block, properties))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Where properties stand in a shape, -1 where it has one not; null where it has none.</summary>
    private static int[]? ColumnsOf(Shape shape, IReadOnlyList<string> properties)
    {
        var (columns, hasSome) = (new int[properties.Count], false);
        for (var i = 0; i < columns.Length; i++)
        {
            columns[i] = shape.IndexOf(properties[i]);
            hasSome |= columns[i] >= 0;
        }

        return hasSome ? columns : null;
    }

    private static void AddHead(List<RowSource> sources, RowTable? table, int[] columns, IReadOnlyList<Tombstone> tombstones, bool byTime)
    {
        if (table is { Count: > 0 })
        {
            sources.Add(new RowSource(table.Snapshot(), columns, tombstones, byTime));
        }
    }

    /// <summary>All stored rows of a device at a time: the slow path of late and repeated arrivals.</summary>
    private List<RowSpanAt> StoredAt(Shape arriving, long timeNs)
    {
        var stored = new List<RowSpanAt>();
        var device = _shapes.Find(arriving.Tenant, arriving.Device)!;
        foreach (var shape in device.Shapes)
        {
            AddStored(stored, _active.Find(shape), device.Tombstones, timeNs);
            AddStored(stored, _sealing?.Find(shape), device.Tombstones, timeNs);
        }

        foreach (var block in device.Blocks)
        {
            if (timeNs < block.FirstNs || timeNs > block.LastNs || _loaded.Find(block, timeNs) is not var (rows, row))
            {
                continue;
            }

            Tombstone[] hiding = [.. device.Tombstones.Where(tombstone => tombstone.Touches(block))];
            stored.Add(new RowSpanAt(block.Shape, column => PointAt(rows, row, column, hiding), rows.Arrivals[row]));
        }

        return stored;
    }

    private static void AddStored(List<RowSpanAt> stored, RowTable? table, IReadOnlyList<Tombstone> tombstones, long timeNs)
    {
        if (table is not null && table.TryFind(timeNs, out var row))
        {
            var rows = table.Snapshot();
            stored.Add(new RowSpanAt(table.Shape, column => PointAt(rows, row, column, tombstones), rows.Arrivals[row]));
        }
    }

    private static TypedPoint? PointAt(RowSpan rows, int row, int column, IReadOnlyList<Tombstone> tombstones)
    {
        var isHidden = !rows.IsThere(row, column);
        foreach (var tombstone in tombstones)
        {
            isHidden |= tombstone.Hides(rows.Times[row], rows.Arrivals[row], rows.Shape.Properties[column]);
        }

        return isHidden ? null : rows.TypedPoint(row, column);
    }
}
