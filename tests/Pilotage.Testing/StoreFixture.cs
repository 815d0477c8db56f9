using Pilotage.Core;
using Pilotage.TimeSeries;

namespace Pilotage.Testing;

/// <summary>A store on a simulated disk, driven by hand.</summary>
public sealed class StoreFixture
{
    public const long Hour = 3_600_000_000_000;

    public static readonly TenantId Tenant = new("acme");

    public SimulatedDisk Disk { get; init; } = new(new Random(1));

    public InlineScheduler Scheduler { get; } = new();

    public ManualTime Time { get; } = new();

    public TimeSeriesOptions Options { get; init; } = new() { LogSegmentBytes = 16 * 1024, MergedSegments = 3 };

    public TimeSeriesStore Open(int headPointsMax = 100, int blockRowsMax = 16) => TimeSeriesStore.Open(
        Disk.Root,
        Options with { HeadPointsMax = headPointsMax, BlockRowsMax = blockRowsMax, Writer = Scheduler, Sealer = Scheduler },
        Time);

    public static SeriesKey Key(string device, string property) => new(Tenant, new DeviceId(device), property);

    public static PointBatch Row(string device, long timeNs, params (string Property, double Value)[] values)
    {
        var batch = new PointBatch { ReceivedNs = timeNs + 5 };
        foreach (var (property, value) in values)
        {
            batch.Add(Key(device, property), timeNs, value, Quality.Good, timeNs + 3);
        }

        return batch;
    }

    /// <summary>The same with values of any kind.</summary>
    public static PointBatch TypedRow(string device, long timeNs, params (string Property, SeriesValue Value)[] values)
    {
        var batch = new PointBatch { ReceivedNs = timeNs + 5 };
        batch.AddRow(
            Tenant,
            new DeviceId(device),
            timeNs,
            timeNs + 3,
            Array.ConvertAll(values, pair => pair.Property),
            Array.ConvertAll(values, pair => pair.Value),
            Quality.Good);
        return batch;
    }

    public static List<TypedPoint> AllTyped(TimeSeriesStore store, string device, string property) =>
        [.. store.ReadTyped(Key(device, property), long.MinValue, long.MaxValue)];

    public static List<Point> All(TimeSeriesStore store, string device, string property) =>
        [.. store.Read(Key(device, property), long.MinValue, long.MaxValue)];
}
