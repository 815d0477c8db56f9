using System.Diagnostics;
using System.Globalization;
using Pilotage.Core;
using Pilotage.Core.Durability;
using Pilotage.TimeSeries;

namespace Pilotage.Load.Store;

/// <summary>What the time-series store costs: 200 devices of 24 decimal values, every batch durable before it counts.</summary>
internal static class StoreBench
{
    private const int Devices = 200;
    private const int InFlight = 256;
    private const long HourNs = 3_600_000_000_000;
    private static readonly TenantId Tenant = new("bench");
    private static readonly string[] Properties = [.. Enumerable.Range(1, 24).Select(i => $"s{i}")];
    private static readonly DeviceId[] Ids = [.. Enumerable.Range(0, Devices).Select(i => new DeviceId($"engine-{i:D3}"))];

    /// <summary>Arguments: <c>--messages</c> (200,000), <c>--batch</c> messages a commit call (1), <c>--dir</c> (a temporary folder).</summary>
    public static async Task<IReadOnlyList<BenchRow>> RunAsync(BenchArguments arguments)
    {
        var messages = int.Parse(arguments.Get("messages", "200000"), CultureInfo.InvariantCulture);
        var perBatch = int.Parse(arguments.Get("batch", "1"), CultureInfo.InvariantCulture);
        var parent = arguments.Get("dir", Path.GetTempPath());
        var path = Path.Combine(parent, $"pilotage-bench-{Environment.ProcessId}");
        try
        {
            return await MeasureAsync(path, messages, perBatch);
        }
        finally
        {
            Directory.Delete(path, recursive: true);
        }
    }

    private static async Task<IReadOnlyList<BenchRow>> MeasureAsync(string path, int messages, int perBatch)
    {
        var points = (long)messages * Properties.Length;
        var store = Open(path);
        var began = Cpu();
        var started = TimeProvider.System.GetTimestamp();
        await IngestAsync(store, messages, perBatch);
        var ingestCpu = Cpu() - began;
        var ingestWall = TimeProvider.System.GetElapsedTime(started).TotalSeconds;
        await store.DisposeAsync();

        began = Cpu();
        store = Open(path);
        var openCpu = Cpu() - began;

        began = Cpu();
        var replayed = store.Replay(Tenant, Ids, Properties, long.MinValue, long.MaxValue).Sum(row => (long)row.Values.Length);
        var replayCpu = Cpu() - began;

        began = Cpu();
        var read = store.Series(Tenant, null).Sum(key => (long)store.Read(key, long.MinValue, long.MaxValue).Count());
        var readCpu = Cpu() - began;
        await store.DisposeAsync();

        var bytes = new DirectoryInfo(path).GetFiles("segment-*").Sum(file => file.Length);
        return
        [
            new BenchRow($"durable ingest, {perBatch} messages a call", "k points/CPU s", points / ingestCpu / 1e3, null, null, 200, 1000, true),
            new BenchRow("durable ingest, by the clock", "k points/s", points / ingestWall / 1e3, null, null, null, null, true),
            new BenchRow("lost or doubled points", "points", Math.Abs(replayed - points) + Math.Abs(read - points), null, null, 0, 0),
            new BenchRow("in segments", "bytes/point", bytes == 0 ? null : (double)bytes / points, null, null, 2, 1.4),
            new BenchRow("opening", "CPU ms", openCpu * 1e3, null, null, 1000, 200),
            new BenchRow("replay in order of arrival", "M points/CPU s", replayed / replayCpu / 1e6, null, null, 5, 20, true),
            new BenchRow("reading series by series", "M points/CPU s", read / readCpu / 1e6, null, null, 1, 5, true),
        ];
    }

    private static async Task IngestAsync(TimeSeriesStore store, int messages, int perBatch)
    {
        var random = new Random(1);
        var values = new double[Properties.Length];
        var window = new Queue<Task>();
        for (var sent = 0; sent < messages; sent += perBatch)
        {
            var batch = new PointBatch();
            for (var message = sent; message < Math.Min(sent + perBatch, messages); message++)
            {
                var cycle = message / Devices;
                for (var i = 0; i < values.Length; i++)
                {
                    // A walk with noise, at two decimals, as sensors deliver it.
                    values[i] = Math.Round(500 + (10 * i) + Math.Sin(cycle / 50.0) + random.NextDouble(), 2);
                }

                batch.AddRow(Tenant, Ids[message % Devices], cycle * HourNs, 0, Properties, values, Quality.Good);
            }

            window.Enqueue(store.AppendAsync(batch, null, CancellationToken.None).AsTask());
            if (window.Count == InFlight)
            {
                await window.Dequeue();
            }
        }

        await Task.WhenAll(window);
    }

    private static TimeSeriesStore Open(string path) =>
        TimeSeriesStore.Open(new PosixDirectory(path), new TimeSeriesOptions(), TimeProvider.System);

    private static double Cpu()
    {
        using var process = Process.GetCurrentProcess();
        return process.TotalProcessorTime.TotalSeconds;
    }
}
