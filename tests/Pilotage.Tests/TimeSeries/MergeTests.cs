using Pilotage.Core;
using Pilotage.Core.Durability;
using Pilotage.Testing;
using Pilotage.TimeSeries;
using Xunit;
using static Pilotage.Testing.StoreFixture;

namespace Pilotage.Tests.TimeSeries;

/// <summary>Segments become fewer, and nobody who reads or restarts can tell.</summary>
public sealed class MergeTests
{
    private const int Devices = 4;
    private const int Messages = 600;

    [Fact]
    public async Task A_replay_finds_the_same_messages_in_the_same_order_merged_or_not()
    {
        var (merged, apart) = (Fixture(2), Fixture(64));
        var (left, right) = (await FilledAsync(merged, new Random(4)), await FilledAsync(apart, new Random(4)));

        Assert.True(left.SegmentCount * 4 < right.SegmentCount, $"{left.SegmentCount} segments, {right.SegmentCount} where none are merged");
        Check(left, right);
        await left.DisposeAsync();
        await right.DisposeAsync();
        Check(merged.Open(), apart.Open());

        static void Check(TimeSeriesStore left, TimeSeriesStore right)
        {
            Assert.Equal(0, left.Damaged);
            Assert.Equal(Told(right), Told(left));
        }
    }

    [Fact]
    public async Task Whoever_began_to_read_before_a_merge_reads_on()
    {
        var fixture = Fixture(64);
        await (await FilledAsync(fixture, new Random(5))).DisposeAsync();
        var truth = Told(fixture.Open());

        var again = new StoreFixture { Disk = fixture.Disk, Options = fixture.Options with { MergedSegments = 2 } };
        again.Scheduler.Hold();
        var store = again.Open();
        using var reading = NumberedMessage.All(store, Devices).GetEnumerator();
        Assert.True(reading.MoveNext());
        var before = store.SegmentCount;
        again.Scheduler.Release();

        Assert.True(store.SegmentCount < before, $"{store.SegmentCount} segments of {before}");
        var read = new List<string> { Told(reading.Current) };
        while (reading.MoveNext())
        {
            read.Add(Told(reading.Current));
        }

        Assert.Equal(truth, read);
    }

    [Fact]
    public async Task What_is_damaged_is_not_merged_and_costs_what_it_touches()
    {
        var fixture = Fixture(64);
        await (await FilledAsync(fixture, new Random(6))).DisposeAsync();
        var name = fixture.Disk.Root.List().Where(file => file.StartsWith("segment-")).Skip(2).First();
        var bytes = fixture.Disk.Peek("", name)!.ToArray();
        bytes[40] ^= 1;
        fixture.Disk.Poke("", name, bytes);

        var damaged = fixture.Open();
        var left = Told(damaged);
        await damaged.DisposeAsync();
        var store = new StoreFixture { Disk = fixture.Disk, Options = fixture.Options with { MergedSegments = 2 } }.Open();

        Assert.True(store.SegmentCount < damaged.SegmentCount);
        Assert.Equal(bytes, fixture.Disk.Peek("", name));
        Assert.Equal(left, Told(store));
        Assert.InRange(left.Count, Messages - 100, Messages - 1);
    }

    [Fact]
    public async Task A_lost_manifest_is_made_anew_whatever_a_merge_left_behind()
    {
        var fixture = Fixture(64);
        await (await FilledAsync(fixture, new Random(7))).DisposeAsync();
        var truth = Told(fixture.Open()).Order().ToList();
        var apart = fixture.Disk.Root.List().ToDictionary(name => name, name => fixture.Disk.Peek("", name)!);
        var merged = new StoreFixture { Disk = fixture.Disk, Options = fixture.Options with { MergedSegments = 2 } };
        await merged.Open().DisposeAsync();

        // Some of those that were merged are still there, as a crash between their removals leaves them.
        foreach (var (name, bytes) in apart.Where((file, at) => file.Key.StartsWith("segment-") && at % 3 != 0 && !fixture.Disk.Root.Exists(file.Key)))
        {
            using var file = fixture.Disk.Root.Open(name, DurableOpen.CreateNew);
            file.Write(0, bytes);
            file.Sync();
        }

        fixture.Disk.Root.Delete("manifest");
        Assert.Equal(truth, Told(fixture.Open()).Order());
        Assert.Equal(truth, Told(fixture.Open()).Order());
    }

    [Fact]
    public async Task A_full_disk_refuses_a_merge_and_nothing_else()
    {
        var fixture = Fixture(64);
        await (await FilledAsync(fixture, new Random(8))).DisposeAsync();
        var truth = Told(fixture.Open());
        fixture.Disk.CapacityBytes = fixture.Disk.UsedBytes + 2_000;
        var merging = new StoreFixture { Disk = fixture.Disk, Options = fixture.Options with { MergedSegments = 2 } };
        var store = merging.Open();
        var full = store.SegmentCount;

        Assert.Equal(truth, Told(store));
        await store.AppendAsync(Row("more", Hour, ("p", 1)), null, default);
        await store.DisposeAsync();
        fixture.Disk.CapacityBytes = long.MaxValue;
        store = merging.Open();
        Assert.True(store.SegmentCount < full);
        Assert.Equal(truth, Told(store));
        Assert.Single(All(store, "more", "p"));
    }

    [Fact]
    public async Task A_merge_waits_for_room_and_what_is_all_deleted_needs_none()
    {
        var fixture = Fixture(64);
        await (await FilledAsync(fixture, new Random(9))).DisposeAsync();
        var asked = 0L;
        var options = fixture.Options with
        {
            MergedSegments = 2,
            HasRoomFor = bytes =>
            {
                asked = Math.Max(asked, bytes);
                return bytes == 0;
            },
        };
        var store = new StoreFixture { Disk = fixture.Disk, Options = options }.Open();
        var apart = store.SegmentCount;
        Assert.InRange(asked, 1, fixture.Disk.UsedBytes);
        Assert.InRange(apart, 8, 100);

        for (var device = 0; device < Devices; device++)
        {
            await store.DeleteAsync(new Deletion(Tenant, new DeviceId($"d{device}"), null, 0, long.MaxValue), default);
        }

        Assert.Equal(1, store.SegmentCount);
        Assert.Empty(Told(store));
    }

    private static StoreFixture Fixture(int mergedSegments) =>
        new() { Options = new TimeSeriesOptions { LogSegmentBytes = 16 * 1024, MergedSegments = mergedSegments } };

    /// <summary>Messages of every kind of value; the order of their numbers is not that of their arrival.</summary>
    private static async Task<TimeSeriesStore> FilledAsync(StoreFixture fixture, Random random)
    {
        var store = fixture.Open(headPointsMax: 150);
        var numbers = Enumerable.Range(1, Messages).ToArray();
        for (var i = 0; i < numbers.Length; i++)
        {
            var other = Math.Min(i + random.Next(random.Next(10) == 0 ? 200 : 2), numbers.Length - 1);
            (numbers[i], numbers[other]) = (numbers[other], numbers[i]);
        }

        foreach (var number in numbers)
        {
            await store.AppendAsync(NumberedMessage.Of(number, Devices), null, default);
        }

        return store;
    }

    private static List<string> Told(TimeSeriesStore store) => NumberedMessage.All(store, Devices).Select(Told).ToList();

    private static string Told(ArrivedTypedRow row) =>
        $"{row.Device} {row.TimeNs} {row.Arrival} {row.ReceivedNs} {row.Quality} {string.Join(' ', row.Values.Select(value => value?.ToString() ?? "-"))}";
}
