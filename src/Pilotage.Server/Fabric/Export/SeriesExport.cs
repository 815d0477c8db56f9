using Pilotage.Server.Fleet.Contracts;
using Pilotage.TimeSeries;

namespace Pilotage.Server.Fabric.Export;

/// <summary>One row: what a device measured at one time, in the order of the properties; null where it measured nothing.</summary>
internal readonly record struct ExportRow(DeviceId Device, long TimeNs, SeriesValue?[] Values);

/// <summary>Many series of many devices as a table, device by device in order of time.</summary>
/// <remarks>Nothing is gathered: of each series of one device a block is held, however long the time is.</remarks>
internal sealed record SeriesExport(IReadOnlyList<Device> Devices, IReadOnlyList<string> Properties, long FromNs, long ToNs)
{
    /// <summary>The series that are read.</summary>
    public IEnumerable<SeriesKey> Keys => Devices.SelectMany(device => Properties.Select(property => new SeriesKey(device.Tenant, device.Id, property)));

    /// <summary>The rows; the values of each are good until the next one.</summary>
    public IEnumerable<ExportRow> Rows(TimeSeriesStore store)
    {
        var values = new SeriesValue?[Properties.Count];
        foreach (var device in Devices)
        {
            foreach (var timeNs in Times(store, device, values))
            {
                yield return new ExportRow(device.Id, timeNs, values);
            }
        }
    }

    /// <summary>Merges the series of a device; the values at each time stand in <paramref name="values"/> when it is told.</summary>
    private IEnumerable<long> Times(TimeSeriesStore store, Device device, SeriesValue?[] values)
    {
        var open = new List<IEnumerator<TypedPoint>>();
        try
        {
            var next = new PriorityQueue<int, long>();
            for (var column = 0; column < values.Length; column++)
            {
                open.Add(store.ReadTyped(new SeriesKey(device.Tenant, device.Id, Properties[column]), FromNs, ToNs - 1).Where(Counts).GetEnumerator());
                Advance(open, column, next);
            }

            while (next.TryPeek(out _, out var timeNs))
            {
                Array.Clear(values);
                while (next.TryPeek(out var column, out var at) && at == timeNs)
                {
                    next.Dequeue();
                    values[column] = open[column].Current.Value;
                    Advance(open, column, next);
                }

                yield return timeNs;
            }
        }
        finally
        {
            open.ForEach(points => points.Dispose());
        }
    }

    private static void Advance(List<IEnumerator<TypedPoint>> open, int column, PriorityQueue<int, long> next)
    {
        if (open[column].MoveNext())
        {
            next.Enqueue(column, open[column].Current.TimeNs);
        }
    }

    /// <summary>As in every query: what is bad or no number is none. Text is no number either, and counts.</summary>
    public static bool Counts(TypedPoint point) =>
        point.Quality != Quality.Bad && (point.Value.Kind != SeriesKind.Number || double.IsFinite(point.Value.Number));
}
