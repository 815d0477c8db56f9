using System.Buffers;
using System.Globalization;
using Pilotage.Core;
using Pilotage.Streams;

namespace Pilotage.Load.Streams;

/// <summary>What a row costs on its way through pipelines, in process and on one core: rows in, rows out, no payloads.</summary>
internal static class StreamBench
{
    private const int Devices = 10_000;
    private const int Rows = 4_000_000;
    private const int RulesCount = 2_000;
    private const int RulesRows = 1_000_000;
    private static readonly ThingSchema Pump = new("pump", [new("vibration", "mm/s"), new("load", "%")]);

    /// <summary>Measures.</summary>
    public static Task<IReadOnlyList<BenchRow>> RunAsync(BenchArguments arguments)
    {
        var filter = Measure("INSERT INTO o SELECT device, ts, vibration * 2 + 1 AS x FROM pump WHERE load > 50");
        var tumble = Measure("""
            INSERT INTO o SELECT device, window_end AS ts, AVG(vibration) AS x
            FROM TUMBLE(TABLE pump, DESCRIPTOR(ts), INTERVAL '1' MINUTE) GROUP BY device, window_start, window_end
            """);
        var features = Measure("""
            INSERT INTO o SELECT device, ts, AVG(vibration) OVER w AS a, STDDEV(vibration) OVER w AS s, MAX(vibration) OVER w AS m,
                   REGR_SLOPE(vibration, ts) OVER w AS t, AVG(load) OVER w AS l
            FROM pump WINDOW w AS (PARTITION BY device ORDER BY ts ROWS BETWEEN 99 PRECEDING AND CURRENT ROW)
            """);
        var rare = Measure(Rules(rule => 97 + (rule / 100.0)), RulesRows);
        var half = Measure(Rules(rule => rule * 97.0 / RulesCount), RulesRows / 20, devices: 100);
        return Task.FromResult<IReadOnlyList<BenchRow>>(
        [
            new("filter + project, row in, row out", "rows/CPU s", filter.PerSecond, null, null, null, null, HigherIsBetter: true),
            new("  allocated", "bytes/row", filter.BytesPerRow, null, null, 0, 0),
            new("1-minute tumbling average, 10,000 devices", "rows/CPU s", tumble.PerSecond, null, null, 1e6, 3e6, HigherIsBetter: true),
            new("  allocated", "bytes/row", tumble.BytesPerRow, null, null, 0, 0),
            new("2,000 rules over one stream of 10,000 devices, hardly any true", "rows/CPU s", rare.PerSecond, null, null, 50e3, 150e3, HigherIsBetter: true),
            new("  memory", "kB/rule", rare.MemoryBytes / 1e3 / RulesCount, null, null, 40, 10),
            new("2,000 rules over one stream of 100 devices, half of them true", "rows/CPU s", half.PerSecond, null, null, null, null, HigherIsBetter: true),
            new("  memory", "kB/rule", half.MemoryBytes / 1e3 / RulesCount, null, null, null, null),
            new("5 aggregates over 100 rows, 10,000 devices", "rows/CPU s", features.PerSecond, null, null, null, null, HigherIsBetter: true),
            new("  state", "kB/device", features.StateBytes / 1e3 / Devices, null, null, null, null),
            new("  checkpoint", "ms", features.CheckpointMs, null, null, null, null),
        ]);
    }

    // Raised once per device and cleared under hysteresis, as alerts are.
    private static string Rules(Func<int, double> threshold) => string.Join('\n', Enumerable.Range(0, RulesCount).Select(rule =>
        string.Create(CultureInfo.InvariantCulture, $"INSERT INTO alerts SELECT device, ts, 'rule-{rule}' AS kind, vibration AS score FROM pump WHERE vibration >= {threshold(rule)};"))) + "\nINSERT INTO o SELECT device, ts, load FROM pump WHERE load > 98;";

    private static Figures Measure(string sql, int rows = Rows, int devices = Devices)
    {
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var plan = PipelineCompiler.Compile(sql, [Pump], [], new Dictionary<string, double>()).Value;
        var sink = new CountingSink();
        var flow = Dataflow.Start(plan, new Dictionary<string, IModelInvoker>(), sink, TimeProvider.System).Value;
        DeviceId[] ids = [.. Enumerable.Range(0, devices).Select(i => new DeviceId($"pump-{i}"))];
        var warm = rows / 4;
        Push(flow, ids, 0, warm);
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var cpu = Environment.CpuUsage.TotalTime;
        Push(flow, ids, warm, rows);
        cpu = Environment.CpuUsage.TotalTime - cpu;
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        if (sink.Rows == 0 || flow.Counters.Rows != warm + rows)
        {
            throw new InvalidOperationException($"Nothing was measured: {flow.Counters}, {sink.Rows} rows out.");
        }

        var state = new ArrayBufferWriter<byte>();
        flow.Checkpoint(state);
        state.ResetWrittenCount();
        var started = TimeProvider.System.GetTimestamp();
        flow.Checkpoint(state);
        var took = TimeProvider.System.GetElapsedTime(started);
        var memory = GC.GetTotalMemory(forceFullCollection: true) - before - state.Capacity;
        GC.KeepAlive(flow);
        return new(rows / cpu.TotalSeconds, (double)allocated / rows, state.WrittenCount, took.TotalMilliseconds, memory);
    }

    // A row of every device each second, as a plant would send them.
    private static void Push(Dataflow flow, DeviceId[] ids, long from, int count)
    {
        Span<double> row = stackalloc double[2];
        for (var i = from; i < from + count; i++)
        {
            (row[0], row[1]) = (i % 97, i % 100);
            flow.Push(0, ids[i % ids.Length], i / ids.Length * 1_000_000_000, row, i);
        }
    }

    private sealed record Figures(double PerSecond, double BytesPerRow, long StateBytes, double CheckpointMs, long MemoryBytes);

    private sealed class CountingSink : IPipelineSink
    {
        public long Rows { get; private set; }

        public void AlertRaised(DeviceId device, long tsNs, string kind, double score, long inputId)
        {
        }

        public void AlertCleared(DeviceId device, long tsNs, string kind, double score, long inputId)
        {
        }

        public void Row(string target, DeviceId device, long tsNs, ReadOnlySpan<double> values, long inputId) => Rows++;

        public void Inference(
            string model, DeviceId device, long tsNs, ReadOnlySpan<float> outputs, long inputId, TimeSpan elapsed)
        {
        }
    }
}
