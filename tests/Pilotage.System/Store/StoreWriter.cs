using Pilotage.Core;
using Pilotage.Core.Durability;
using Pilotage.Testing;
using Pilotage.TimeSeries;

namespace Pilotage.System.Store;

/// <summary>A process that stores numbered messages as fast as it can and prints each number once it is acknowledged.</summary>
internal static class StoreWriter
{
    public const int Devices = 8;
    private static readonly TenantId Tenant = new("acme");
    private static readonly string[] Properties = ["id", "x", "y"];

    public static async Task RunAsync(string path, long first, bool isUnsynced)
    {
        await using var store = Open(path, isUnsynced);
        using var output = new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true };
        await output.WriteLineAsync("ready");
        var number = first - 1;
        var gate = new SemaphoreSlim(1);
        await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(async () =>
        {
            while (true)
            {
                var mine = Interlocked.Increment(ref number);
                await store.AppendAsync(Message(mine), null, CancellationToken.None);
                await gate.WaitAsync();
                await output.WriteLineAsync($"ack {mine}.");
                gate.Release();
            }
        })));
    }

    public static TimeSeriesStore Open(string path, bool isUnsynced)
    {
        IDurableDirectory directory = new PosixDirectory(path);
        return TimeSeriesStore.Open(
            isUnsynced ? new UnsyncedDirectory(directory) : directory,
            new TimeSeriesOptions { HeadPointsMax = 2_000, LogSegmentBytes = 64 * 1024 },
            TimeProvider.System);
    }

    /// <summary>All that is stored: the numbers, and whether the rest of each message fits its number.</summary>
    public static IEnumerable<(long Id, bool IsIntact)> Stored(TimeSeriesStore store) => store
        .Replay(Tenant, [.. Enumerable.Range(0, Devices).Select(index => Device(index))], Properties, long.MinValue, long.MaxValue)
        .Select(row => (row.TimeNs, row.Device == Device(row.TimeNs % Devices) && row.Values.AsSpan().SequenceEqual(Values(row.TimeNs))));

    public static PointBatch Message(long number)
    {
        var batch = new PointBatch();
        batch.AddRow(Tenant, Device(number % Devices), number, number, Properties, Values(number), Quality.Good);
        return batch;
    }

    private static DeviceId Device(long index) => new($"device-{index}");

    private static double[] Values(long number) => [number, Math.Sin(number), Math.Round(Math.Cos(number), 3)];
}
