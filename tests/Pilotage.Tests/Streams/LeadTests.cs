using Pilotage.Core;
using Pilotage.Streams;
using Pilotage.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Pilotage.Tests.Streams;

/// <summary>LEAD, against the plainest look at the rows that follow.</summary>
public sealed class LeadTests(ITestOutputHelper output)
{
    private const string Text = """
        CREATE VIEW next AS
        SELECT device, ts, vibration, LEAD(vibration) OVER w AS one, LEAD(load * 1 + pressure * 1, 3) OVER w AS three, LEAD(ts, 2) OVER w AS later, LEAD(serial) OVER w AS s,
               LEAD(load, 0) OVER w AS own, SUM(load) OVER w AS total, LAG(serial) OVER w AS before, ROW_NUMBER() OVER (PARTITION BY device ORDER BY ts) AS n
        FROM pump WHERE pressure < 3
        WINDOW w AS (PARTITION BY device ORDER BY ts ROWS BETWEEN 1 PRECEDING AND CURRENT ROW);
        INSERT INTO o SELECT device, ts, vibration, one, three, TIMESTAMPDIFF(SECOND, ts, later) AS gap, IF(s = before, 1, 0) AS alike, own, total, n,
               COUNT(*) OVER (PARTITION BY device ORDER BY ts) AS place FROM next;
        INSERT INTO minutes SELECT device, window_end AS ts, SUM(own) AS sum, COUNT(three) AS n
        FROM TUMBLE(TABLE next, DESCRIPTOR(ts), INTERVAL '1' MINUTE) GROUP BY device, window_start, window_end;
        """;

    [Theory]
    [InlineData(0, false)]
    [InlineData(0, true)]
    [InlineData(20, true)]
    public void Looks_ahead_to_the_rows_that_follow(int latenessSeconds, bool clock)
    {
        output.WriteLine($"seed {TestSize.Seed}");
        var rows = Disorder.Rows(new(TestSize.Seed + 11), TestSize.Count(400, 4_000), clock);
        var sink = Disorder.Run($"SET 'pilotage.lateness' = '{latenessSeconds} s'; {Text}", rows, out var counters);
        Assert.True(counters is { Late: > 3, Duplicates: > 3 }, counters.ToString());
        foreach (var (device, taken) in Disorder.Taken(rows, latenessSeconds * Disorder.SecondNs))
        {
            var all = taken.FindAll(row => row.Pressure < 3);
            PushedRow? At(int place) => place >= 0 && place < all.Count ? all[place] : null;
            var expected = all.Select((row, i) => new[]
            {
                row.Vibration, At(i + 1)?.Vibration ?? double.NaN, At(i + 3) is { } third ? third.Load + third.Pressure : double.NaN,
                At(i + 2) is { } second ? (second.TimeNs - row.TimeNs) / Disorder.SecondNs : double.NaN,
                At(i + 1)?.Serial is { } serial && serial == At(i - 1)?.Serial ? 1 : 0, row.Load, row.Load + (At(i - 1)?.Load ?? 0), i + 1, i + 1,
            }).ToList();
            var told = sink.Lines.Where(line => line.StartsWith($"o {device} ", StringComparison.Ordinal)).ToList();
            Assert.Equal(
                all.Zip(expected, (row, values) => $"o {device} {row.TimeNs} {string.Join(' ', values.Select(value => BitConverter.DoubleToInt64Bits(value)))} #{row.Id}"), told);
            var minutes = all.Select((row, i) => (row.TimeNs, row.Load, IsThere: At(i + 3) is not null)).GroupBy(row => row.TimeNs / (60 * Disorder.SecondNs))
                .Select(minute => ((minute.Key + 1) * 60 * Disorder.SecondNs, minute.Sum(row => row.Load), (double)minute.Count(row => row.IsThere)));
            Assert.Equal(minutes, sink.Rows.Where(row => row.Device == device && row.Values.Length == 2).Select(row => (row.TimeNs, row.Values[0], row.Values[1])));
        }
    }

    [Theory]
    [InlineData("0 s")]
    [InlineData("20 s")]
    public void Goes_on_killed_at_any_row_as_if_nothing_had_been(string lateness)
    {
        output.WriteLine($"seed {TestSize.Seed}");
        Disorder.IsTheSameKilledAnywhere($"SET 'pilotage.lateness' = '{lateness}'; {Text}", Disorder.Rows(new(TestSize.Seed + 13), 150, clock: true));
    }

    [Fact]
    public void Gives_a_device_the_same_however_devices_are_mixed()
    {
        output.WriteLine($"seed {TestSize.Seed}");
        var random = new Random(TestSize.Seed);
        var rows = Disorder.Rows(random, 300, clock: false);
        var (first, second) = (Disorder.Run(Text, rows, out _), Disorder.Run(Text, Disorder.Mixed(random, rows), out _));
        foreach (var device in Disorder.Devices)
        {
            IEnumerable<string> Own(RecordingSink sink) => sink.Lines.Where(line => line.Contains($" {device} ", StringComparison.Ordinal));
            Assert.NotEmpty(Own(first));
            Assert.Equal(Own(first), Own(second));
        }
    }

    [Fact]
    public void Tells_a_row_when_the_next_has_come_and_the_last_at_the_end()
    {
        var sink = new RecordingSink();
        var flow = Pump.Start(Pump.Compile("INSERT INTO o SELECT device, ts, LEAD(vibration) OVER (PARTITION BY device ORDER BY ts) AS x FROM pump"), sink);
        flow.Push(0, Pump.First, 10, Pump.Row(1), 1);
        flow.Push(0, new DeviceId("other"), 11, Pump.Row(9), 2);

        // A clock says that nothing older comes, not that nothing comes.
        flow.Advance(1_000);
        Assert.Empty(sink.Rows);
        flow.Push(0, Pump.First, 2_000, Pump.Row(2), 3);
        Assert.Equal((10, 2.0), (sink.Rows[0].TimeNs, sink.Rows[0].Values[0]));
        Assert.EndsWith(" #1", sink.Lines[0], StringComparison.Ordinal);
        flow.Forget(Pump.First);
        flow.Advance(Disorder.EndNs);
        Assert.Equal(("other", double.NaN), (sink.Rows[^1].Device.Value, sink.Rows[^1].Values[0]));
        Assert.Equal(2, sink.Rows.Count);
    }

    [Fact]
    public void A_question_looks_ahead_too_and_reads_on_for_it()
    {
        const string question = "SELECT ts, x FROM (SELECT ts, LEAD(load) OVER (PARTITION BY device ORDER BY ts) AS x FROM pump) WHERE ts <= TIMESTAMP '2023-11-14'";
        var plan = QueryCompiler.Compile(question, [Pump.Thing], 0, name => new DeviceId(name), new()).Value;
        Assert.Equal(long.MaxValue, plan.LastNs);
        var answer = new Answer();
        var all = QueryCompiler.Compile("SELECT LEAD(load) OVER (PARTITION BY device ORDER BY ts) AS x FROM pump", [Pump.Thing], 0, name => new DeviceId(name), new()).Value;
        var flow = Dataflow.StartQuery(all, answer, TimeProvider.System);
        foreach (var device in Disorder.Devices)
        {
            flow.Push(all, device, 1, Pump.Row(1, load: 1), []);
            flow.Push(all, device, 2, Pump.Row(1, load: 2), []);
            flow.End(device);
        }

        flow.Complete();
        Assert.Equal([2, double.NaN, 2, double.NaN, 2, double.NaN], answer.Values);
    }

    [Theory]
    [InlineData("LEAD(load, 1, 0) OVER w", "pipeline.type", "1:34", "Expected LEAD(value) or LEAD(value, rows)")]
    [InlineData("LEAD(load, 1.5) OVER w", "pipeline.type", "1:45", "a whole number of rows")]
    [InlineData("LEAD(load, 100000) OVER w", "pipeline.limit", "1:45", "at most 99999")]
    [InlineData("LEAD(device) OVER w", "pipeline.type", "1:39", "found a device")]
    [InlineData("LEAD(load)", "pipeline.type", "1:34", "needs OVER")]
    [InlineData("LEAD(LEAD(load) OVER w) OVER w", "pipeline.type", "1:39", "inside an aggregate")]
    [InlineData("LEAD(load) OVER w + pressure", "pipeline.unit", "1:52", "% and bar")]
    public void A_fault_is_told(string call, string code, string where, string says) =>
        Pump.IsRefused($"INSERT INTO o SELECT device, ts, {call} AS x FROM pump WINDOW w AS (PARTITION BY device ORDER BY ts)", code, where, says);

    [Fact]
    public void Is_not_of_a_group_and_not_of_a_stream_of_Flink()
    {
        Pump.IsRefused(
            "INSERT INTO o SELECT device, window_end AS ts, LEAD(load) AS x FROM TUMBLE(TABLE pump, DESCRIPTOR(ts), INTERVAL '1' HOUR) GROUP BY device, window_start, window_end",
            "pipeline.unsupported", "1:48", "LEAD cannot be used so");
        Assert.Equal("LEAD", Assert.Single(FlinkPortability.Check("INSERT INTO o SELECT device, ts, LEAD(load) OVER (PARTITION BY device ORDER BY ts) AS x FROM pump").Value).What);
    }

    [Fact]
    public void A_text_that_comes_later_before_a_model_is_refused()
    {
        const string sql = "CREATE VIEW n AS SELECT device, ts, load, IF(LEAD(serial) OVER (PARTITION BY device ORDER BY ts) = 'a', 1, 0) AS vibration FROM pump;"
            + "INSERT INTO o SELECT * FROM ML_PREDICT(TABLE n, MODEL regime, DESCRIPTOR(load, vibration))";
        Assert.Equal("pipeline.text_before_model", Dataflow.StartFeatures(Pump.Compile(sql), "regime", Pump.Models(), new Nobody(), TimeProvider.System).Refusal.Code);
    }

    private sealed class Answer : IQuerySink
    {
        public List<double> Values { get; } = [];

        public void Row(QueryRow row) => Values.Add(row.IsNull(0) ? double.NaN : row.Number(0));
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
