using Pilotage.Server.Fabric;
using Pilotage.Testing;
using Pilotage.TimeSeries;
using Xunit;

namespace Pilotage.Tests.Server.Fabric;

/// <summary>Points that are thinned as they are read keep what a chart must not hide.</summary>
public sealed class ThinnedPointsTests
{
    [Fact]
    public void Spikes_and_ends_are_kept_within_the_bound()
    {
        var points = Points(10_000, i => SeriesValue.Of(i == 5_001 ? 100.0 : Math.Sin(i)));
        foreach (var kept in new[] { ThinnedPoints.ByCount(() => points, points.Count, 200, default), ThinnedPoints.ByTime(points, 0, 10_000, 200, default) })
        {
            Assert.Equal(10_000, kept.Total);
            Assert.InRange(kept.Points.Count, 100, 200);
            Assert.Contains(kept.Points, p => p.Value.Number == 100.0);
            Assert.Equal(kept.Points.OrderBy(p => p.TimeNs), kept.Points);
        }

        Assert.Equal(points, ThinnedPoints.ByCount(() => points, points.Count, 10_000, default).Points);
        Assert.Equal(points, ThinnedPoints.ByTime(points, 0, 10_000, 10_000, default).Points);
    }

    [Fact]
    public void Of_text_the_first_of_as_many_each_or_both_ends_of_as_long_each_are_kept()
    {
        var points = Points(1_000, i => SeriesValue.OfText($"{i}"));
        Assert.Equal(["0", "250", "500", "750"], ThinnedPoints.ByCount(() => points, points.Count, 8, default).Points.Select(p => p.Value.Text));
        Assert.Equal(["0", "499", "500", "999"], ThinnedPoints.ByTime(points, 0, 1_000, 4, default).Points.Select(p => p.Value.Text));
    }

    /// <summary>The same as from all points at once, which are never held here.</summary>
    [Fact]
    public void Parts_of_as_many_each_are_those_of_a_list()
    {
        var random = new Random(TestSize.Seed);
        for (var round = 0; round < 300; round++)
        {
            var (count, max, time) = (random.Next(1, 400), random.Next(2, 50), 0L);
            var points = Points(count, _ => SeriesValue.Of(random.Next(30))).ConvertAll(point => point with { TimeNs = time += random.Next(1, 1_000) });
            var kept = ThinnedPoints.ByCount(() => points, points.Count, max, default);
            Assert.Equal(OfList(points, max), kept.Points);
            Assert.Equal(count, kept.Total);
        }
    }

    [Fact]
    public void A_value_that_is_no_number_hides_no_spike_beside_it()
    {
        var points = Points(1_000, i => SeriesValue.Of(i % 10 == 0 ? double.NaN : i == 501 ? 99 : 1));
        Assert.Contains(ThinnedPoints.ByCount(() => points, points.Count, 20, default).Points, point => point.Value.Number == 99);
        Assert.Contains(ThinnedPoints.ByTime(points, 0, 1_000, 20, default).Points, point => point.Value.Number == 99);
    }

    [Fact]
    public void Nothing_is_held_beyond_what_was_asked_for_and_nobody_who_left_is_waited_for()
    {
        static IEnumerable<TypedPoint> Endless()
        {
            for (var i = 0L; ; i++)
            {
                yield return new TypedPoint(i, SeriesValue.Of(i), Quality.Good);
            }
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal(3_000_000, ThinnedPoints.ByCount(() => Endless().Take(3_000_000), 0, 100, default).Total);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1024 * 1024);
        Assert.Throws<OperationCanceledException>(() => ThinnedPoints.ByCount(Endless, 0, 100, new CancellationToken(canceled: true)));
        Assert.Throws<OperationCanceledException>(() => ThinnedPoints.ByTime(Endless(), 0, 100, 100, new CancellationToken(canceled: true)));
    }

    /// <summary>What comes while they are read a second time goes into the last part.</summary>
    [Fact]
    public void Points_that_come_meanwhile_break_nothing()
    {
        var reads = 0;
        var kept = ThinnedPoints.ByCount(() => Points(1_000 * ++reads, i => SeriesValue.Of(i)), 0, 10, default);
        Assert.Equal((1_000, 10, 0.0, 1_999.0), (kept.Total, kept.Points.Count, kept.Points[0].Value.Number, kept.Points[^1].Value.Number));
    }

    private static List<TypedPoint> Points(int count, Func<int, SeriesValue> value) => [.. Enumerable.Range(0, count).Select(i => new TypedPoint(i, value(i), Quality.Good))];

    private static List<TypedPoint> OfList(List<TypedPoint> points, int max)
    {
        if (points.Count <= max)
        {
            return points;
        }

        var parts = Enumerable.Range(0, max / 2).Select(i => points[(int)((long)points.Count * i / (max / 2))..(int)((long)points.Count * (i + 1) / (max / 2))]);
        return [.. parts.SelectMany(part => new[] { part.MinBy(p => p.Value.Number), part.MaxBy(p => p.Value.Number) }.Distinct().OrderBy(p => p.TimeNs))];
    }
}
