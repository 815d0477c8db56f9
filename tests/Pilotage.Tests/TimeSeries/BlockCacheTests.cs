using Pilotage.Core.Durability;
using Pilotage.Testing;
using Pilotage.TimeSeries;
using Pilotage.TimeSeries.Head;
using Pilotage.TimeSeries.Segments;
using Xunit;
using static Pilotage.Testing.StoreFixture;

namespace Pilotage.Tests.TimeSeries;

/// <summary>What queries read of blocks is kept within a bound, and nobody who asks can tell but by the time it takes.</summary>
public sealed class BlockCacheTests
{
    private const int Devices = 6;
    private const int Rows = 1_500;
    private const int BlockRows = 256;
    private const long Second = 1_000_000_000;
    private const int BytesMax = 64 * 1024;
    private const int HeadBytes = 600;

    [Theory]
    [InlineData(BytesMax * 64, 0)]
    [InlineData(0, 6)]
    public async Task What_was_read_before_is_answered_from_memory(int cacheBytes, int damaged)
    {
        var fixture = await FilledAsync(1, cacheBytes);
        var store = fixture.Open(blockRowsMax: BlockRows);
        var (points, windows) = (All(store, "d0", "v"), Windows(store, "d0", 0, Rows * Second));
        Assert.Equal(Rows, points.Count);

        foreach (var name in fixture.Disk.Root.List().Where(name => name.StartsWith("segment-", StringComparison.Ordinal)).ToList())
        {
            fixture.Disk.Poke("", name, new byte[fixture.Disk.Peek("", name)!.Length]);
        }

        Assert.Equal(damaged == 0 ? points : [], All(store, "d0", "v"));
        Assert.Equal(damaged, store.Damaged);
        Assert.Equal(damaged == 0 ? windows : [], Windows(store, "d0", 0, Rows * Second));
    }

    [Theory]
    [InlineData(BytesMax)]
    [InlineData(BytesMax * 64)]
    public async Task Many_readers_of_a_cache_too_small_or_large_read_what_is_there(int cacheBytes)
    {
        var fixture = await FilledAsync(Devices, cacheBytes);
        var store = fixture.Open(blockRowsMax: BlockRows);
        var all = Enumerable.Range(0, Devices).Select(device => All(store, $"d{device}", "v")).ToList();

        Parallel.For(0, TestSize.Count(2_000, 100_000), new ParallelOptions { MaxDegreeOfParallelism = 8 }, turn =>
        {
            var random = new Random(TestSize.Seed + turn);
            var (device, from, to) = (random.Next(Devices), random.Next(Rows), random.Next(Rows));
            var wanted = all[device].Where(point => point.TimeNs >= from * Second && point.TimeNs <= to * Second).ToList();
            Assert.Equal(wanted, store.Read(Key($"d{device}", "v"), from * Second, to * Second));
            Assert.Equal(wanted.Count == 0 ? 0 : wanted.Sum(point => point.Value), Windows(store, $"d{device}", from * Second, (to * Second) + 1).Sum(window => window.Sum), 6);
        });
    }

    [Fact]
    public void At_the_bound_goes_what_was_not_used()
    {
        var (cache, segment) = (new BlockCache(BytesMax), Segment());
        var used = Kept(cache, segment, 0);
        var unused = Kept(cache, segment, 1);
        for (var i = 2; i < 500; i++)
        {
            Assert.NotNull(Kept(cache, segment, i).Kept);
            Assert.NotNull(cache.Find(used));
            Assert.InRange(cache.Bytes, 1, BytesMax);
        }

        Assert.Null(cache.Find(unused));
    }

    [Fact]
    public void What_grows_counts_and_what_is_too_long_is_not_kept()
    {
        var (cache, segment) = (new BlockCache(BytesMax), Segment());
        var block = Kept(cache, segment, 0);
        var before = cache.Bytes;
        cache.Keep(block.Kept!, 0, new byte[500]);
        cache.Keep(block.Kept!, 0, new byte[500]);
        Assert.Equal(before + 500, cache.Bytes);

        cache.Keep(block.Kept!, 1, new byte[BytesMax / 32]);
        Assert.Null(block.Kept!.Parts[1]);
        Assert.Null(cache.Keep(Block(segment, 1), new byte[BytesMax / 32], new (int, int, uint)[2]));
        Assert.Null(new BlockCache(0).Keep(Block(segment, 2), new byte[HeadBytes], new (int, int, uint)[2]));
    }

    [Fact]
    public void What_was_merged_into_another_is_let_go_of()
    {
        var (cache, segment, other) = (new BlockCache(BytesMax), Segment(), Segment());
        List<BlockRef> blocks = [.. Enumerable.Range(0, 5).Select(i => Kept(cache, segment, i))];
        segment.Has(blocks, isWhole: true);
        var stays = Kept(cache, other, 0);
        cache.Forget([segment]);

        Assert.All(blocks, block => Assert.Null(cache.Find(block)));
        Assert.Equal(stays.Kept!.Bytes, cache.Bytes);
        Assert.Null(cache.Keep(blocks[0], new byte[HeadBytes], new (int, int, uint)[2]));
    }

    private static List<WindowAggregate> Windows(TimeSeriesStore store, string device, long fromNs, long toNs) =>
        [.. store.Aggregate(Key(device, "v"), fromNs, toNs, 60 * Second, withEnds: false)];

    private static async Task<StoreFixture> FilledAsync(int devices, long cacheBytes)
    {
        var fixture = new StoreFixture { Options = new() { MergedSegments = 2, CacheBytes = cacheBytes } };
        await using var store = fixture.Open(headPointsMax: 2_000, blockRowsMax: BlockRows);
        var random = new Random(3);
        for (var row = 0; row < Rows; row++)
        {
            var batch = new PointBatch();
            for (var device = 0; device < devices; device++)
            {
                batch.Add(Key($"d{device}", "v"), row * Second, Math.Round(random.NextDouble() * 100, 2), Quality.Good, row * Second);
            }

            await store.AppendAsync(batch, null, CancellationToken.None);
        }

        return fixture;
    }

    private static SegmentFile Segment() =>
        new(new SimulatedDisk(new Random(1)).Root.Open("segment", DurableOpen.CreateNew), 1, new DamageTally(), new BlockCache(0));

    private static BlockRef Block(SegmentFile segment, int at)
    {
        var registry = new ShapeRegistry();
        return new(segment, at, HeadBytes * 2, HeadBytes, registry.Of(registry.Device(Tenant, new("d")), ["v"], ["v"], [SeriesKind.Number])!, 1, 0, 0, 0, 0);
    }

    private static BlockRef Kept(BlockCache cache, SegmentFile segment, int at)
    {
        var block = Block(segment, at);
        cache.Keep(block, new byte[HeadBytes], new (int, int, uint)[2]);
        return block;
    }
}
