using Pilotage.Core;
using Pilotage.Testing;
using Pilotage.TimeSeries;
using Xunit;
using static Pilotage.Testing.StoreFixture;

namespace Pilotage.Tests.TimeSeries;

/// <summary>Windows of a series against sums made by hand from what was appended.</summary>
public sealed class AggregateTests
{
    private const long Second = 1_000_000_000;
    private const long Minute = 60 * Second;
    private static readonly DeviceId Device = new("engine-1");

    [Fact]
    public async Task Windows_are_aligned_to_the_epoch_and_end_before_the_next()
    {
        var store = new StoreFixture().Open();
        foreach (var (minute, value) in new[] { (-6, 1.0), (-5, 2), (-1, 3), (0, 4), (4, 5), (5, 6), (12, 7) })
        {
            await store.AppendAsync(Row("engine-1", minute * Minute, ("s", value)), null, default);
        }

        var windows = store.Aggregate(Key("engine-1", "s"), long.MinValue, long.MaxValue, 5 * Minute, withEnds: true).ToList();

        Assert.Equal(
            [(-10, 1, 1.0), (-5, 2, 5), (0, 2, 9), (5, 1, 6), (10, 1, 7)],
            windows.Select(window => ((int)(window.StartNs / Minute), (int)window.Count, window.Sum)));
        Assert.Equal([(0, 1, 4.0), (4, 1, 5)], From(0, 5).Select(window => ((int)(window.First!.Value.TimeNs / Minute), (int)window.Count, window.Max)));
        Assert.Equal(7, Assert.Single(store.Aggregate(Key("engine-1", "s"), long.MinValue, long.MaxValue, null, withEnds: true)).Count);
        Assert.Empty(From(5, 5));
        Assert.Empty(store.Aggregate(Key("engine-1", "nothing"), long.MinValue, long.MaxValue, Minute, withEnds: true));
        Assert.Throws<ArgumentOutOfRangeException>(() => store.Aggregate(Key("engine-1", "s"), 0, 1, 0, withEnds: true));

        IEnumerable<WindowAggregate> From(int from, int to) => store.Aggregate(Key("engine-1", "s"), from * Minute, to * Minute, Minute, withEnds: true);
    }

    [Fact]
    public async Task What_is_bad_or_not_finite_counts_as_none()
    {
        var store = new StoreFixture().Open();
        var batch = new PointBatch { ReceivedNs = 1 };
        (double, Quality)[] points =
            [(double.NaN, Quality.Good), (3, Quality.Good), (900, Quality.Bad), (5, Quality.Uncertain), (double.PositiveInfinity, Quality.Good)];
        for (var i = 0; i < points.Length; i++)
        {
            batch.Add(Key("engine-1", "s"), i * Minute, points[i].Item1, points[i].Item2, 1);
        }

        await store.AppendAsync(batch, null, default);

        var whole = Assert.Single(store.Aggregate(Key("engine-1", "s"), 0, long.MaxValue, null, withEnds: true));
        Assert.Equal((2, 3, 5, 4, 1 * Minute, 3 * Minute), (whole.Count, whole.Min, whole.Max, whole.Mean, whole.First!.Value.TimeNs, whole.Last!.Value.TimeNs));

        // A window of nothing else is none.
        Assert.Equal([1, 3], store.Aggregate(Key("engine-1", "s"), 0, long.MaxValue, Minute, withEnds: true).Select(window => window.StartNs / Minute));
    }

    /// <summary>Disorder, late points, points twice with the same and with another value, several shapes, sealed and not.</summary>
    [Fact]
    public async Task Every_query_agrees_with_one_made_by_hand()
    {
        foreach (var seed in TestSize.Cases(40, 2_000))
        {
            var random = new Random(seed);
            var fixture = new StoreFixture();
            var isPlain = random.Next(2) == 0;
            var store = fixture.Open(headPointsMax: isPlain ? random.Next(300, 600) : random.Next(100, 400), blockRowsMax: isPlain ? random.Next(150, 600) : random.Next(1, 300));

            // At 3 seconds a minute holds enough points to be summed up when it is written, at a minute an hour does.
            var step = random.Next(3) == 0 ? Minute : 3 * Second;
            var truth = new SortedDictionary<long, Point>();

            // Plain: one shape and little disorder, so that blocks are long, alone in their time, and summed up.
            var disorder = isPlain ? random.Next(200, 2_000) : random.Next(2, 200);
            for (var i = 0; i < 500; i++)
            {
                await AppendAsync(store, truth, random, i, step, disorder, isPlain);
            }

            Check(store, truth, random, seed, step);
            await store.DisposeAsync();
            Check(fixture.Open(), truth, random, seed, step);
        }
    }

    private static async Task AppendAsync(
        TimeSeriesStore store, SortedDictionary<long, Point> truth, Random random, int i, long step, int disorder, bool isPlain)
    {
        // Mostly in order, some late, some at a time that is there already.
        var time = random.Next(disorder) switch
        {
            0 => random.Next(1_000) * step,
            1 when truth.Count > 0 => truth.Keys.ElementAt(random.Next(truth.Count)),
            _ => (2 * i * step) + random.Next(3),
        };
        var value = random.Next(30) == 0 ? double.NaN : Math.Round((random.NextDouble() - 0.5) * 1000, 2);
        var quality = random.Next(20) == 0 ? Quality.Bad : Quality.Good;
        var batch = new PointBatch { ReceivedNs = i + 1 };
        batch.Add(new SeriesKey(Tenant, Device, "s"), time, value, quality, i + 1);
        if (!isPlain && random.Next(2) == 0)
        {
            // Another shape for the same series.
            batch.Add(new SeriesKey(Tenant, Device, "beside"), time, i, Quality.Good, i + 1);
        }

        await store.AppendAsync(batch, null, default);
        truth[time] = new Point(time, value, quality);
    }

    private static void Check(TimeSeriesStore store, SortedDictionary<long, Point> truth, Random random, int seed, long step)
    {
        var key = new SeriesKey(Tenant, Device, "s");
        Assert.True(truth.Values.SequenceEqual(store.Read(key, long.MinValue, long.MaxValue)), $"seed {seed}: read");
        for (var query = 0; query < 10; query++)
        {
            var from = random.Next(4) == 0 ? long.MinValue : random.Next(1_000) * step;
            var to = random.Next(4) == 0 ? long.MaxValue : Math.Max(from, 0) + (random.Next(1, 800) * step);
            long? window = random.Next(4) switch { 0 => null, 1 => random.Next(1, 90) * step, _ => random.Next(1, 90) * Minute };
            var made = ByHand(truth.Values, from, to, window);
            Check(made, store.Aggregate(key, from, to, window, withEnds: true).ToList(), seed);
            Check(
                made.ConvertAll(each => each with { First = null, Last = null }),
                store.Aggregate(key, from, to, window, withEnds: false).Select(each => each with { First = null, Last = null }).ToList(),
                seed);
            Assert.InRange(store.PointsTouched(key, from, to), truth.Values.Count(point => point.TimeNs >= from && point.TimeNs < to), long.MaxValue);
        }
    }

    private static void Check(List<WindowAggregate> made, List<WindowAggregate> got, int seed)
    {
        Assert.True(made.Count == got.Count, $"seed {seed}: {got.Count} windows for {made.Count}");
        foreach (var (left, right) in made.Zip(got))
        {
            Assert.True(
                left with { Sum = 0 } == right with { Sum = 0 } && Math.Abs(left.Sum - right.Sum) <= 1e-9 * (1 + Math.Abs(left.Sum)),
                $"seed {seed}: {right} for {left}");
        }
    }

    private static List<WindowAggregate> ByHand(IEnumerable<Point> points, long from, long to, long? window) =>
    [
        .. points.Where(point => point.TimeNs >= from && point.TimeNs < to && double.IsFinite(point.Value) && point.Quality != Quality.Bad)
            .GroupBy(point => window is { } length ? (long)Math.Floor((decimal)point.TimeNs / length) * length : from)
            .OrderBy(group => group.Key)
            .Select(group => new WindowAggregate(
                group.Key, group.Count(), group.Min(p => p.Value), group.Max(p => p.Value), group.Sum(p => p.Value), group.MinBy(p => p.TimeNs), group.MaxBy(p => p.TimeNs))),
    ];
}
