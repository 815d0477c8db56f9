using Pilotage.Core;
using Pilotage.Streams;
using Pilotage.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Pilotage.Tests.Streams;

/// <summary>Joins as of a time, against the plainest search for the row that was there.</summary>
public sealed class AsOfJoinTests(ITestOutputHelper output)
{
    private const long MinuteNs = 60 * Disorder.SecondNs;

    // The rows that are joined are chosen of the same table; b.serial is a text of another row.
    private const string OfRows = """
        CREATE VIEW asked AS SELECT device, ts, vibration AS v, serial FROM pump WHERE load > 60;
        CREATE VIEW asking AS SELECT device, ts, load, serial AS own FROM pump WHERE pressure < 3;
        CREATE VIEW joined AS
        SELECT a.device, a.ts, load, v, TIMESTAMPDIFF(SECOND, b.ts, a.ts) AS age, IF(b.serial = own, 1, 0) AS alike
        FROM asking AS a {0} JOIN asked FOR SYSTEM_TIME AS OF a.ts AS b ON b.device = a.device {1};
        INSERT INTO o SELECT device, ts, load, v, age, alike, COUNT(*) OVER (PARTITION BY device ORDER BY ts) AS n FROM joined;
        """;

    // A window is over later than it ends, so rows wait for it; and what is joined with windows is joined once more.
    private const string OfWindows = """
        CREATE VIEW minutes AS SELECT device, window_time AS ts, SUM(load) AS total FROM TUMBLE(TABLE pump, DESCRIPTOR(ts), INTERVAL '1' MINUTE) GROUP BY device, window_start, window_end;
        CREATE VIEW high AS SELECT device, ts, vibration AS v FROM pump WHERE load > 60;
        INSERT INTO o SELECT p.device, p.ts, p.load, m.total, h.v
        FROM pump p LEFT OUTER JOIN minutes FOR SYSTEM_TIME AS OF p.ts AS m ON p.device = m.device
        INNER JOIN high FOR SYSTEM_TIME AS OF p.ts AS h ON h.device = p.device AND p.ts <= h.ts + INTERVAL '3' MINUTE AND h.ts <= p.ts;
        """;

    [Theory]
    [InlineData(0, false, "LEFT", "", long.MaxValue)]
    [InlineData(0, true, "", "", long.MaxValue)]
    [InlineData(20, true, "LEFT", "", long.MaxValue)]
    [InlineData(20, false, "LEFT OUTER", "AND b.ts >= a.ts - INTERVAL '10' SECOND", 10)]
    [InlineData(20, true, "INNER", "AND b.ts BETWEEN a.ts - INTERVAL '10' SECOND AND a.ts", 10)]
    [InlineData(0, true, "INNER", "AND a.ts - INTERVAL '7' SECOND <= b.ts AND b.ts + INTERVAL '1' MINUTE >= a.ts", 7)]
    public void Finds_the_newest_row_that_was_there(int latenessSeconds, bool clock, string kind, string age, long ageSeconds)
    {
        output.WriteLine($"seed {TestSize.Seed}");
        var rows = Disorder.Rows(new(TestSize.Seed + 3), TestSize.Count(400, 4_000), clock);
        var text = OfRows.Replace("{0}", kind, StringComparison.Ordinal).Replace("{1}", age, StringComparison.Ordinal);
        var sink = Disorder.Run($"SET 'pilotage.lateness' = '{latenessSeconds} s'; {text}", rows, out var counters);
        Assert.True(counters is { Late: > 3, Duplicates: > 3, ReleasedEarly: 0 }, counters.ToString());
        var isLeft = kind.StartsWith("LEFT", StringComparison.Ordinal);
        var found = 0;
        foreach (var (device, taken) in Disorder.Taken(rows, latenessSeconds * Disorder.SecondNs))
        {
            var expected = new List<(long, double, double, double, double, double)>();
            for (var i = 0; i < taken.Count; i++)
            {
                // Rows go one after the other: what comes later is not seen, were it of the same time.
                var row = taken[i];
                var there = taken.Take(i + 1).LastOrDefault(other => other.Load > 60);
                var seconds = there is null ? 0 : (row.TimeNs - there.TimeNs) / Disorder.SecondNs;
                there = seconds > ageSeconds ? null : there;
                if (row.Pressure >= 3 || (there is null && !isLeft))
                {
                    continue;
                }

                found += there is null ? 0 : 1;
                var alike = there?.Serial is { } serial && row.Serial == serial;
                expected.Add((row.TimeNs, row.Load, there?.Vibration ?? double.NaN, there is null ? double.NaN : seconds, alike ? 1 : 0, expected.Count + 1));
            }

            Assert.Equal(expected, sink.Rows.Where(row => row.Device == device).Select(row => (row.TimeNs, row.Values[0], row.Values[1], row.Values[2], row.Values[3], row.Values[4])));
        }

        Assert.True(found > 20, $"{found} rows were joined");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(20)]
    public void Waits_for_the_row_of_a_window_that_is_not_over(int latenessSeconds)
    {
        output.WriteLine($"seed {TestSize.Seed}");
        var rows = Disorder.Rows(new(TestSize.Seed + 5), TestSize.Count(300, 3_000), clock: true);
        var sink = Disorder.Run($"SET 'pilotage.lateness' = '{latenessSeconds} s'; {OfWindows}", rows, out _);
        foreach (var (device, taken) in Disorder.Taken(rows, latenessSeconds * Disorder.SecondNs))
        {
            var minutes = taken.GroupBy(row => row.TimeNs / MinuteNs).Select(minute => (TimeNs: ((minute.Key + 1) * MinuteNs) - 1_000_000, Total: minute.Sum(row => row.Load))).ToList();
            var expected = taken.Select(row => (
                Row: row,
                Total: minutes.Where(minute => minute.TimeNs <= row.TimeNs).Select(minute => minute.Total).LastOrDefault(double.NaN),

                // It waited for the minute, so all rows of its own time are there.
                High: taken.LastOrDefault(other => other.Load > 60 && other.TimeNs <= row.TimeNs)));
            Assert.Equal(
                expected.Where(one => one.High is { } high && high.TimeNs >= one.Row.TimeNs - (3 * MinuteNs)).Select(one => (one.Row.TimeNs, one.Row.Load, one.Total, one.High!.Vibration)),
                sink.Rows.Where(row => row.Device == device).Select(row => (row.TimeNs, row.Values[0], row.Values[1], row.Values[2])));
        }

        Assert.Contains(sink.Rows, row => !double.IsNaN(row.Values[1]));
    }

    [Theory]
    [InlineData("0 s", OfWindows)]
    [InlineData("20 s", OfWindows)]
    [InlineData("20 s", OfRows)]
    public void Goes_on_killed_at_any_row_as_if_nothing_had_been(string lateness, string text)
    {
        output.WriteLine($"seed {TestSize.Seed}");
        text = text.Replace("{0}", "LEFT", StringComparison.Ordinal).Replace("{1}", "", StringComparison.Ordinal);
        Disorder.IsTheSameKilledAnywhere($"SET 'pilotage.lateness' = '{lateness}'; {text}", Disorder.Rows(new(TestSize.Seed + 9), 150, clock: true));
    }

    [Fact]
    public void Gives_a_device_the_same_however_devices_are_mixed()
    {
        output.WriteLine($"seed {TestSize.Seed}");
        var random = new Random(TestSize.Seed);
        var rows = Disorder.Rows(random, 300, clock: false);
        var (first, second) = (Disorder.Run(OfWindows, rows, out _), Disorder.Run(OfWindows, Disorder.Mixed(random, rows), out _));
        foreach (var device in Disorder.Devices)
        {
            var own = first.Lines.Where(line => line.StartsWith($"o {device} ", StringComparison.Ordinal)).ToList();
            Assert.NotEmpty(own);
            Assert.Equal(own, second.Lines.Where(line => line.StartsWith($"o {device} ", StringComparison.Ordinal)));
        }
    }

    /// <summary>The example of Flink's documentation: orders at the rate that a currency, a device here, had at that time.</summary>
    [Fact]
    public void Gives_what_the_example_of_Flink_gives()
    {
        var (orders, rates) = (new ThingSchema("orders", [new("amount", null)]), new ThingSchema("rates", [new("rate", null)]));
        const string sql = """
            INSERT INTO o SELECT o.device, o.ts, amount, rate, amount * rate AS yen
            FROM orders AS o LEFT JOIN rates FOR SYSTEM_TIME AS OF o.ts AS r ON o.device = r.device;
            """;
        var sink = new RecordingSink();
        var flow = Pump.Start(PipelineCompiler.Compile(sql, [orders, rates], [], Pump.Parameters).Value, sink);
        foreach (var (at, currency, rate) in new[] { ("09:00", "Yen", 102.0), ("09:00", "Euro", 114), ("09:00", "USD", 1), ("11:15", "Euro", 119), ("11:49", "Pounds", 108) })
        {
            flow.Push(1, new DeviceId(currency), Ns(at), [rate], 0);
        }

        foreach (var (at, currency, amount) in new[] { ("10:15", "Euro", 2.0), ("10:30", "USD", 1), ("10:32", "Yen", 50), ("10:52", "Euro", 3), ("11:04", "USD", 5), ("11:20", "Euro", 1), ("11:40", "Pounds", 1) })
        {
            flow.Push(0, new DeviceId(currency), Ns(at), [amount], 0);
        }

        flow.Advance(Disorder.EndNs);
        Assert.Equal(
            [("10:15", 2, 228), ("10:30", 1, 1), ("10:32", 50, 5_100), ("10:52", 3, 342), ("11:04", 5, 5), ("11:20", 1, 119), ("11:40", 1, double.NaN)],
            sink.Rows.OrderBy(row => row.TimeNs).Select(row => (At(row.TimeNs), row.Values[0], row.Values[2])));

        static long Ns(string at) => TimeSpan.Parse(at, System.Globalization.CultureInfo.InvariantCulture).Ticks * TimeSpan.NanosecondsPerTick;
        static string At(long ns) => TimeSpan.FromTicks(ns / TimeSpan.NanosecondsPerTick).ToString("hh\\:mm", System.Globalization.CultureInfo.InvariantCulture);
    }

    [Fact]
    public void Answers_at_once_where_both_are_of_one_row_and_keeps_one_row_of_the_past()
    {
        var sink = new RecordingSink();
        var flow = Pump.Start(Pump.Compile(
            "CREATE VIEW b AS SELECT device, ts, vibration AS v FROM pump WHERE load > 1; INSERT INTO o SELECT a.device, a.ts, a.load, v FROM pump AS a LEFT JOIN b FOR SYSTEM_TIME AS OF a.ts ON a.device = b.device"), sink);
        var sizes = new List<long>();
        for (var i = 0; i < 100; i++)
        {
            flow.Push(0, Pump.First, Pump.StartNs + i, Pump.Row(i, load: i % 2 * 2), i);
            Assert.Equal((i + 1, i % 2 == 1 ? i : i == 0 ? double.NaN : i - 1), (sink.Rows.Count, sink.Rows[^1].Values[1]));
            sizes.Add(Assert.Single(flow.Steps(), step => step.Text == "left join as of").StateBytes);
        }

        Assert.Equal(sizes[1], sizes[^1]);
    }

    [Fact]
    public void Bounds_what_waits_and_what_is_kept_counted()
    {
        var (motor, gear) = (new ThingSchema("motor", [new("x", null)]), new ThingSchema("gear", [new("y", null)]));
        const string sql = "INSERT INTO o SELECT m.device, m.ts, x, y FROM motor m LEFT JOIN gear FOR SYSTEM_TIME AS OF m.ts AS g ON m.device = g.device";
        var sink = new RecordingSink();
        var flow = Pump.Start(PipelineCompiler.Compile(sql, [motor, gear], [], Pump.Parameters, new() { ReorderRowsMax = 2, WindowRowsMax = 3 }).Value, sink);
        for (var i = 1; i < 6; i++)
        {
            // Nobody knows of a motor of this device, so all might still be asked for.
            flow.Push(1, Pump.First, i * 10, [i], i);
        }

        Assert.Equal((2, 0), (flow.Counters.WindowRowsDropped, flow.Counters.ReleasedEarly));
        flow.Push(0, Pump.First, 15, [1], 7);
        flow.Push(0, Pump.First, 35, [2], 8);
        Assert.Equal([double.NaN, 3], sink.Rows.Select(row => row.Values[1]));
        for (var i = 0; i < 3; i++)
        {
            flow.Push(0, Pump.First, 60 + i, [3 + i], 9);
        }

        Assert.Equal((3, 1), (sink.Rows.Count, flow.Counters.ReleasedEarly));
        Assert.Equal(5, sink.Rows[^1].Values[1]);
        flow.Push(1, Pump.First, 61, [6], 10);
        flow.Advance(Disorder.EndNs);
        Assert.Equal([6, 6], sink.Rows.Skip(3).Select(row => row.Values[1]));
        flow.Forget(Pump.First);
        flow.Push(0, Pump.First, Disorder.EndNs, [1], 11);
        Assert.Equal(double.NaN, sink.Rows[^1].Values[1]);
    }

    [Theory]
    [InlineData("pump a JOIN pump FOR SYSTEM_TIME AS OF a.ts AS b ON a.load = b.load", "pipeline.unsupported", "1:109", "ON a.device = b.device")]
    [InlineData("pump a JOIN pump FOR SYSTEM_TIME AS OF a.ts AS b ON a.device = b.device AND a.load > 3", "pipeline.unsupported", "1:133", "no more than AND b.ts >= a.ts - INTERVAL '10' MINUTE")]
    [InlineData("pump a JOIN pump FOR SYSTEM_TIME AS OF a.ts AS b ON a.device = b.device AND b.ts >= a.ts + INTERVAL '1' HOUR", "pipeline.unsupported", "1:131", "no more than")]
    [InlineData("pump a JOIN pump FOR SYSTEM_TIME AS OF a.ts AS b ON a.device = a.device", "pipeline.unsupported", "1:111", "ON a.device = b.device")]
    [InlineData("pump a JOIN pump FOR SYSTEM_TIME AS OF a.ts AS b ON b.ts >= a.ts - INTERVAL '1' HOUR", "pipeline.unsupported", "1:107", "ON a.device = b.device")]
    [InlineData("pump a JOIN pump FOR SYSTEM_TIME AS OF a.load AS b ON a.device = b.device", "pipeline.type", "1:89", "such as a.ts; load is not it")]
    [InlineData("pump a JOIN pump FOR SYSTEM_TIME AS OF b.ts AS b ON a.device = b.device", "pipeline.type", "1:89", "such as a.ts; ts is not it")]
    [InlineData("pump a JOIN pump FOR SYSTEM_TIME AS OF a.ts ON a.device = c.device", "pipeline.unknown_table", "1:108", "'c'")]
    [InlineData("pump JOIN pump FOR SYSTEM_TIME AS OF pump.ts ON pump.device = pump.device", "pipeline.ambiguous", "1:60", "Two tables of the join are called pump")]
    [InlineData("(SELECT device, ts, load FROM pump) JOIN pump FOR SYSTEM_TIME AS OF ts ON device = device", "pipeline.syntax", "1:86", "needs a name")]
    [InlineData("pump a JOIN (SELECT device, ts FROM pump) FOR SYSTEM_TIME AS OF a.ts AS b ON a.device = b.device", "pipeline.unsupported", "1:62", "put the query into a view")]
    [InlineData("pump a JOIN pumpp FOR SYSTEM_TIME AS OF a.ts ON a.device = b.device", "pipeline.unknown_table", "1:62", "Did you mean pump?")]
    [InlineData("pump a JOIN pump b ON a.device = b.device", "pipeline.unsupported", "1:57", "FROM a LEFT JOIN b FOR SYSTEM_TIME AS OF a.ts ON a.device = b.device")]
    [InlineData("pump a RIGHT JOIN pump b ON a.device = b.device", "pipeline.unsupported", "1:57", "RIGHT JOIN is not part of the dialect")]
    [InlineData("pump a, pump b", "pipeline.unsupported", "1:56", "by a comma")]
    [InlineData("TUMBLE(TABLE pump, DESCRIPTOR(ts), INTERVAL '1' HOUR) a JOIN pump FOR SYSTEM_TIME AS OF a.ts AS b ON a.device = b.device", "pipeline.unsupported", "1:50", "needs a view with GROUP BY")]
    public void A_join_that_is_none_is_told(string from, string code, string where, string says) => Pump.IsRefused($"INSERT INTO o SELECT a.device, a.ts, a.load FROM {from}", code, where, says);

    [Theory]
    [InlineData("a.device, a.ts, load", "pipeline.ambiguous", "1:38", "in a and in b; write a.load or b.load")]
    [InlineData("device, a.ts, a.load", "pipeline.ambiguous", "1:22", "write a.device or b.device")]
    [InlineData("b.device, a.ts, a.load", "pipeline.unsupported", "1:22", "that of a; write a.device")]
    [InlineData("a.device, a.ts, c.load", "pipeline.unknown_table", "1:38", "'c'")]
    [InlineData("a.device, a.ts, b.laod", "pipeline.unknown_column", "1:38", "Did you mean load?")]
    [InlineData("*", "pipeline.unsupported", "1:22", "one by one: a.device, a.ts")]
    [InlineData("a.device, b.ts, b.load, AVG(a.load) OVER (PARTITION BY a.device ORDER BY b.ts) AS m", "pipeline.type", "1:95", "event time; ts is not it")]
    public void A_column_of_a_join_that_is_not_clear_is_told(string items, string code, string where, string says) =>
        Pump.IsRefused($"INSERT INTO o SELECT {items} FROM pump a LEFT JOIN pump FOR SYSTEM_TIME AS OF a.ts AS b ON a.device = b.device", code, where, says);

    [Fact]
    public void A_question_joins_no_tables()
    {
        var refusal = QueryCompiler.Compile("SELECT a.load FROM pump a JOIN pump FOR SYSTEM_TIME AS OF a.ts AS b ON a.device = b.device", [Pump.Thing], 0, name => new DeviceId(name), new()).Refusal;
        Assert.Equal(("pipeline.unsupported", "1:27"), (refusal.Code, refusal.Details[0].Where));
        Assert.Contains("pilotage data join", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_model_is_asked_is_followed_into_both_tables_and_texts_there_are_refused()
    {
        const string text = "CREATE VIEW b AS SELECT device, ts, vibration * 2 AS v FROM pump WHERE {0};"
            + "CREATE VIEW j AS SELECT a.device, a.ts, a.load AS l, b.v AS v, pressure FROM pump AS a LEFT JOIN b FOR SYSTEM_TIME AS OF a.ts ON a.device = b.device;"
            + "INSERT INTO o SELECT * FROM ML_PREDICT(TABLE j, MODEL regime, DESCRIPTOR(l, {1}))";
        string With(string condition, string second) => text.Replace("{0}", condition, StringComparison.Ordinal).Replace("{1}", second, StringComparison.Ordinal);
        var origins = FeatureOrigins.Of(With("running", "v"), [Pump.Regime]);
        Assert.Equal(("pump.load", "vibration * 2", "pump.vibration"), (Assert.Single(origins[0].Properties), origins[1].Expression, Assert.Single(origins[1].Properties)));
        Assert.Null(Features(With("running", "v")));
        Assert.Null(Features(With("serial = 'a'", "pressure")));
        Assert.Equal("pipeline.text_before_model", Features(With("serial = 'a'", "v")));
        Assert.Equal("pipeline.text_before_model", Features(With("serial = 'a'", "pressure").Replace("LEFT JOIN", "JOIN", StringComparison.Ordinal)));

        static string? Features(string sql) =>
            Dataflow.StartFeatures(Pump.Compile(sql), "regime", Pump.Models(), new Nobody(), TimeProvider.System) is { IsOk: false } refused ? refused.Refusal.Code : null;
    }

    [Fact]
    public void Flink_needs_a_versioned_table()
    {
        var notes = FlinkPortability.Check("INSERT INTO o SELECT a.device, a.ts, b.load FROM pump a LEFT JOIN pump FOR SYSTEM_TIME AS OF a.ts AS b ON a.device = b.device").Value;
        Assert.Equal((1, 67), (Assert.Single(notes).Line, notes[0].Column));
        Assert.Contains("PRIMARY KEY", notes[0].Instead, StringComparison.Ordinal);
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
