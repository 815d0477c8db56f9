using System.Buffers;
using Pilotage.Core;
using Pilotage.Streams;
using Pilotage.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Pilotage.Tests.Streams;

/// <summary>UNION ALL, against the plainest merge of the same rows.</summary>
public sealed class UnionTests(ITestOutputHelper output)
{
    private const long MinuteNs = 60 * Disorder.SecondNs;

    // Rows of a table twice, texts among them, and rows of windows, which come when the window is over.
    private const string Merged = """
        CREATE VIEW minutes AS
        SELECT device, window_time AS ts, SUM(load) AS x FROM TUMBLE(TABLE pump, DESCRIPTOR(ts), INTERVAL '1' MINUTE) GROUP BY device, window_start, window_end;
        CREATE VIEW u AS
        SELECT device, ts, vibration AS x, 1 AS kind, serial FROM pump WHERE load > 50
        UNION ALL (SELECT device, ts, load * 1 AS y, 2 AS k, 'all' AS t FROM pump UNION ALL SELECT device, ts, x * 1, 3, NULL FROM minutes);
        INSERT INTO o SELECT device, ts, x, kind, COUNT(*) OVER (PARTITION BY device ORDER BY ts) AS n, IF(serial = 's1', 1, 0) AS s1 FROM u;
        """;

    [Theory]
    [InlineData(0, false)]
    [InlineData(0, true)]
    [InlineData(20, false)]
    [InlineData(20, true)]
    public void Puts_rows_in_order_of_time_then_of_arrival(int latenessSeconds, bool clock)
    {
        output.WriteLine($"seed {TestSize.Seed}");
        var rows = Disorder.Rows(new(TestSize.Seed), TestSize.Count(400, 4_000), clock);
        var sql = $"SET 'pilotage.lateness' = '{latenessSeconds} s'; {Merged}";
        var sink = Disorder.Run(sql, rows, out var counters);
        Assert.True(counters is { Late: > 3, Duplicates: > 3, ReleasedEarly: 0 }, counters.ToString());
        foreach (var (device, taken) in Disorder.Taken(rows, latenessSeconds * Disorder.SecondNs))
        {
            // The row of a window comes after all that are not newer than it, for only then is the window over.
            var of = taken.SelectMany(row => new[]
            {
                (row.TimeNs, X: row.Vibration, Kind: 1.0, row.Serial, IsThere: row.Load > 50),
                (row.TimeNs, X: row.Load, Kind: 2, Serial: "all", IsThere: true),
            }).Concat(taken.GroupBy(row => row.TimeNs / MinuteNs).Select(minute => (
                TimeNs: ((minute.Key + 1) * MinuteNs) - 1_000_000, X: minute.Sum(row => row.Load), Kind: 3.0, Serial: (string?)null, IsThere: true)));
            var expected = of.Where(row => row.IsThere).OrderBy(row => row.TimeNs).Select((row, i) => (row.TimeNs, row.X, row.Kind, N: i + 1.0, S1: row.Serial == "s1" ? 1.0 : 0));
            Assert.Equal(expected, sink.Rows.Where(row => row.Device == device).Select(row => (row.TimeNs, row.Values[0], row.Values[1], row.Values[2], row.Values[3])));
        }
    }

    [Theory]
    [InlineData("0 s")]
    [InlineData("20 s")]
    public void Goes_on_killed_at_any_row_as_if_nothing_had_been(string lateness)
    {
        output.WriteLine($"seed {TestSize.Seed}");
        Disorder.IsTheSameKilledAnywhere($"SET 'pilotage.lateness' = '{lateness}'; {Merged}", Disorder.Rows(new(TestSize.Seed + 7), 150, clock: true));
    }

    [Fact]
    public void Gives_a_device_the_same_however_devices_are_mixed()
    {
        output.WriteLine($"seed {TestSize.Seed}");
        var random = new Random(TestSize.Seed);
        var rows = Disorder.Rows(random, 300, clock: false);
        var first = Disorder.Run(Merged, rows, out _);
        var second = Disorder.Run(Merged, Disorder.Mixed(random, rows), out _);
        foreach (var device in Disorder.Devices)
        {
            var own = first.Lines.Where(line => line.StartsWith($"o {device} ", StringComparison.Ordinal)).ToList();
            Assert.NotEmpty(own);
            Assert.Equal(own, second.Lines.Where(line => line.StartsWith($"o {device} ", StringComparison.Ordinal)));
        }
    }

    [Fact]
    public void Of_rows_that_come_at_once_nothing_waits_and_nothing_is_saved()
    {
        var sink = new RecordingSink();
        var flow = Pump.Start(Pump.Compile("INSERT INTO o SELECT device, ts, vibration AS x FROM pump UNION ALL SELECT device, ts, vibration + 1 AS x FROM pump WHERE running"), sink);
        flow.Push(0, Pump.First, Pump.StartNs, Pump.Row(1), 1);
        flow.Push(0, Pump.First, Pump.StartNs, Pump.Row(5), 2);
        Assert.Equal([1, 2, 5, 6], sink.Rows.Select(row => row.Values[0]));
        var union = Assert.Single(flow.Steps(), step => step.Text == "union all");
        Assert.Equal((4, 2, 0), (union.Rows, union.Inputs.Count, union.StateBytes));
    }

    /// <summary>The example of Flink's documentation of set operations, whose letters are devices here.</summary>
    [Fact]
    public void Keeps_all_rows_of_the_example_of_Flink()
    {
        var (t1, t2) = (new ThingSchema("t1", [new("n", null)]), new ThingSchema("t2", [new("n", null)]));
        const string sql = "INSERT INTO o (SELECT device, ts, n FROM t1) UNION ALL (SELECT device, ts, n FROM t2);";
        var sink = new RecordingSink();
        var flow = Pump.Start(PipelineCompiler.Compile(sql, [t1, t2], [], Pump.Parameters).Value, sink);
        foreach (var (letter, table, i) in "cabbc".Select((letter, i) => (letter, 0, i)).Concat("deabb".Select((letter, i) => (letter, 1, i + 5))))
        {
            flow.Push(table, new DeviceId($"{letter}"), Pump.StartNs + i, [i], i);
        }

        flow.Advance(Disorder.EndNs);
        Assert.Equal("aabbbbccde", string.Concat(sink.Rows.Select(row => row.Device.Value).Order(StringComparer.Ordinal)));
        Assert.Equal(0, flow.Counters.Late);
    }

    [Fact]
    public void A_device_of_two_tables_waits_for_the_slower_and_another_for_nobody()
    {
        var (motor, gear) = (new ThingSchema("motor", [new("speed", "/min")]), new ThingSchema("gear", [new("turns", "1/min")]));
        const string sql = "INSERT INTO o SELECT device, ts, speed FROM motor UNION ALL SELECT device, ts, turns FROM gear";
        var sink = new RecordingSink();
        var plan = PipelineCompiler.Compile(sql, [motor, gear], [], Pump.Parameters).Value;
        Assert.Equal(("speed", "/min"), (plan.Targets[0].Columns[0].Name, plan.Targets[0].Columns[0].Unit));
        var flow = Pump.Start(plan, sink);
        flow.Push(0, new DeviceId("only-motor"), 1_000, [1], 1);
        Assert.Single(sink.Rows);
        var both = new DeviceId("both");
        flow.Push(1, both, 100, [2], 2);
        flow.Push(0, both, 300, [3], 3);
        flow.Push(0, both, 400, [4], 4);
        Assert.Equal([1, 2], sink.Rows.Select(row => row.Values[0]));
        flow.Push(1, both, 350, [5], 5);
        Assert.Equal([1, 2, 3, 5], sink.Rows.Select(row => row.Values[0]));

        // Known to one table only, it went on; the first row of the other table is older than that.
        flow.Push(1, new DeviceId("only-motor"), 900, [6], 6);
        Assert.Equal((4, 1), (sink.Rows.Count, flow.Counters.Late));
        flow.Advance(Disorder.EndNs);
        Assert.Equal([1, 2, 3, 5, 4], sink.Rows.Select(row => row.Values[0]));
    }

    [Fact]
    public void How_far_rows_went_on_is_known_after_a_restore()
    {
        var (motor, gear) = (new ThingSchema("motor", [new("x", null)]), new ThingSchema("gear", [new("x", null)]));
        var plan = PipelineCompiler.Compile("INSERT INTO o SELECT device, ts, x FROM motor UNION ALL SELECT device, ts, x FROM gear", [motor, gear], [], Pump.Parameters).Value;
        var sink = new RecordingSink();
        var killed = Pump.Start(plan, sink);
        killed.Push(0, Pump.First, 1_000, [1], 1);
        var bytes = new ArrayBufferWriter<byte>();
        killed.Checkpoint(bytes);
        var restored = Pump.Start(plan, sink);
        Assert.Equal(new RestoreReport(3, 0, 0), restored.Restore(bytes.WrittenSpan).Value);
        restored.Push(1, Pump.First, 900, [2], 2);
        restored.Push(1, Pump.First, 1_000, [3], 3);
        Assert.Equal([1, 3], sink.Rows.Select(row => row.Values[0]));
        Assert.Equal(1, restored.Counters.Late);
    }

    [Fact]
    public void Too_many_waiting_rows_push_the_oldest_on_counted()
    {
        var (motor, gear) = (new ThingSchema("motor", [new("speed", null)]), new ThingSchema("gear", [new("speed", null)]));
        const string sql = "INSERT INTO o SELECT device, ts, speed FROM motor UNION ALL SELECT device, ts, speed FROM gear";
        var sink = new RecordingSink();
        var flow = Pump.Start(PipelineCompiler.Compile(sql, [motor, gear], [], Pump.Parameters, new() { ReorderRowsMax = 2 }).Value, sink);
        flow.Push(1, Pump.First, 1, [1], 1);
        for (var i = 2; i < 6; i++)
        {
            flow.Push(0, Pump.First, i, [i], i);
        }

        Assert.Equal([1, 2, 3], sink.Rows.Select(row => row.Values[0]));
        Assert.Equal(2, flow.Counters.ReleasedEarly);
        flow.Push(1, Pump.First, 2, [9], 9);
        Assert.Equal((3, 1), (sink.Rows.Count, flow.Counters.Late));
        flow.Forget(Pump.First);
        flow.Push(0, Pump.First, 1, [7], 7);
        Assert.Equal(7, sink.Rows[^1].Values[0]);
    }

    [Theory]
    [InlineData("SELECT device, ts, load FROM pump UNION ALL SELECT device, ts FROM pump", "pipeline.type", "1:59", "has 3 columns (device, ts, load), this one 2 (device, ts)")]
    [InlineData("SELECT device, ts, load FROM pump UNION ALL SELECT device, ts, serial FROM pump", "pipeline.type", "1:78", "Column 3 of UNION ALL is load, a number; here it is serial, a text")]
    [InlineData("SELECT device, ts, load FROM pump UNION ALL SELECT ts, device, load FROM pump", "pipeline.type", "1:66", "Column 1 of UNION ALL is device, a device; here it is ts, a time")]
    [InlineData("SELECT device, ts, load FROM pump UNION ALL SELECT device, ts, pressure FROM pump", "pipeline.unit", "1:78", "load in %; here it is pressure in bar")]
    [InlineData("SELECT device, ts, load FROM pump UNION ALL SELECT * FROM (SELECT device, ts, pressure FROM pump)", "pipeline.unit", "1:59", "load in %; here it is pressure in bar")]
    [InlineData("SELECT device, ts, load FROM pump UNION SELECT device, ts, load FROM pump", "pipeline.unsupported", "1:49", "write UNION ALL")]
    [InlineData("SELECT device, ts, load FROM pump UNION ALL SELECT device, ts, load FROM pump ORDER BY ts", "pipeline.unsupported", "1:93", "ORDER")]
    [InlineData("SELECT device, ts, load FROM pump UNION ALL INSERT", "pipeline.syntax", "1:59", "Expected SELECT")]
    [InlineData("SELECT device, ts, serial FROM pump UNION ALL SELECT device, ts, serial FROM pump", "pipeline.type", "1:15", "serial is a text")]
    public void A_fault_is_told(string query, string code, string where, string says) => Pump.IsRefused($"INSERT INTO o {query}", code, where, says);

    [Fact]
    public void The_condition_of_an_alert_is_not_spread_over_queries() => Pump.IsRefused(
        "INSERT INTO alerts SELECT device, ts, 'k' AS kind, load AS score FROM pump WHERE load > 1 UNION ALL SELECT device, ts, 'l' AS kind, load AS score FROM pump",
        "pipeline.unsupported", "1:91", "a view of its own");

    [Fact]
    public void A_row_that_would_multiply_is_refused()
    {
        var sql = string.Concat(Enumerable.Range(1, 7).Select(i => $"CREATE VIEW v{i} AS SELECT * FROM {(i == 1 ? "pump" : $"v{i - 1}")} UNION ALL SELECT * FROM {(i == 1 ? "pump" : $"v{i - 1}")};\n"));
        Pump.IsRefused($"{sql}INSERT INTO o SELECT * FROM v7", "pipeline.limit", "7:36", "on 128 ways, each a row more to compute; at most 64");
    }

    [Fact]
    public void A_question_does_not_put_tables_together()
    {
        var refusal = QueryCompiler.Compile("SELECT load FROM pump UNION ALL SELECT load FROM pump", [Pump.Thing], 0, name => new DeviceId(name), new()).Refusal;
        Assert.Equal(("pipeline.unsupported", "1:23"), (refusal.Code, refusal.Details[0].Where));
    }

    [Fact]
    public void A_plan_says_which_step_reads_which()
    {
        var lines = Pump.Compile("INSERT INTO o SELECT device, ts, load AS x FROM pump WHERE running UNION ALL SELECT device, ts, load FROM pump").Explain().Split('\n');
        Assert.Equal(["filter #5", "project #3", "project #3 <- 1", "union all <- 3, 4", "target o"], lines[1..]);
    }

    [Fact]
    public void What_a_model_is_asked_is_followed_into_every_query_and_texts_there_are_refused()
    {
        const string view = "CREATE VIEW u AS SELECT device, ts, load AS l, vibration AS v FROM pump UNION ALL SELECT device, ts, load AS m, pressure * 2 AS w FROM pump WHERE {0};"
            + "INSERT INTO o SELECT * FROM ML_PREDICT(TABLE u, MODEL regime, DESCRIPTOR(l, v))";
        var origins = FeatureOrigins.Of(view.Replace("{0}", "running", StringComparison.Ordinal), [Pump.Regime]);
        Assert.Equal(["pump.load"], origins[0].Properties);
        Assert.Equal(("pump.vibration UNION ALL pressure * 2", "pump.pressure, pump.vibration"), (origins[1].Expression, string.Join(", ", origins[1].Properties)));
        Assert.Equal(["regime"], Pump.Compile(view.Replace("{0}", "running", StringComparison.Ordinal)).Models.Select(model => model.Name));
        var chosen = Pump.Compile(view.Replace("{0}", "serial = 'a'", StringComparison.Ordinal));
        Assert.Equal("pipeline.text_before_model", Dataflow.StartFeatures(chosen, "regime", Pump.Models(), new Nobody(), TimeProvider.System).Refusal.Code);
    }

    [Fact]
    public void Flink_takes_it_as_it_is_and_what_it_lacks_inside_is_told()
    {
        var notes = FlinkPortability.Check("INSERT INTO o SELECT device, ts, load FROM pump UNION ALL SELECT device, ts, load * ${alarm_days} AS x FROM pump").Value;
        Assert.Equal((1, 85, "${alarm_days}"), (Assert.Single(notes).Line, notes[0].Column, notes[0].What));
    }

    private sealed class Nobody : IFeatureSink
    {
        public void Features(DeviceId device, long tsNs, ReadOnlySpan<float> features, long inputId)
        {
        }

        public void Rejected(DeviceId device, long tsNs, long inputId)
        {
        }
    }
}
