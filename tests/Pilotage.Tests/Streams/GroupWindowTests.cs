using Pilotage.Streams;
using Xunit;

namespace Pilotage.Tests.Streams;

public sealed class GroupWindowTests
{
    private const long MinuteNs = 60_000_000_000;

    // The bids of Flink's documentation of windowing table-valued functions: minutes past eight, price.
    private static readonly (int Minute, double Price)[] Bids = [(5, 4), (7, 2), (9, 5), (11, 3), (13, 1), (17, 6)];

    [Fact]
    public void Tumble_gives_what_the_documentation_of_Flink_says()
    {
        Assert.Equal(
            [(0, 10, 11), (10, 20, 10)],
            Windows("TUMBLE(TABLE pump, DESCRIPTOR(ts), INTERVAL '10' MINUTES)", Bids));
    }

    [Fact]
    public void Hop_gives_what_the_documentation_of_Flink_says()
    {
        Assert.Equal(
            [(0, 10, 11), (5, 15, 15), (10, 20, 10), (15, 25, 6)],
            Windows("HOP(TABLE pump, DESCRIPTOR(ts), INTERVAL '5' MINUTES, INTERVAL '10' MINUTES)", Bids));
    }

    [Fact]
    public void A_gap_costs_nothing_and_shows_no_empty_windows()
    {
        Assert.Equal(
            [(0, 10, 1), (5, 15, 1), (49_999_995, 50_000_005, 2), (50_000_000, 50_000_010, 2)],
            Windows("HOP(TABLE pump, DESCRIPTOR(ts), INTERVAL '5' MINUTE, INTERVAL '10' MINUTE)", (5, 1), (50_000_000, 2)));
    }

    [Fact]
    public void A_window_closes_with_the_row_at_its_end_and_not_before()
    {
        var sink = new RecordingSink();
        var flow = Start(sink, "TUMBLE(TABLE pump, DESCRIPTOR(ts), INTERVAL '10' MINUTE)");
        Push(flow, 0, 1);
        Push(flow, 9, 2);
        Assert.Empty(sink.Rows);
        Push(flow, 10, 4);
        var row = Assert.Single(sink.Rows);
        Assert.Equal(3, row.Values[0]);
        Assert.Equal(Pump.StartNs + (10 * MinuteNs), row.TimeNs);
    }

    [Fact]
    public void The_clock_closes_a_window_of_a_device_that_fell_silent_once()
    {
        var sink = new RecordingSink();
        var flow = Start(sink, "TUMBLE(TABLE pump, DESCRIPTOR(ts), INTERVAL '10' MINUTE)");
        Push(flow, 3, 1);
        flow.Advance(Pump.StartNs + (10 * MinuteNs) - 1);
        Assert.Empty(sink.Rows);
        flow.Advance(Pump.StartNs + (10 * MinuteNs));
        flow.Advance(Pump.StartNs + (30 * MinuteNs));
        Assert.Single(sink.Rows);
        Assert.Equal(PushResult.Late, Push(flow, 29, 1));
    }

    [Fact]
    public void Groups_feed_windows_and_conditions()
    {
        var sink = new RecordingSink();
        var flow = Pump.Start(Pump.Compile("""
            CREATE VIEW minutes AS SELECT device, window_time AS ts, AVG(vibration) AS v, COUNT(*) AS n
            FROM TABLE(TUMBLE(TABLE pump, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) WHERE running
            GROUP BY device, window_start, window_end HAVING COUNT(*) > 1;
            INSERT INTO o SELECT device, ts, SUM(v) OVER w AS s FROM minutes
            WINDOW w AS (PARTITION BY device ORDER BY ts RANGE BETWEEN INTERVAL '1' MINUTE PRECEDING AND CURRENT ROW)
            """), sink);
        for (var i = 0; i < 9; i++)
        {
            // Two rows a minute, but one only in the third.
            if (i != 5)
            {
                flow.Push(0, Pump.First, Pump.StartNs + (i * MinuteNs / 2), Pump.Row(i), i);
            }
        }

        // Minutes 0, 1 and 3 count: averages 0.5, 2.5, 6.5; minute 2 has one row, so 3 stands alone in its window.
        Assert.Equal([0.5, 3, 6.5], sink.Rows.Select(row => row.Values[0]));
        Assert.Equal(Pump.StartNs + MinuteNs - 1_000_000, sink.Rows[0].TimeNs);
    }

    private static List<(long Start, long End, double Sum)> Windows(string window, params (int Minute, double Price)[] bids)
    {
        var sink = new RecordingSink();
        var flow = Start(sink, window);
        foreach (var (minute, price) in bids)
        {
            Push(flow, minute, price);
        }

        flow.Advance(Pump.StartNs + (100_000_000 * MinuteNs));
        return [.. sink.Rows.Select(row => ((long)row.Values[1], (row.TimeNs - Pump.StartNs) / MinuteNs, row.Values[0]))];
    }

    // The start is shown as minutes before the first row of the window and the minute of that row added again.
    private static Dataflow Start(RecordingSink sink, string window) => Pump.Start(Pump.Compile(
        "INSERT INTO o SELECT device, window_end AS ts, SUM(vibration) AS total, " +
        $"MIN(SQRT(load * load)) - TIMESTAMPDIFF(MINUTE, window_start, MIN(ts)) AS start FROM {window} GROUP BY device, window_start, window_end"), sink);

    private static PushResult Push(Dataflow flow, int minute, double price) =>
        flow.Push(0, Pump.First, Pump.StartNs + (minute * MinuteNs), Pump.Row(price, load: minute), minute);
}
