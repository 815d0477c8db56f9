using System.Text;
using Pilotage.Core;
using Pilotage.Streams;
using Xunit;

namespace Pilotage.Tests.Streams;

/// <summary>Each bound of a pipeline, reached.</summary>
public sealed class LimitTests
{
    private const string Plain = "INSERT INTO o SELECT device, ts, load FROM pump";

    [Fact]
    public void Text_is_bounded()
    {
        Refused(Plain + new string(' ', 1_048_576), new(), "1048576");
    }

    [Fact]
    public void Statements_are_bounded()
    {
        Refused("CREATE VIEW a AS SELECT device, ts FROM pump; " + Plain, new() { StatementsMax = 1 }, "1 statements");
    }

    [Fact]
    public void Columns_are_bounded()
    {
        Refused("CREATE VIEW a AS SELECT device, ts, load AS a, load AS b, load AS c FROM pump; " + Plain, new() { ColumnsMax = 4 }, "properties");
        Refused("CREATE VIEW a AS SELECT device, ts, load AS a, load AS b, load AS c, load AS d, load AS e, load AS f FROM pump; " + Plain, new() { ColumnsMax = 7 }, "7 columns");
        Refused("INSERT INTO o SELECT device, ts, AVG(load) OVER (PARTITION BY device ORDER BY ts) AS a FROM pump", new() { ColumnsMax = 7 }, "windows included");
        Refused("INSERT INTO o SELECT device, ts, vib_norm FROM ML_PREDICT(TABLE pump, MODEL regime, DESCRIPTOR(load, vibration))", new() { ColumnsMax = 7 }, "outputs included");
    }

    [Theory]
    [InlineData("load", " + load", "", 100)]
    [InlineData("", "(", "load", 101)]
    [InlineData("", "- ", "load", 101)]
    [InlineData("IF(", "NOT ", "running, 1, 0)", 101)]
    [InlineData("", "ABS(", "load", 101)]
    [InlineData("", "CASE WHEN running THEN ", "load", 101)]
    [InlineData("IF(load IN (1", ", 1", "), 1, 0)", 100)]
    public void Depth_is_bounded(string before, string again, string after, int times)
    {
        var text = new StringBuilder("INSERT INTO o SELECT device, ts, ").Append(before);
        text.Insert(text.Length, again, times).Append(after).Append(" AS x FROM pump");
        Refused(text.ToString(), new(), "100 levels");
    }

    [Fact]
    public void Size_is_bounded_where_operands_are_read_twice()
    {
        var text = new StringBuilder("INSERT INTO o SELECT device, ts, ");
        text.Insert(text.Length, "NULLIF(", 30).Append("load").Insert(text.Length, ", 1)", 30).Append(" AS x FROM pump");
        Refused(text.ToString(), new(), "10000 parts");
    }

    [Fact]
    public void Queries_inside_queries_and_views_upon_views_are_bounded()
    {
        var nested = "SELECT device, ts, load FROM pump";
        for (var i = 0; i < 101; i++)
        {
            nested = $"SELECT device, ts, load FROM ({nested})";
        }

        Refused($"INSERT INTO o {nested}", new(), "100 levels");
        var views = "CREATE VIEW v0 AS SELECT * FROM pump;";
        for (var i = 1; i < 10; i++)
        {
            views += $"CREATE VIEW v{i} AS SELECT * FROM v{i - 1};";
        }

        Refused(views + "INSERT INTO o SELECT device, ts, load FROM v9", new() { StepsMax = 10 }, "10 steps");
    }

    [Theory]
    [InlineData("AVG(load) OVER (PARTITION BY device ORDER BY ts ROWS BETWEEN 100000 PRECEDING AND CURRENT ROW)", "99999")]
    [InlineData("LAG(load, 100000) OVER (PARTITION BY device ORDER BY ts)", "99999")]
    [InlineData("AVG(load) OVER (PARTITION BY device ORDER BY ts RANGE BETWEEN INTERVAL '3651' DAY PRECEDING AND CURRENT ROW)", "3,650 days")]
    [InlineData("AVG(load) OVER (PARTITION BY device ORDER BY ts RANGE BETWEEN INTERVAL '0' SECOND PRECEDING AND CURRENT ROW)", "one millisecond")]
    public void Windows_are_bounded_by_the_compiler(string window, string says)
    {
        Refused($"INSERT INTO o SELECT device, ts, {window} AS x FROM pump", new(), says);
    }

    [Fact]
    public void Overlap_and_lateness_are_bounded()
    {
        const string group = " GROUP BY device, window_start, window_end";
        Refused("INSERT INTO o SELECT device, window_end AS ts, COUNT(*) AS n FROM HOP(TABLE pump, DESCRIPTOR(ts), INTERVAL '1' SECOND, INTERVAL '1' HOUR)" + group, new(), "at most 1000");
        Refused("SET 'pilotage.lateness' = '8 d'; " + Plain, new(), "at most 7");
        Refused("SET 'pilotage.alert.clear-rows' = '0'; " + Plain, new(), "from 1");
        Refused("SET 'pilotage.alert.clear-margin' = '1.5'; " + Plain, new(), "from 0 to 1");
    }

    [Fact]
    public void A_range_window_that_fills_up_keeps_the_newest_rows_and_counts_the_others()
    {
        var sink = new RecordingSink();
        var flow = Pump.Start(Pump.Compile(
            "INSERT INTO o SELECT device, ts, SUM(vibration) OVER (PARTITION BY device ORDER BY ts RANGE BETWEEN INTERVAL '1' DAY PRECEDING AND CURRENT ROW) AS x FROM pump",
            new() { WindowRowsMax = 3 }), sink);
        for (var i = 1; i <= 5; i++)
        {
            flow.Push(0, Pump.First, Pump.StartNs + i, Pump.Row(i), i);
        }

        Assert.Equal(3 + 4 + 5, sink.Rows[^1].Values[0]);
        Assert.Equal(2, flow.Counters.WindowRowsDropped);
    }

    [Fact]
    public void A_group_that_fills_up_keeps_the_newest_rows_and_counts_the_others()
    {
        var sink = new RecordingSink();
        var flow = Pump.Start(Pump.Compile(
            "INSERT INTO o SELECT device, window_end AS ts, SUM(vibration) AS x FROM TUMBLE(TABLE pump, DESCRIPTOR(ts), INTERVAL '1' DAY) GROUP BY device, window_start, window_end",
            new() { WindowRowsMax = 3 }), sink);
        for (var i = 1; i <= 5; i++)
        {
            flow.Push(0, Pump.First, Pump.StartNs + i, Pump.Row(i), i);
        }

        flow.Advance(long.MaxValue);
        Assert.Equal(3 + 4 + 5, Assert.Single(sink.Rows).Values[0]);
        Assert.Equal(2, flow.Counters.WindowRowsDropped);
    }

    [Fact]
    public void Devices_are_bounded()
    {
        var flow = Pump.Start(Pump.Compile(Plain, new() { DevicesMax = 2 }), new SilentSink());
        Assert.Equal(PushResult.Taken, flow.Push(0, new DeviceId("a"), 1, Pump.Row(1), 1));
        Assert.Equal(PushResult.Taken, flow.Push(0, new DeviceId("b"), 1, Pump.Row(1), 2));
        Assert.Equal(PushResult.TooManyDevices, flow.Push(0, new DeviceId("c"), 1, Pump.Row(1), 3));
        Assert.Equal(PushResult.Taken, flow.Push(0, new DeviceId("a"), 2, Pump.Row(1), 4));
        Assert.Equal(1, flow.Counters.DevicesRefused);
    }

    private static void Refused(string sql, PipelineLimits limits, string says)
    {
        var refusal = Pump.Refused(sql, limits);
        Assert.Equal("pipeline.limit", refusal.Code);
        Assert.Contains(says, refusal.Message, StringComparison.Ordinal);
    }
}
