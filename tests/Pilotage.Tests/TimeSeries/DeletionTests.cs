using Pilotage.Core;
using Pilotage.Core.Durability;
using Pilotage.Testing;
using Pilotage.TimeSeries;
using Xunit;
using static Pilotage.Testing.StoreFixture;

namespace Pilotage.Tests.TimeSeries;

/// <summary>What is deleted is seen by nobody, in memory, in segments, merged, after a restart; and its space comes back.</summary>
public sealed class DeletionTests
{
    private static readonly DeviceId Device = new("d");
    private readonly StoreFixture _fixture = new();

    [Theory]
    [InlineData(1_000_000)]
    [InlineData(100)]
    public async Task Nobody_sees_what_was_deleted(int headPointsMax)
    {
        var store = _fixture.Open(headPointsMax);
        await FillAsync(store, 300);
        await store.DeleteAsync(new Deletion(Tenant, Device, null, 100 * Hour, 199 * Hour), default);

        Check(store);
        await store.DisposeAsync();
        Check(_fixture.Open(headPointsMax));
        _fixture.Disk.Cut();
        Check(_fixture.Open(headPointsMax));

        static void Check(TimeSeriesStore store)
        {
            double[] left = [.. Enumerable.Range(0, 100).Select(i => (double)i), .. Enumerable.Range(200, 100).Select(i => (double)i)];
            Assert.Equal(left, All(store, "d", "p").Select(point => point.Value));
            Assert.Equal(left, AllTyped(store, "d", "q").Select(point => -point.Value.Number));
            Assert.Equal(left, store.Replay(Tenant, [Device], ["p", "q"], long.MinValue, long.MaxValue).Select(row => row.Values[0]));
            Assert.All((bool[])[true, false], withEnds =>
                Assert.Equal((200, left.Sum()), Whole(store.Aggregate(Key("d", "p"), 0, long.MaxValue, null, withEnds))));
            Assert.Equal(200, store.Statistics(Key("d", "p")).Count);
            Assert.Equal(0, store.Damaged);
        }

        static (long, double) Whole(IEnumerable<WindowAggregate> windows) => (windows.Sum(window => window.Count), windows.Sum(window => window.Sum));
    }

    [Fact]
    public async Task One_property_goes_and_the_others_of_its_messages_stay()
    {
        var store = _fixture.Open();
        await FillAsync(store, 60);
        await store.DeleteAsync(new Deletion(Tenant, Device, ["p"], 10 * Hour, 19 * Hour), default);
        Check(store);
        await FillAsync(store, 400, from: 60);
        Check(store);
        await store.DisposeAsync();
        Check(_fixture.Open());

        static void Check(TimeSeriesStore store)
        {
            Assert.DoesNotContain(All(store, "d", "p"), point => point.Value is >= 10 and <= 19);
            Assert.Equal(60, All(store, "d", "q").Count(point => point.Value > -60));
            var rows = store.Replay(Tenant, [Device], ["p", "q"], 0, 59 * Hour).ToList();
            Assert.Equal(60, rows.Count);
            Assert.All(rows, row => Assert.Equal(row.TimeNs / Hour is >= 10 and <= 19 ? double.NaN : row.TimeNs / Hour, row.Values[0]));
            Assert.Equal(Enumerable.Range(10, 10).Select(_ => (SeriesValue?)null), store.ReplayTyped(Tenant, [Device], ["p", "q"], 10 * Hour, 19 * Hour).Select(row => row.Values[0]));
            Assert.Equal(50, store.Replay(Tenant, [Device], ["p"], 0, 59 * Hour).Count());
        }
    }

    /// <summary>Where only a text of a message is deleted, its place stays empty in the block that is written anew; nothing of it may.</summary>
    [Fact]
    public async Task A_deleted_text_is_in_no_file_any_more()
    {
        var store = _fixture.Open(headPointsMax: 120);
        await AppendAsync(0, "secret");
        await store.DeleteAsync(new Deletion(Tenant, Device, ["s"], 0, long.MaxValue), default);
        Assert.False(store.TryGetLastTyped(Key("d", "s"), out _));

        // The head it was in is sealed, then merged with others.
        for (var i = 1; i < 10; i++)
        {
            await AppendAsync(i * 60, "x");
        }

        await store.DisposeAsync();
        Assert.DoesNotContain(_fixture.Disk.Root.List(), name => _fixture.Disk.Peek("", name)!.AsSpan().IndexOf("secret"u8) >= 0);
        store = _fixture.Open(headPointsMax: 120);
        Assert.Equal(600, All(store, "d", "p").Count);
        Assert.All(AllTyped(store, "d", "s"), point => Assert.Equal("x", point.Value.Text));

        async Task AppendAsync(int from, string text)
        {
            for (var i = from; i < from + 60; i++)
            {
                await store.AppendAsync(TypedRow("d", i * Hour, ("p", SeriesValue.Of(i)), ("s", SeriesValue.OfText(text))), null, default);
            }
        }
    }

    [Fact]
    public async Task What_arrives_later_at_the_same_times_is_new()
    {
        var store = _fixture.Open();
        await FillAsync(store, 120);
        await store.DeleteAsync(new Deletion(Tenant, Device, null, 0, 200 * Hour), default);
        Assert.Empty(All(store, "d", "p"));
        Assert.Empty(store.Series(Tenant, null));
        await FillAsync(store, 120);
        Assert.Equal(0, store.Statistics(Key("d", "p")).Repeated);
        Assert.Equal(120, All(store, "d", "p").Count);
        await store.DisposeAsync();
        Assert.Equal(120, All(_fixture.Open(), "d", "p").Count);
    }

    [Theory]
    [InlineData(1_000_000)]
    [InlineData(100)]
    public async Task The_last_value_is_the_last_that_is_left(int headPointsMax)
    {
        var store = _fixture.Open(headPointsMax);
        await FillAsync(store, 300);
        await store.DeleteAsync(new Deletion(Tenant, Device, ["p"], 150 * Hour, long.MaxValue), default);
        Check(store);
        await store.DisposeAsync();
        store = _fixture.Open(headPointsMax);
        Check(store);

        // A point at a deleted time is neither late nor a repetition.
        await store.AppendAsync(Row("d", 200 * Hour, ("p", 200)), null, default);
        Assert.True(store.TryGetLast(Key("d", "p"), out var last));
        Assert.Equal(200, last.Value);
        await store.DeleteAsync(new Deletion(Tenant, Device, null, long.MinValue, long.MaxValue), default);
        Assert.Empty(store.Lasts(Tenant, Device));
        await store.DisposeAsync();
        Assert.Empty(_fixture.Open(headPointsMax).Lasts(Tenant, Device));

        static void Check(TimeSeriesStore store)
        {
            Assert.True(store.TryGetLast(Key("d", "p"), out var last));
            Assert.Equal(149, last.Value);
            Assert.True(store.TryGetLast(Key("d", "q"), out last));
            Assert.Equal(-299, last.Value);
        }
    }

    /// <summary>What is known of a device that sends no more stands in the segment of the head in which it was deleted, and in what that is merged into.</summary>
    [Theory]
    [InlineData(10)]
    [InlineData(60)]
    [InlineData(1_000)]
    public async Task The_last_value_that_is_left_is_known_after_others_have_filled_heads(int rowsOfAnother)
    {
        var store = _fixture.Open(headPointsMax: 100);
        await FillAsync(store, 300);
        await store.DeleteAsync(new Deletion(Tenant, Device, ["p"], 150 * Hour, long.MaxValue), default);
        for (var i = 0; i < rowsOfAnother; i++)
        {
            await store.AppendAsync(Row("e", i * Hour, ("p", i)), null, default);
        }

        await store.DisposeAsync();
        store = _fixture.Open(headPointsMax: 100);
        Assert.True(store.TryGetLast(Key("d", "p"), out var last));
        Assert.Equal(149, last.Value);
    }

    [Fact]
    public async Task Space_comes_back_and_the_deletion_is_forgotten()
    {
        var store = _fixture.Open();
        await FillAsync(store, 2_000);
        await store.DisposeAsync();
        store = _fixture.Open();
        var before = SegmentBytes();
        await store.DeleteAsync(new Deletion(Tenant, Device, null, 0, 1_899 * Hour), default);

        Assert.InRange(SegmentBytes(), 0, before / 4);
        Assert.Equal(0, store.HidingDeletions);
        Assert.Equal(100, All(store, "d", "p").Count);
        await store.DisposeAsync();
        store = _fixture.Open();
        Assert.Equal(100, All(store, "d", "p").Count);
    }

    [Theory]
    [InlineData(1_000_000)]
    [InlineData(100)]
    public async Task A_check_tells_what_is_seen_and_what_is_hidden_apart(int headPointsMax)
    {
        // Nothing is written anew, so all that is deleted takes its space still.
        var fixture = new StoreFixture { Options = new TimeSeriesOptions { LogSegmentBytes = 16 * 1024, MergedSegments = 64, HasRoomFor = _ => false } };
        var store = fixture.Open(headPointsMax);
        await FillAsync(store, 300);
        Assert.Equal((600, 0), Counts(store));
        await store.DeleteAsync(new Deletion(Tenant, Device, null, 100 * Hour, 199 * Hour), default);
        await store.DeleteAsync(new Deletion(Tenant, Device, ["p"], 150 * Hour, 249 * Hour), default);
        Assert.Equal((350, 250), Counts(store));
        Assert.Equal(350, All(store, "d", "p").Count + All(store, "d", "q").Count);

        // What comes again at a time that was deleted is seen.
        await store.AppendAsync(Row("d", 120 * Hour, ("p", 5), ("q", 5)), null, default);
        Assert.Equal((352, 250), Counts(store));

        static (long, long) Counts(TimeSeriesStore store) => store.Check(default) is var check ? (check.Points, check.Hidden) : default;
    }

    [Fact]
    public async Task Little_of_a_segment_is_hidden_until_there_are_too_many_deletions()
    {
        var fixture = new StoreFixture { Options = new TimeSeriesOptions { LogSegmentBytes = 16 * 1024, MergedSegments = 64, TombstonesMax = 5 } };
        var store = fixture.Open(headPointsMax: 10_000);
        await FillAsync(store, 2_000);
        await store.DisposeAsync();
        store = fixture.Open(headPointsMax: 10_000);
        for (var i = 0; i < 5; i++)
        {
            await store.DeleteAsync(new Deletion(Tenant, Device, null, i * 10 * Hour, i * 10 * Hour), default);
            Assert.Equal(i + 1, store.HidingDeletions);
        }

        await store.DeleteAsync(new Deletion(Tenant, Device, null, 50 * Hour, 50 * Hour), default);
        Assert.Equal(0, store.HidingDeletions);
        Assert.Equal(1_994, All(store, "d", "p").Count);
    }

    [Fact]
    public async Task A_full_disk_refuses_a_deletion_and_all_is_there()
    {
        var store = _fixture.Open(headPointsMax: 1_000_000);
        await FillAsync(store, 50);
        _fixture.Disk.CapacityBytes = _fixture.Disk.UsedBytes;
        await Assert.ThrowsAsync<CommitLogFullException>(async () =>
        {
            for (var i = 0; i < 100; i++)
            {
                await store.DeleteAsync(new Deletion(Tenant, new DeviceId("nobody"), null, i, i), default);
            }

            await store.DeleteAsync(new Deletion(Tenant, Device, null, 0, long.MaxValue), default);
        });
        Assert.Equal(50, All(store, "d", "p").Count);
    }

    /// <summary>Appends, deletions and restarts in any order against a list that knows when each point came.</summary>
    [Fact]
    public async Task Every_query_agrees_with_a_list_that_points_are_struck_from()
    {
        foreach (var seed in TestSize.Cases(40, 2_000))
        {
            var random = new Random(seed);
            var fixture = new StoreFixture();
            var (heads, rows) = (random.Next(100, 300), random.Next(1, 200));
            var store = fixture.Open(heads, rows);
            var truth = new Dictionary<string, SortedDictionary<long, double>> { ["p"] = [], ["q"] = [] };
            for (var i = 0; i < 400; i++)
            {
                var time = random.Next(10) == 0 ? random.Next(400) : i;
                (string, double)[] values = random.Next(4) switch { 0 => [("p", i)], 1 => [("q", i)], _ => [("p", i), ("q", -i)] };
                await store.AppendAsync(Row("d", time * Hour, values), null, default);
                foreach (var (property, value) in values)
                {
                    truth[property][time * Hour] = value;
                }

                if (random.Next(25) == 0)
                {
                    await DeleteAsync(store, truth, random);
                }

                if (random.Next(100) == 0)
                {
                    await store.DisposeAsync();
                    store = fixture.Open(heads, rows);
                }
            }

            Check(store, truth, seed);
            await store.DisposeAsync();
            Check(fixture.Open(heads, rows), truth, seed);
        }
    }

    private static async Task DeleteAsync(TimeSeriesStore store, Dictionary<string, SortedDictionary<long, double>> truth, Random random)
    {
        var from = random.Next(400) * Hour;
        var to = from + (random.Next(1, 120) * Hour);
        string[]? properties = random.Next(3) switch { 0 => null, 1 => ["p"], _ => ["q", "other"] };
        await store.DeleteAsync(new Deletion(Tenant, Device, properties, from, to), default);
        foreach (var property in truth.Keys.Where(property => properties?.Contains(property) ?? true))
        {
            truth[property].Keys.Where(time => time >= from && time <= to).ToList().ForEach(time => truth[property].Remove(time));
        }
    }

    private static void Check(TimeSeriesStore store, Dictionary<string, SortedDictionary<long, double>> truth, int seed)
    {
        foreach (var (property, points) in truth)
        {
            Assert.True(points.Select(pair => new Point(pair.Key, pair.Value, Quality.Good)).SequenceEqual(All(store, "d", property)), $"seed {seed}: {property}");
            Assert.True(points.Count > 0 == store.TryGetLast(Key("d", property), out var last), $"seed {seed}: last of {property}");
            Assert.Equal(points.Count == 0 ? default : new Point(points.Last().Key, points.Last().Value, Quality.Good), last);
            foreach (var withEnds in (bool[])[true, false])
            {
                Assert.Equal(points.Count, store.Aggregate(Key("d", property), long.MinValue, long.MaxValue, 24 * Hour, withEnds).Sum(window => window.Count));
            }
        }
    }

    private static async Task FillAsync(TimeSeriesStore store, int to, int from = 0)
    {
        for (var i = from; i < to; i++)
        {
            await store.AppendAsync(Row("d", i * Hour, ("p", i), ("q", -i)), null, default);
        }
    }

    private long SegmentBytes() =>
        _fixture.Disk.Root.List().Where(name => name.StartsWith("segment-")).Sum(name => (long)_fixture.Disk.Peek("", name)!.Length);
}
