using Pilotage.Core;
using Pilotage.Streams;
using Xunit;

namespace Pilotage.Tests.Streams;

/// <summary>Rows out of order, late, repeated, or from nowhere.</summary>
public sealed class OrderTests
{
    private const long SecondNs = 1_000_000_000;
    private const string Count = "INSERT INTO o SELECT device, ts, COUNT(*) OVER (PARTITION BY device ORDER BY ts) AS n FROM pump";

    [Fact]
    public void Without_lateness_an_older_row_is_dropped_and_counted()
    {
        var (flow, sink) = Start(Count);
        Assert.Equal(PushResult.Taken, Push(flow, 10, 1));
        Assert.Equal(PushResult.Late, Push(flow, 9, 2));
        Assert.Equal(PushResult.Taken, Push(flow, 11, 3));
        Assert.Equal([1, 2], sink.Rows.Select(row => row.Values[0]));
        Assert.Equal((2, 1), (flow.Counters.Rows, flow.Counters.Late));
    }

    [Fact]
    public void One_device_does_not_make_another_late()
    {
        var (flow, _) = Start(Count);
        Push(flow, 100, 1);
        Assert.Equal(PushResult.Taken, flow.Push(0, new DeviceId("slow"), Pump.StartNs, Pump.Row(1), 2));
    }

    [Fact]
    public void A_repeated_row_is_dropped_and_another_of_the_same_time_is_not()
    {
        var (flow, sink) = Start(Count);
        Push(flow, 10, 1);
        Assert.Equal(PushResult.Duplicate, Push(flow, 10, 1));
        Assert.Equal(PushResult.Taken, Push(flow, 10, 2));
        Assert.Equal([1, 2], sink.Rows.Select(row => row.Values[0]));
        Assert.Equal(1, flow.Counters.Duplicates);
    }

    [Fact]
    public void A_time_outside_the_centuries_is_refused()
    {
        var (flow, _) = Start(Count);
        Assert.Equal(PushResult.OutOfRange, flow.Push(0, Pump.First, -1, Pump.Row(1), 1));
        Assert.Equal(PushResult.OutOfRange, flow.Push(0, Pump.First, long.MaxValue, Pump.Row(1), 1));
        Assert.Equal(2, flow.Counters.OutOfRange);
    }

    [Fact]
    public void With_lateness_rows_wait_and_go_on_in_order()
    {
        var (flow, sink) = Start("SET 'pilotage.lateness' = '5 s'; INSERT INTO o SELECT device, ts, vibration FROM pump");
        foreach (var second in new[] { 10, 13, 11, 11, 12, 18 })
        {
            Push(flow, second, second);
        }

        // The watermark is 13 s: what is older or equal has gone on, in order and the repeated one once.
        Assert.Equal([10, 11, 12, 13], sink.Rows.Select(row => row.Values[0]));
        Assert.Equal(PushResult.Late, Push(flow, 12, 1));
        flow.Advance(Pump.StartNs + (18 * SecondNs));
        Assert.Equal(18, sink.Rows[^1].Values[0]);
        Assert.Equal((5, 1, 1), (flow.Counters.Rows, flow.Counters.Late, flow.Counters.Duplicates));
    }

    [Fact]
    public void Any_disorder_within_the_lateness_gives_what_order_gives()
    {
        const string sql = "SET 'pilotage.lateness' = '10 s'; INSERT INTO o SELECT device, ts, AVG(vibration) OVER " +
            "(PARTITION BY device ORDER BY ts ROWS BETWEEN 5 PRECEDING AND CURRENT ROW) AS x FROM pump";
        var random = new Random(3);
        var order = Enumerable.Range(0, 300).ToArray();
        var (inOrder, expected) = Start(sql);
        foreach (var second in order)
        {
            Push(inOrder, second, second * 0.1);
        }

        var (shuffled, actual) = Start(sql);
        foreach (var second in order.OrderBy(second => second + (random.NextDouble() * 9)).ToArray())
        {
            Assert.Equal(PushResult.Taken, Push(shuffled, second, second * 0.1));
        }

        inOrder.Advance(Pump.StartNs + (1_000 * SecondNs));
        shuffled.Advance(Pump.StartNs + (1_000 * SecondNs));
        Assert.Equal(expected.Lines, actual.Lines);
        Assert.Equal(300, actual.Lines.Count);
    }

    [Fact]
    public void Too_many_waiting_rows_push_the_oldest_on()
    {
        var sink = new RecordingSink();
        var flow = Pump.Start(
            Pump.Compile("SET 'pilotage.lateness' = '1 d'; INSERT INTO o SELECT device, ts, vibration FROM pump", new() { ReorderRowsMax = 3 }), sink);
        foreach (var second in new[] { 4, 2, 3, 1, 5 })
        {
            Push(flow, second, second);
        }

        Assert.Equal([1, 2], sink.Rows.Select(row => row.Values[0]));
        Assert.Equal(2, flow.Counters.ReleasedEarly);
        Assert.Equal(PushResult.Late, Push(flow, 1, 9));
    }

    private static (Dataflow Flow, RecordingSink Sink) Start(string sql)
    {
        var sink = new RecordingSink();
        return (Pump.Start(Pump.Compile(sql), sink), sink);
    }

    private static PushResult Push(Dataflow flow, int second, double vibration) =>
        flow.Push(0, Pump.First, Pump.StartNs + (second * SecondNs), Pump.Row(vibration), second);
}
