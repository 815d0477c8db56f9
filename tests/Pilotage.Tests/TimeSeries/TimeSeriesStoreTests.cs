using Pilotage.Core;
using Pilotage.Core.Durability;
using Pilotage.Testing;
using Pilotage.TimeSeries;
using Xunit;
using static Pilotage.Testing.StoreFixture;

namespace Pilotage.Tests.TimeSeries;

public sealed class TimeSeriesStoreTests
{
    private readonly StoreFixture _fixture = new();

    [Theory]
    [InlineData(1_000_000)]
    [InlineData(100)]
    public async Task What_was_appended_is_read_back_sealed_or_not_and_after_reopening(int headPointsMax)
    {
        var store = _fixture.Open(headPointsMax);
        for (var cycle = 0; cycle < 200; cycle++)
        {
            await store.AppendAsync(Row("engine-1", cycle * Hour, ("s1", cycle / 10.0), ("s2", -cycle)), null, default);
            await store.AppendAsync(Row("engine-2", cycle * Hour, ("s1", cycle + 0.5)), null, default);
        }

        Check(store);
        await store.DisposeAsync();
        Check(_fixture.Open(headPointsMax));

        static void Check(TimeSeriesStore store)
        {
            Assert.Equal(Enumerable.Range(0, 200).Select(i => new Point(i * Hour, i / 10.0, Quality.Good)), All(store, "engine-1", "s1"));
            Assert.Equal(Enumerable.Range(0, 200).Select(i => new Point(i * Hour, i + 0.5, Quality.Good)), All(store, "engine-2", "s1"));
            Assert.Equal([10, 11, 12], store.Read(Key("engine-1", "s2"), 10 * Hour, 12 * Hour).Select(point => -point.Value));
            Assert.True(store.TryGetLast(Key("engine-1", "s1"), out var last));
            Assert.Equal(new Point(199 * Hour, 19.9, Quality.Good), last);
            Assert.Equal(
                [Key("engine-1", "s1"), Key("engine-1", "s2"), Key("engine-2", "s1")], store.Series(Tenant, null));
            Assert.Equal([Key("engine-2", "s1")], store.Series(Tenant, new DeviceId("engine-2")));
            Assert.Equal(0, store.Damaged);
        }
    }

    [Fact]
    public async Task What_was_sealed_before_a_restart_is_known_when_it_comes_again()
    {
        var fixture = new StoreFixture();
        await using (var store = fixture.Open())
        {
            for (var time = 1L; time <= 300; time++)
            {
                await store.AppendAsync(Row("p1", time, ("x", time), ("y", 2)), null, default);
            }
        }

        await using var again = fixture.Open();
        await again.AppendAsync(Row("p1", 300, ("x", 300), ("y", 2)), null, default);
        await again.AppendAsync(Row("p1", 7, ("x", 7), ("y", 2)), null, default);
        await again.AppendAsync(Row("p1", 8, ("x", 9), ("y", 2)), null, default);
        var statistics = again.Statistics(Key("p1", "x"));

        Assert.Equal((300, 2, 1), (statistics.Count, statistics.Repeated, statistics.Overwritten));
        Assert.Equal(301, again.Replay(Tenant, [new DeviceId("p1")], ["x"], long.MinValue, long.MaxValue).Count());
    }

    [Fact]
    public async Task A_series_in_messages_of_two_kinds_counts_what_they_contradict()
    {
        await using var store = new StoreFixture().Open();
        await store.AppendAsync(Row("p1", 3, ("x", 1), ("y", 1)), null, default);
        await store.AppendAsync(Row("p1", 5, ("x", 2)), null, default);
        await store.AppendAsync(Row("p1", 5, ("x", 3), ("y", 3)), null, default);

        Assert.Equal(1, store.Statistics(Key("p1", "x")).Overwritten);
        Assert.True(store.TryGetLast(Key("p1", "x"), out var last) && last.Value == 3);
    }

    [Fact]
    public async Task A_tenant_sees_its_own_series_only()
    {
        var store = _fixture.Open();
        await store.AppendAsync(Row("engine-1", Hour, ("s1", 1)), null, default);

        var other = new SeriesKey(new TenantId("other"), new DeviceId("engine-1"), "s1");
        Assert.Empty(store.Series(new TenantId("other"), null));
        Assert.Empty(store.Read(other, long.MinValue, long.MaxValue));
        Assert.False(store.TryGetLast(other, out _));
        Assert.Empty(store.Replay(new TenantId("other"), [new DeviceId("engine-1")], ["s1"], long.MinValue, long.MaxValue));
    }

    [Theory]
    [InlineData(1_000_000)]
    [InlineData(100)]
    public async Task Of_one_time_the_last_arrival_wins_and_is_counted(int headPointsMax)
    {
        var store = _fixture.Open(headPointsMax);
        for (var i = 0; i < 150; i++)
        {
            await store.AppendAsync(Row("d", i * Hour, ("p", i)), null, default);
        }

        await store.AppendAsync(Row("d", 7 * Hour, ("p", 700)), null, default);
        await store.AppendAsync(Row("d", 7 * Hour, ("p", 701)), null, default);
        await store.AppendAsync(Row("d", 8 * Hour, ("p", 8)), null, default);
        await store.AppendAsync(Row("d", 149 * Hour, ("p", 149)), null, default);
        await store.DisposeAsync();

        store = _fixture.Open(headPointsMax);
        Assert.Equal([701], store.Read(Key("d", "p"), 7 * Hour, 7 * Hour).Select(point => point.Value));
        var statistics = store.Statistics(Key("d", "p"));
        Assert.Equal(150, statistics.Count);
        Assert.Equal(2, statistics.Overwritten);
        Assert.Equal(2, statistics.Repeated);
        Assert.Equal(2, statistics.Late);
        Assert.Equal(152, store.Replay(Tenant, [new DeviceId("d")], ["p"], long.MinValue, long.MaxValue).Count());
    }

    [Theory]
    [InlineData(1_000_000)]
    [InlineData(100)]
    public async Task A_replay_gives_messages_in_order_of_arrival_one_row_each(int headPointsMax)
    {
        var store = _fixture.Open(headPointsMax);
        var random = new Random(9);
        var sent = new List<(string Device, long Time, double A, double B)>();
        for (var i = 0; i < 300; i++)
        {
            var message = ($"d{random.Next(5)}", random.Next(10_000) * Hour, Math.Round(random.NextDouble(), 3), (double)i);
            sent.Add(message);
            var (device, time, a, b) = message;
            await store.AppendAsync(i % 7 == 0 ? Row(device, time, ("b", b)) : Row(device, time, ("a", a), ("b", b)), null, default);
        }

        await store.DisposeAsync();
        store = _fixture.Open(headPointsMax);
        var rows = store.Replay(
            Tenant, [.. Enumerable.Range(0, 4).Select(i => new DeviceId($"d{i}"))], ["b", "missing", "a"], 0, 5_000 * Hour).ToList();

        var expected = sent
            .Select((message, i) => (message.Device, message.Time, A: i % 7 == 0 ? double.NaN : message.A, message.B))
            .Where(message => message.Device != "d4" && message.Time <= 5_000 * Hour);
        Assert.Equal(expected, rows.Select(row => (row.Device.Value, row.TimeNs, row.Values[2], row.Values[0])));
        Assert.All(rows, row => Assert.Equal(double.NaN, row.Values[1]));
        Assert.All(rows, row => Assert.Equal(row.TimeNs + 5, row.ReceivedNs));
        Assert.Equal(rows.Select(row => row.Arrival).Order(), rows.Select(row => row.Arrival));
    }

    [Fact]
    public async Task Points_of_many_messages_in_one_batch_stay_apart()
    {
        var store = _fixture.Open();
        var batch = new PointBatch();
        batch.Add(Key("d", "a"), Hour, 1, Quality.Good, 0);
        batch.Add(Key("d", "b"), Hour, 2, Quality.Bad, 0);
        batch.Add(Key("d", "a"), Hour, 3, Quality.Good, 0);
        batch.Add(Key("d", "a"), 2 * Hour, 4, Quality.Uncertain, 0);
        batch.AddRow(Tenant, new DeviceId("e"), Hour, 0, ["a", "b"], [5, 6], Quality.Good);
        await store.AppendAsync(batch, null, default);

        var rows = store.Replay(Tenant, [new DeviceId("d"), new DeviceId("e")], ["a", "b"], 0, 9 * Hour).ToList();
        Assert.Equal([(1, 2), (3, double.NaN), (4, double.NaN), (5, 6)], rows.Select(row => (row.Values[0], row.Values[1])));
        Assert.Equal([Quality.Bad, Quality.Good, Quality.Uncertain, Quality.Good], rows.Select(row => row.Quality));
        Assert.Equal([3, 4], All(store, "d", "a").Select(point => point.Value));
    }

    [Fact]
    public async Task A_forwarded_batch_is_stored_once_across_restarts_and_sealing()
    {
        var store = _fixture.Open();
        Assert.Null(store.HighWater("edge-1", "log-a"));
        Assert.Equal(Appended.Stored, await store.AppendAsync(Row("d", Hour, ("p", 1)), new ForwardMark("edge-1", "log-a", 10), default));
        Assert.Equal(Appended.AlreadyStored, await store.AppendAsync(Row("d", 2 * Hour, ("p", 2)), new ForwardMark("edge-1", "log-a", 10), default));
        Assert.Equal(Appended.Stored, await store.AppendAsync(Row("d", 3 * Hour, ("p", 3)), new ForwardMark("edge-1", "log-b", 1), default));
        await store.DisposeAsync();

        store = _fixture.Open();
        Assert.Equal(10, store.HighWater("edge-1", "log-a"));
        Assert.Equal([1, 3], All(store, "d", "p").Select(point => point.Value));
        for (var i = 0; i < 300; i++)
        {
            await store.AppendAsync(Row("d", (10 + i) * Hour, ("p", i)), new ForwardMark("edge-1", "log-a", 11 + i), default);
        }

        await store.DisposeAsync();
        store = _fixture.Open();
        Assert.Equal(310, store.HighWater("edge-1", "log-a"));
        Assert.Equal(1, store.HighWater("edge-1", "log-b"));
        Assert.Equal(Appended.AlreadyStored, await store.AppendAsync(new PointBatch(), new ForwardMark("edge-1", "log-a", 310), default));
        Assert.Equal(Appended.Stored, await store.AppendAsync(new PointBatch(), new ForwardMark("edge-1", "log-a", 311), default));
    }

    [Fact]
    public async Task Statistics_tell_gaps_coverage_and_doubtful_values()
    {
        var store = _fixture.Open();
        for (var i = 0; i < 100; i++)
        {
            if (i is not (40 or 41 or 70))
            {
                var batch = new PointBatch();
                batch.Add(Key("d", "p"), i * Hour, i == 5 ? double.NaN : i, i == 6 ? Quality.Bad : Quality.Good, 0);
                await store.AppendAsync(batch, null, default);
            }
        }

        var statistics = store.Statistics(Key("d", "p"));
        Assert.Equal(97, statistics.Count);
        Assert.Equal((0, 99 * Hour), (statistics.FirstNs, statistics.LastNs));
        Assert.Equal(Hour, statistics.IntervalNs);
        Assert.Equal(2, statistics.Gaps);
        Assert.Equal(3 * Hour, statistics.LongestGapNs);
        Assert.Equal(0.97, statistics.Coverage, 3);
        Assert.Equal((1, 1), (statistics.NotFinite, statistics.NotGood));
        Assert.Equal(new SeriesStatistics(), store.Statistics(Key("d", "unknown")));
    }

    [Fact]
    public async Task Nothing_shows_before_it_is_durable()
    {
        var store = _fixture.Open();
        _fixture.Scheduler.Hold();
        var append = store.AppendAsync(Row("d", Hour, ("p", 1)), null, default).AsTask();
        Assert.False(append.IsCompleted);
        Assert.Empty(store.Series(Tenant, null));
        Assert.Empty(All(store, "d", "p"));

        _fixture.Scheduler.Release();
        await append;
        Assert.Single(All(store, "d", "p"));
    }

    [Fact]
    public async Task A_full_disk_stops_acknowledging_keeps_reading_and_heals()
    {
        var store = _fixture.Open();
        var stored = 0;
        _fixture.Disk.CapacityBytes = 9_000;
        var refused = 0;
        for (var i = 0; i < 400; i++)
        {
            try
            {
                await store.AppendAsync(Row("d", stored * Hour, ("p", stored), ("q", stored / 7.0)), null, default);
                stored++;
            }
            catch (CommitLogFullException)
            {
                refused++;
                Assert.Equal(stored, All(store, "d", "p").Count);
            }
        }

        Assert.True(refused > 10 && stored > 10, $"{refused} refused, {stored} stored");
        Assert.False(store.Failed);
        _fixture.Disk.CapacityBytes = long.MaxValue;
        for (var i = 0; i < 200; i++)
        {
            await store.AppendAsync(Row("d", stored * Hour, ("p", stored), ("q", stored / 7.0)), null, default);
            stored++;
        }

        _fixture.Disk.Cut();
        Assert.Equal(Enumerable.Range(0, stored).Select(i => (double)i), All(_fixture.Open(), "d", "p").Select(point => point.Value));
    }

    [Fact]
    public async Task Sealing_lets_go_of_the_log()
    {
        var store = _fixture.Open();
        for (var i = 0; i < 5_000; i++)
        {
            await store.AppendAsync(Row("d", i * Hour, ("p", i)), null, default);
        }

        Assert.InRange(_fixture.Disk.Root.List().Count(name => name.StartsWith("head-")), 1, 3);

        // 50 heads, merged by threes: 27 + 9 + 9 + 3 + 1 + 1.
        Assert.Equal(6, store.SegmentCount);
        Assert.Equal(6, _fixture.Disk.Root.List().Count(name => name.StartsWith("segment-")));
        Assert.Equal(5_000, All(store, "d", "p").Count);
    }

    [Fact]
    public async Task Closing_seals_what_is_worth_it_and_leaves_the_log_empty()
    {
        var store = _fixture.Open(headPointsMax: 10_000);
        for (var i = 0; i < 5; i++)
        {
            await store.AppendAsync(Row("d", i * Hour, ("p", i)), null, default);
        }

        await store.DisposeAsync();
        Assert.Equal(0, store.SegmentCount);
        store = _fixture.Open(headPointsMax: 10_000);
        for (var i = 5; i < 500; i++)
        {
            await store.AppendAsync(Row("d", i * Hour, ("p", i)), new ForwardMark("edge", "log", i), default);
        }

        await store.DisposeAsync();
        Assert.Equal(1, store.SegmentCount);
        var log = Assert.Single(_fixture.Disk.Root.List(), name => name.StartsWith("head-"));
        Assert.Empty(_fixture.Disk.Peek("", log)!);
        store = _fixture.Open(headPointsMax: 10_000);
        Assert.Equal(Enumerable.Range(0, 500).Select(i => (double)i), All(store, "d", "p").Select(point => point.Value));
        Assert.Equal(499, store.HighWater("edge", "log"));
        await store.AppendAsync(Row("d", 500 * Hour, ("p", 500)), null, default);
        _fixture.Disk.Cut();
        Assert.Equal(501, All(_fixture.Open(headPointsMax: 10_000), "d", "p").Count);
    }

    [Fact]
    public async Task Many_devices_append_at_once_through_the_stores_own_threads()
    {
        var disk = new SimulatedDisk(new Random(3));
        var options = new TimeSeriesOptions { HeadPointsMax = 2_000 };
        await using (var store = TimeSeriesStore.Open(disk.Root, options, TimeProvider.System))
        {
            await Task.WhenAll(Enumerable.Range(0, 8).Select(device => Task.Run(async () =>
            {
                for (var i = 0; i < 500; i++)
                {
                    await store.AppendAsync(Row($"d{device}", i * Hour, ("p", i), ("q", i / 10.0)), null, default);
                }
            })));
        }

        await using var again = TimeSeriesStore.Open(disk.Root, options, TimeProvider.System);
        for (var device = 0; device < 8; device++)
        {
            Assert.Equal(Enumerable.Range(0, 500).Select(i => i / 10.0), All(again, $"d{device}", "q").Select(point => point.Value));
        }
    }
}
