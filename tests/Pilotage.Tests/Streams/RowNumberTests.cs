using System.Buffers;
using Pilotage.Core;
using Pilotage.Streams;
using Pilotage.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Pilotage.Tests.Streams;

/// <summary>ROW_NUMBER, by which a text leaves out what it has seen before.</summary>
public sealed class RowNumberTests(ITestOutputHelper output)
{
    private const string First = "INSERT INTO o SELECT device, ts, load, vibration FROM "
        + "(SELECT *, ROW_NUMBER() OVER (PARTITION BY device, load, serial ORDER BY ts ASC) AS n FROM pump) WHERE n = 1";

    private static readonly DeviceId[] Devices = [new("a"), new("b")];

    [Fact]
    public void Keeps_the_first_row_of_each_key_killed_at_any_row()
    {
        output.WriteLine($"seed {TestSize.Seed}");
        var random = new Random(TestSize.Seed);
        var rows = Enumerable.Range(0, 120).Select(i => (Device: Devices[random.Next(2)], Load: random.Next(6) == 0 ? double.NaN : random.Next(6), Serial: random.Next(3) == 0 ? null : $"s{random.Next(3)}", Place: i)).ToList();
        var expected = rows.GroupBy(row => (row.Device, row.Load, row.Serial)).Select(same => (double)same.First().Place).Order().ToList();
        Assert.InRange(expected.Count, 30, 90);
        for (var cut = 0; cut <= rows.Count; cut++)
        {
            var sink = new RecordingSink();
            var flow = Pump.Start(Pump.Compile(First), sink);
            foreach (var row in rows)
            {
                if (row.Place == cut)
                {
                    var bytes = new ArrayBufferWriter<byte>();
                    flow.Checkpoint(bytes);
                    flow = Pump.Start(Pump.Compile(First), sink);
                    Assert.Equal(0, flow.Restore(bytes.WrittenSpan).Value.StartedEmpty);
                }

                flow.Push(0, row.Device, Pump.StartNs + row.Place, Pump.Row(row.Place, load: row.Load), [null, null, null, null, null, null, row.Serial], row.Place);
            }

            Assert.Equal(expected, sink.Rows.Select(row => row.Values[1]));
        }
    }

    [Fact]
    public void Forgets_the_key_it_met_first_beyond_its_bound_and_a_device_that_is_forgotten()
    {
        var sink = new RecordingSink();
        var flow = Pump.Start(Pump.Compile(First, new() { NumberedKeysMax = 2 }), sink);
        foreach (var (load, time) in new[] { (1.0, 1), (2, 2), (1, 3), (3, 4), (2, 5), (1, 6) })
        {
            flow.Push(0, Pump.First, time, Pump.Row(time, load: load), time);
        }

        Assert.Equal([1, 2, 4, 6], sink.Rows.Select(row => row.Values[1]));
        Assert.Equal(2, flow.Counters.WindowRowsDropped);
        flow.Forget(Pump.First);
        flow.Push(0, Pump.First, 7, Pump.Row(7, load: 1), 7);
        Assert.Equal(7, sink.Rows[^1].Values[1]);
    }

    [Theory]
    [InlineData("0 s")]
    [InlineData("20 s")]
    public void With_a_time_to_live_a_key_is_forgotten_that_had_no_row_for_longer(string lateness)
    {
        output.WriteLine($"seed {TestSize.Seed}");
        const int ttlSeconds = 15;
        var rows = Disorder.Rows(new(TestSize.Seed + 19), TestSize.Count(300, 3_000), clock: true);
        var sql = $"SET 'pilotage.lateness' = '{lateness}'; SET 'table.exec.state.ttl' = '{ttlSeconds} s'; INSERT INTO o SELECT device, ts, vibration, "
            + "ROW_NUMBER() OVER (PARTITION BY device, serial, pressure ORDER BY ts) AS n FROM pump";
        var sink = Disorder.Run(sql, rows, out var counters);
        var restarts = 0;
        foreach (var (device, taken) in Disorder.Taken(rows, lateness == "0 s" ? 0 : 20 * Disorder.SecondNs))
        {
            var numbers = new Dictionary<(string?, double), (long LastNs, double Number)>();
            var expected = new List<(double, double)>();
            foreach (var row in taken)
            {
                var known = numbers.TryGetValue((row.Serial, row.Pressure), out var before);
                var isAlive = known && before.LastNs >= row.TimeNs - (ttlSeconds * Disorder.SecondNs);
                restarts += known && !isAlive ? 1 : 0;
                numbers[(row.Serial, row.Pressure)] = (row.TimeNs, isAlive ? before.Number + 1 : 1);
                expected.Add((row.Vibration, isAlive ? before.Number + 1 : 1));
            }

            Assert.Equal(expected, sink.Rows.Where(row => row.Device == device).Select(row => (row.Values[0], row.Values[1])));
        }

        Assert.True(restarts > 5 && counters.WindowRowsDropped == 0, $"{restarts} keys came again, {counters}");
        Disorder.IsTheSameKilledAnywhere(sql, rows.Take(120).ToList());
    }

    [Fact]
    public void With_a_time_to_live_memory_does_not_grow_and_the_bound_forgets_what_is_idle_longest()
    {
        const string sql = "SET 'table.exec.state.ttl' = '1 min'; INSERT INTO o SELECT device, ts, ROW_NUMBER() OVER (PARTITION BY device, load ORDER BY ts) AS n FROM pump";
        var sink = new RecordingSink();
        var flow = Pump.Start(Pump.Compile(sql, new() { NumberedKeysMax = 100 }), sink);
        for (var i = 0; i < 5_000; i++)
        {
            flow.Push(0, Pump.First, Pump.StartNs + (i * Disorder.SecondNs), Pump.Row(1, load: i), i);
        }

        Assert.Equal(0, flow.Counters.WindowRowsDropped);
        Assert.InRange(Assert.Single(flow.Steps(), step => step.Text.StartsWith("number", StringComparison.Ordinal)).StateBytes, 61 * 24, 62 * 24 + 64);
        var few = Pump.Start(Pump.Compile(sql, new() { NumberedKeysMax = 2 }), sink);
        foreach (var (load, i) in new[] { 1, 2, 1, 3, 1, 2 }.Select((load, i) => (load, i)))
        {
            few.Push(0, Pump.First, i, Pump.Row(i, load: load), i);
        }

        // 2 was not met for longest when 3 came, although 1 was met first.
        Assert.Equal([1, 1, 2, 1, 3, 1], sink.Rows.TakeLast(6).Select(row => row.Values[0]));
        Assert.Equal(2, few.Counters.WindowRowsDropped);
    }

    [Fact]
    public void A_time_to_live_is_of_the_statements_that_follow()
    {
        const string number = "SELECT device, ts, ROW_NUMBER() OVER (PARTITION BY device, load ORDER BY ts) AS n FROM pump";
        var plan = Pump.Compile($"INSERT INTO a {number}; SET 'table.exec.state.ttl' = '1 h'; INSERT INTO b {number}; SET 'table.exec.state.ttl' = '0 s'; INSERT INTO c {number}");
        var steps = plan.Explain().Split('\n').Where(line => line.StartsWith("number", StringComparison.Ordinal)).ToList();
        Assert.Equal([false, true, false], steps.Select(step => step.EndsWith(" for 3600000000000", StringComparison.Ordinal)));
        Pump.IsRefused($"SET 'table.exec.state.ttl' = 'soon'; INSERT INTO a {number}", "pipeline.limit", "1:30", "'1 d'");
        Pump.IsRefused($"SET 'table.exec.state.tll' = '1 d'; INSERT INTO a {number}", "pipeline.unknown_setting", "1:1", "Did you mean table.exec.state.ttl?");
    }

    [Fact]
    public void Numbers_beside_windows_and_in_a_question()
    {
        Assert.Equal([1, 4, 9], Pump.Evaluate("ROW_NUMBER() OVER (PARTITION BY device ORDER BY ts) + SUM(vibration) OVER w", 0, 2, 4));
        const string question = "SELECT load FROM (SELECT ts, load, ROW_NUMBER() OVER (PARTITION BY device ORDER BY ts) AS n FROM pump) WHERE n = 2 AND ts > TIMESTAMP '2023-11-14'";
        Assert.Equal(0, QueryCompiler.Compile(question, [Pump.Thing], 0, name => new DeviceId(name), new()).Value.FirstNs);
    }

    [Fact]
    public void A_question_that_would_forget_a_key_is_refused()
    {
        const string question = "SELECT load FROM (SELECT load, ROW_NUMBER() OVER (PARTITION BY device, load ORDER BY ts) AS n FROM pump) WHERE n = 1";
        var plan = QueryCompiler.Compile(question, [Pump.Thing], 0, name => new DeviceId(name), new() { NumberedKeysMax = 2 }).Value;
        var flow = Dataflow.StartQuery(plan, new Silent(), TimeProvider.System);
        for (var i = 0; i < 3; i++)
        {
            Assert.Null(flow.Overflow);
            flow.Push(plan, Pump.First, i, Pump.Row(1, load: i), []);
        }

        Assert.Equal("pipeline.numbered_keys", flow.Overflow?.Code);
    }

    [Theory]
    [InlineData("ROW_NUMBER() OVER (PARTITION BY load ORDER BY ts)", "pipeline.unsupported", "1:52", "PARTITION BY device")]
    [InlineData("ROW_NUMBER() OVER (PARTITION BY device ORDER BY load)", "pipeline.type", "1:82", "event time")]
    [InlineData("ROW_NUMBER() OVER (PARTITION BY device ORDER BY ts DESC)", "pipeline.unsupported", "1:85", "DESC")]
    [InlineData("ROW_NUMBER(load) OVER (PARTITION BY device ORDER BY ts)", "pipeline.type", "1:34", "Expected ROW_NUMBER()")]
    [InlineData("ROW_NUMBER()", "pipeline.type", "1:34", "needs OVER")]
    public void A_fault_is_told(string call, string code, string where, string says) =>
        Pump.IsRefused($"INSERT INTO o SELECT device, ts, {call} AS x FROM pump", code, where, says);

    private sealed class Silent : IQuerySink
    {
        public void Row(QueryRow row)
        {
        }
    }
}
