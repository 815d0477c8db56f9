using System.Buffers;
using Pilotage.Core;
using Pilotage.Streams;
using Pilotage.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Pilotage.Tests.Streams;

/// <summary>CUMULATE and SESSION, against the plainest computation of the same and against the examples of Flink's documentation.</summary>
public sealed class WindowFunctionTests(ITestOutputHelper output)
{
    private const long MinuteNs = 60_000_000_000;
    private const string Keys = " GROUP BY device, window_start, window_end";
    private const string Cumulate = "CUMULATE(TABLE pump, DESCRIPTOR(ts), INTERVAL '20' SECOND, INTERVAL '2' MINUTE)";
    private const string Session = "SESSION(TABLE pump PARTITION BY device, DESCRIPTOR(ts), INTERVAL '10' SECOND)";
    private static readonly DeviceId[] Devices = [new("a"), new("b"), new("c")];

    // The bids of Flink's documentation of windowing table-valued functions: minutes past eight, price.
    [Fact]
    public void Cumulate_gives_what_the_documentation_of_Flink_says()
    {
        var sink = new RecordingSink();
        var flow = Pump.Start(Pump.Compile(Select("CUMULATE(TABLE pump, DESCRIPTOR(ts), INTERVAL '2' MINUTES, INTERVAL '10' MINUTES)")), sink);
        foreach (var (minute, price) in new[] { (5, 4.0), (7, 2), (9, 5), (11, 3), (13, 1), (17, 6) })
        {
            Push(flow, Pump.First, minute, price);
        }

        flow.Advance(Pump.StartNs + Pump.HourNs);
        Assert.Equal(
            [(0, 6, 4), (0, 8, 6), (0, 10, 11), (10, 12, 3), (10, 14, 4), (10, 16, 4), (10, 18, 10), (10, 20, 10)],
            sink.Rows.Select(row => ((int)row.Values[1], (int)row.Values[2], (int)row.Values[0])));
    }

    [Fact]
    public void Sessions_are_those_of_the_documentation_of_Flink()
    {
        var sink = new RecordingSink();
        var sql = "SET 'pilotage.lateness' = '1 min'; " + Select("TABLE(SESSION(TABLE pump PARTITION BY (device), DESCRIPTOR(ts), INTERVAL '5' MINUTES))");
        var flow = Pump.Start(Pump.Compile(sql), sink);
        foreach (var (device, minute, price) in new[] { ("a", 7, 4.0), ("a", 6, 2), ("b", 9, 5), ("a", 8, 3), ("b", 17, 1) })
        {
            Push(flow, new DeviceId(device), minute, price);
        }

        flow.Advance(Pump.StartNs + Pump.HourNs);
        Assert.Equal(
            ["a 6 13 9", "b 17 22 1", "b 9 14 5"],
            sink.Rows.Select(row => $"{row.Device} {row.Values[1]} {row.Values[2]} {row.Values[0]}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_row_just_the_gap_after_the_last_one_continues_its_session()
    {
        var sink = new RecordingSink();
        var flow = Pump.Start(Pump.Compile(Select("SESSION(TABLE pump, DESCRIPTOR(ts), INTERVAL '5' MINUTES)")), sink);
        foreach (var minute in new[] { 0, 5, 10, 16 })
        {
            Push(flow, Pump.First, minute, 1);
        }

        flow.Advance(Pump.StartNs + (21 * MinuteNs));
        Assert.Equal([(0.0, 15.0, 3.0)], sink.Rows.Select(row => (row.Values[1], row.Values[2], row.Values[0])));
        flow.Advance(Pump.StartNs + (21 * MinuteNs) + 1);
        Assert.Equal((16.0, 21.0, 1.0), (sink.Rows[1].Values[1], sink.Rows[1].Values[2], sink.Rows[1].Values[0]));
        Assert.Equal(2, sink.Rows.Count);
    }

    [Theory]
    [InlineData(Cumulate)]
    [InlineData(Session)]
    public void Agree_with_the_plain_computation(string window)
    {
        for (var seed = TestSize.Seed; seed < TestSize.Seed + TestSize.Count(20, 400); seed++)
        {
            output.WriteLine($"seed {seed}");
            var rows = Rows(new(seed), 300);
            var sink = new RecordingSink();
            var flow = Pump.Start(Pump.Compile("SET 'pilotage.lateness' = '15 s'; " + Fine(window)), sink);
            var taken = new List<(string Device, long TimeNs, double Value)>();
            foreach (var (device, timeNs, value) in rows)
            {
                // The load tells rows apart, so that none repeats another one.
                if (flow.Push(0, device, timeNs, Pump.Row(value, load: flow.Counters.Rows), 0) == PushResult.Taken)
                {
                    taken.Add((device.Value, timeNs, value));
                }
            }

            // An hour on, so that all has closed. Rows that were late, by the word of the source, are in neither.
            Assert.InRange(taken.Count, 100, 299);
            flow.Advance(Pump.StartNs + (100 * Pump.HourNs));
            var expected = taken.GroupBy(row => row.Device).SelectMany(device =>
                window == Session ? Sessions(device.Key, [.. device]) : Cumulated(device.Key, [.. device]));
            Assert.Equal(expected.Order(StringComparer.Ordinal), sink.Rows.Select(row => $"{row.Device} {row.Values[0]} {row.Values[1]} {row.Values[2]} {row.Values[3]:F6}").Order(StringComparer.Ordinal));
        }
    }

    [Theory]
    [InlineData(Cumulate, 3)]
    [InlineData(Session, 4)]
    public void Killed_at_any_row_and_restored_they_go_on_as_if_nothing_had_been(string window, int seed)
    {
        var plan = Pump.Compile("SET 'pilotage.lateness' = '15 s'; " + Fine(window) + "; CREATE VIEW v AS SELECT device, window_time AS ts, COUNT(*) AS n FROM " + window + Keys
            + "; INSERT INTO again SELECT device, window_end AS ts, SUM(n) AS s FROM SESSION(TABLE v, DESCRIPTOR(ts), INTERVAL '1' MINUTE)" + Keys);
        var rows = Rows(new(seed), 150);
        var whole = Run(plan, rows, rows.Count);
        Assert.Contains(whole, line => line.StartsWith("again", StringComparison.Ordinal));
        for (var cut = 0; cut <= rows.Count; cut++)
        {
            Assert.Equal(whole, Run(plan, rows, cut));
        }
    }

    [Fact]
    public void A_session_that_fills_up_keeps_its_beginning_and_the_newest_rows_and_counts_the_others()
    {
        var sink = new RecordingSink();
        var flow = Pump.Start(Pump.Compile(Select("SESSION(TABLE pump, DESCRIPTOR(ts), INTERVAL '5' MINUTES)"), new() { WindowRowsMax = 3 }), sink);
        for (var minute = 0; minute < 5; minute++)
        {
            Push(flow, Pump.First, minute, minute);
        }

        flow.Advance(Pump.StartNs + Pump.HourNs);
        Assert.Equal((9.0, 0.0, 9.0), (Assert.Single(sink.Rows).Values[0], sink.Rows[0].Values[1], sink.Rows[0].Values[2]));
        Assert.Equal(2, flow.Counters.WindowRowsDropped);
    }

    [Fact]
    public void A_forgotten_device_begins_anew()
    {
        var sink = new RecordingSink();
        var flow = Pump.Start(Pump.Compile(Select("SESSION(TABLE pump, DESCRIPTOR(ts), INTERVAL '5' MINUTES)")), sink);
        Push(flow, Pump.First, 0, 7);
        flow.Forget(Pump.First);
        Push(flow, Pump.First, 1, 1);
        flow.Advance(Pump.StartNs + Pump.HourNs);
        Assert.Equal((1.0, 1.0), (Assert.Single(sink.Rows).Values[0], sink.Rows[0].Values[1]));
    }

    [Theory]
    [InlineData("TUMBLE(TABLE pump, DESCRIPTOR(ts), INTERVAL '120' DAY)")]
    [InlineData("CUMULATE(TABLE pump, DESCRIPTOR(ts), INTERVAL '120' DAY, INTERVAL '240' DAY)")]
    [InlineData("SESSION(TABLE pump, DESCRIPTOR(ts), INTERVAL '60' DAY)")]
    public void A_window_beyond_the_end_of_all_time_never_ends(string window)
    {
        var sink = new RecordingSink();
        var flow = Pump.Start(Pump.Compile(Fine(window)), sink);
        flow.Push(0, Pump.First, 0x7FEF_FFFF_FFFF_FFFF, Pump.Row(1), 1);
        flow.Advance(long.MaxValue);
        Assert.Empty(sink.Rows);
    }

    [Theory]
    [InlineData("CUMULATE(TABLE pump, DESCRIPTOR(ts), INTERVAL '7' SECOND, INTERVAL '1' MINUTE)", "pipeline.type", "whole multiple of its step")]
    [InlineData("CUMULATE(TABLE pump, DESCRIPTOR(ts), INTERVAL '1' SECOND, INTERVAL '1' DAY)", "pipeline.limit", "at most 1000")]
    [InlineData("CUMULATE(TABLE pump, DESCRIPTOR(ts), INTERVAL '1' MINUTE)", "pipeline.syntax", "','")]
    [InlineData("SESSION(TABLE pump PARTITION BY load, DESCRIPTOR(ts), INTERVAL '1' MINUTE)", "pipeline.unsupported", "PARTITION BY device")]
    [InlineData("SESSION(TABLE pump, DESCRIPTOR(load), INTERVAL '1' MINUTE)", "pipeline.type", "event time")]
    [InlineData("SESSION(TABLE pump, DESCRIPTOR(ts), INTERVAL '1' MINUTE, INTERVAL '2' MINUTE)", "pipeline.syntax", "')'")]
    [InlineData("TUMBLE(TABLE pump PARTITION BY device, DESCRIPTOR(ts), INTERVAL '1' MINUTE)", "pipeline.syntax", "','")]
    [InlineData("SESION(TABLE pump, DESCRIPTOR(ts), INTERVAL '1' MINUTE)", "pipeline.unknown_function", "Did you mean SESSION?")]
    public void A_fault_is_told(string window, string code, string says)
    {
        var refusal = Pump.Refused(Fine(window));
        Assert.Equal(code, refusal.Code);
        Assert.Contains(says, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_question_groups_growing_windows_by_anything_and_sessions_by_device()
    {
        Assert.Equal(["0 3", "0 5", "2 2"], Ask("SELECT window_start, SUM(load) AS s FROM CUMULATE(TABLE pump, DESCRIPTOR(ts), INTERVAL '1' MINUTE, INTERVAL '2' MINUTE) GROUP BY window_start, window_end"));
        Assert.Equal(["0 7"], Ask("SELECT window_start, SUM(load) AS s FROM SESSION(TABLE pump, DESCRIPTOR(ts), INTERVAL '2' MINUTE) GROUP BY device, window_start, window_end"));
        var refusal = QueryCompiler.Compile("SELECT COUNT(*) AS n FROM SESSION(TABLE pump, DESCRIPTOR(ts), INTERVAL '1' MINUTE) GROUP BY window_start", [Pump.Thing], 0, name => new DeviceId(name), new()).Refusal;
        Assert.Equal(("pipeline.unsupported", "1:27"), (refusal.Code, refusal.Details[0].Where));
        Assert.Contains("of each device are its own", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_question_reads_all_before_a_session_and_as_far_before_a_growing_window_as_it_is_long()
    {
        QueryPlan Plan(string window) => QueryCompiler.Compile(
            $"SELECT * FROM (SELECT window_time, COUNT(*) AS n FROM {window}{Keys}) WHERE window_time >= TIMESTAMP '2023-11-14 22:00:00'", [Pump.Thing], 0, name => new DeviceId(name), new()).Value;
        Assert.Equal(0, Plan(Session).FirstNs);
        Assert.Equal(Pump.StartNs - (2 * MinuteNs) + 1_000_000, Plan(Cumulate).FirstNs);
    }

    // Three rows a device: loads 3 in the first minute, 2 in the second, 2 in the third.
    private static List<string> Ask(string sql)
    {
        var outcome = QueryCompiler.Compile(sql, [Pump.Thing], 0, name => new DeviceId(name), new());
        Assert.True(outcome.IsOk, outcome.IsOk ? "" : outcome.Refusal.ToString());
        var sink = new Answer();
        var flow = Dataflow.StartQuery(outcome.Value, sink, TimeProvider.System);
        foreach (var (minute, load) in new[] { (0, 3.0), (1, 2), (2, 2) })
        {
            flow.Push(outcome.Value, Pump.First, Pump.StartNs + (minute * MinuteNs), Pump.Row(1, load: load), []);
        }

        flow.End(Pump.First);
        flow.Complete();
        return [.. sink.Rows.Distinct()];
    }

    private static string Select(string window) => "INSERT INTO o SELECT device, window_end AS ts, SUM(vibration) AS total, "
        + $"TIMESTAMPDIFF(MINUTE, TIMESTAMP '2023-11-14 22:00:00', window_start) AS s, TIMESTAMPDIFF(MINUTE, TIMESTAMP '2023-11-14 22:00:00', window_end) AS e FROM {window}{Keys}";

    private static string Fine(string window) => "INSERT INTO o SELECT device, window_time AS ts, TIMESTAMPDIFF(SECOND, TIMESTAMP '2023-11-14 22:00:00', window_start) AS s, "
        + $"TIMESTAMPDIFF(SECOND, TIMESTAMP '2023-11-14 22:00:00', window_end) AS e, COUNT(*) AS n, COALESCE(SUM(vibration), -1) AS total FROM {window}{Keys}";

    private static IEnumerable<string> Sessions(string device, List<(string Device, long TimeNs, double Value)> rows)
    {
        var sorted = rows.OrderBy(row => row.TimeNs).ToList();
        while (sorted.Count > 0)
        {
            var session = sorted.Take(1).ToList();
            while (session.Count < sorted.Count && sorted[session.Count].TimeNs - session[^1].TimeNs <= 10_000_000_000)
            {
                session.Add(sorted[session.Count]);
            }

            sorted.RemoveRange(0, session.Count);
            yield return Told(device, session[0].TimeNs, session[^1].TimeNs + 10_000_000_000, session);
        }
    }

    private static IEnumerable<string> Cumulated(string device, List<(string Device, long TimeNs, double Value)> rows)
    {
        const long step = 20_000_000_000;
        for (var start = Pump.StartNs - Pump.HourNs; start < Pump.StartNs + (2 * Pump.HourNs); start += 6 * step)
        {
            for (var end = start + step; end <= start + (6 * step); end += step)
            {
                var window = rows.FindAll(row => row.TimeNs >= start && row.TimeNs < end);
                if (window.Count > 0)
                {
                    yield return Told(device, start, end, window);
                }
            }
        }
    }

    private static string Told(string device, long startNs, long endNs, List<(string Device, long TimeNs, double Value)> rows)
    {
        var there = rows.FindAll(row => !double.IsNaN(row.Value));
        var sum = there.Count == 0 ? -1 : there.OrderBy(row => row.TimeNs).Sum(row => row.Value);
        return $"{device} {(startNs - Pump.StartNs) / 1_000_000_000} {(endNs - Pump.StartNs) / 1_000_000_000} {rows.Count} {sum:F6}";
    }

    // Whole seconds, so that the gap is hit exactly now and then; disorder, and NULLs.
    private static List<(DeviceId Device, long TimeNs, double Value)> Rows(Random random, int count)
    {
        var rows = new List<(DeviceId, long, double)>();
        var now = Pump.StartNs;
        for (var i = 0; i < count; i++)
        {
            now += random.Next(random.Next(12) == 0 ? 60 : 5) * 1_000_000_000L;
            var timeNs = Math.Max(Pump.StartNs, now - (random.Next(25) * 1_000_000_000L));
            rows.Add((Devices[random.Next(Devices.Length)], timeNs, random.Next(8) == 0 ? double.NaN : random.Next(1_000) / 8.0));
        }

        return rows;
    }

    private static List<string> Run(PipelinePlan plan, List<(DeviceId Device, long TimeNs, double Value)> rows, int cut)
    {
        var sink = new RecordingSink();
        var flow = Pump.Start(plan, sink);
        for (var i = 0; i < rows.Count; i++)
        {
            if (i == cut)
            {
                var bytes = new ArrayBufferWriter<byte>();
                flow.Checkpoint(bytes);
                flow = Pump.Start(plan, sink);
                Assert.Equal(0, flow.Restore(bytes.WrittenSpan).Value.StartedEmpty);
            }

            flow.Push(0, rows[i].Device, rows[i].TimeNs, Pump.Row(rows[i].Value, load: i), i);
        }

        flow.Advance(Pump.StartNs + (100 * Pump.HourNs));
        return sink.Lines;
    }

    private static void Push(Dataflow flow, DeviceId device, int minute, double price) =>
        flow.Push(0, device, Pump.StartNs + (minute * MinuteNs), Pump.Row(price, load: minute), minute);

    /// <summary>Minutes since the start, and a number.</summary>
    private sealed class Answer : IQuerySink
    {
        public List<string> Rows { get; } = [];

        public void Row(QueryRow row) => Rows.Add($"{(row.TimeNs(0) - Pump.StartNs) / MinuteNs} {row.Number(1)}");
    }
}
