using Pilotage.Core.Units;
using Pilotage.Server.Fabric.Findings;
using Xunit;

namespace Pilotage.Tests.Server.Fabric.Findings;

/// <summary>Series as their points arrive, one by one.</summary>
public sealed class SeriesTracksTests
{
    private const long Second = Signals.SecondNs;
    private const long Day = 24 * 3_600 * Second;
    private readonly List<FindingKind> _found = [];
    private readonly SeriesTracks _tracks;
    private readonly Random _random = new(11);
    private long _at = 1_760_000_000 * Second;
    private int _slot;

    public SeriesTracksTests()
    {
        _tracks = new SeriesTracks { Found = _found.Add };
        _slot = _tracks.Add(double.NegativeInfinity, double.PositiveInfinity, UnitSteps.Any);
    }

    [Fact]
    public void What_is_stuck_is_active_until_it_varies_again_and_is_forgotten_by_half_a_day()
    {
        Noise(200);
        var (since, value) = (_at, Last());
        Same(40);
        var stuck = Of(FindingKind.Stuck);
        Assert.Equal((true, 1L, value), (stuck.IsActive, stuck.Count, stuck.Value));
        Assert.InRange(stuck.SinceNs, since - (2 * Second), since + (2 * Second));
        Assert.Equal(20, Score(_at), 1.0);

        Noise(50);
        Assert.False(Of(FindingKind.Stuck).IsActive);
        Assert.Equal(60, Score(_at + Day), 1.0);
        Assert.Equal(80, Score(_at + (2 * Day)), 1.0);
        Assert.Equal(100, Score(_at + (7 * Day)), 1.0);
        Assert.Equal([FindingKind.Stuck], _found);
    }

    [Fact]
    public void It_is_stuck_at_four_times_the_longest_rest_of_its_own_and_twelve_points_and_not_before()
    {
        Noise(100);
        Same(10);
        Noise(60);
        Same((4 * 10) + 11);
        Assert.Empty(_found);
        Same(1);
        Assert.Equal([FindingKind.Stuck], _found);
    }

    [Theory]
    [InlineData(4.9, false)]
    [InlineData(5.1, true)]
    public void A_clock_is_ahead_of_ours_from_five_seconds_on_also_where_it_never_was_otherwise(double aheadSeconds, bool isFound)
    {
        for (var i = 0; i < 200; i++)
        {
            _at += Second;
            _tracks.Take(_slot, _at, _at - (long)(aheadSeconds * Second), 50 + Signals.Noise(_random), _at);
        }

        Assert.Equal(isFound ? [FindingKind.ClockSkew] : [], _found);
    }

    [Fact]
    public void Standing_still_twice_at_the_same_value_is_rest_from_then_on()
    {
        for (var time = 0; time < 5; time++)
        {
            Noise(200);
            Value(0);
            Same(100);
        }

        Assert.Equal([FindingKind.Stuck, FindingKind.Stuck], _found.Where(kind => kind == FindingKind.Stuck));
    }

    [Fact]
    public void Standing_still_at_another_value_each_time_is_found_each_time()
    {
        for (var time = 0; time < 4; time++)
        {
            Noise(200);
            Same(60);
        }

        Assert.Equal(4, Of(FindingKind.Stuck).Count);
    }

    [Fact]
    public void A_value_beyond_its_bounds_is_counted_each_time_with_the_bound()
    {
        _slot = _tracks.Add(40, 60, UnitSteps.Any);
        Noise(100);
        Value(61);
        Value(39.5);
        Value(60);
        var outside = Of(FindingKind.OutOfRange);
        Assert.Equal((2L, 39.5, 40.0), (outside.Count, outside.Value, outside.Usual));
    }

    [Fact]
    public void Another_value_at_the_same_time_is_a_contradiction_and_the_same_one_again_is_not()
    {
        Noise(10);
        Take(_at, Last());
        Assert.Empty(_found);
        Take(_at, 7);
        Assert.Equal([FindingKind.Contradiction], _found);
        Assert.Equal(7, Of(FindingKind.Contradiction).Value);
    }

    [Fact]
    public void A_jump_is_only_looked_for_among_conversions_of_the_unit_that_the_series_has()
    {
        // 50 bar would be 5,000 kPa; 50 Cel would be 122 degF.
        var (bar, celsius) = (UnitSteps.SetOf(Ucum.Parse("bar").Value), UnitSteps.SetOf(Ucum.Parse("Cel").Value));
        foreach (var (set, isFound) in new[] { (bar, true), (celsius, false) })
        {
            _found.Clear();
            _slot = _tracks.Add(double.NegativeInfinity, double.PositiveInfinity, set);
            Noise(600);
            for (var i = 0; i < 40; i++)
            {
                Value(5_000 + (100 * Signals.Noise(_random)));
            }

            Assert.Equal(isFound, _found.Contains(FindingKind.UnitJump));
        }

        _slot = 1;
        Assert.Equal("bar to kPa", UnitSteps.Of(Of(FindingKind.UnitJump).Detail).ToString());
    }

    [Fact]
    public void A_jump_of_units_ends_when_the_values_are_back()
    {
        Noise(600);
        for (var i = 0; i < 200; i++)
        {
            Value((1.8 * (50 + Signals.Noise(_random))) + 32);
        }

        Assert.True(Of(FindingKind.UnitJump).IsActive);
        Noise(200);
        Assert.False(Of(FindingKind.UnitJump).IsActive);
        Assert.Equal([FindingKind.UnitJump], _found);
    }

    [Fact]
    public void Values_that_are_not_finite_count_as_points_and_nothing_is_learned_from_them()
    {
        Noise(200);
        for (var i = 0; i < 100; i++)
        {
            Value(double.NaN);
            Value(double.PositiveInfinity);
        }

        Noise(200);
        Assert.Empty(_found);
        Assert.True(double.IsFinite(_tracks.PulseOf(_slot).Step));
    }

    [Fact]
    public void Extreme_values_and_times_do_no_harm()
    {
        double[] values = [double.MaxValue, -double.MaxValue, double.Epsilon, 0, -0.0, 1e300, double.NaN];
        long[] times = [long.MinValue, long.MaxValue, 0, -1, 1, long.MinValue + 1, long.MaxValue - 1];
        for (var i = 0; i < 5_000; i++)
        {
            var (time, received) = (times[_random.Next(times.Length)], times[_random.Next(times.Length)]);
            _tracks.Take(_slot, unchecked(time + _random.Next()), received, values[_random.Next(values.Length)], _at);
            Assert.InRange(Score(_at), 0, 100);
        }
    }

    [Fact]
    public void After_points_were_missed_the_silence_is_not_blamed_on_the_device()
    {
        Noise(200);
        _tracks.Resume();
        _at += 600 * Second;
        Noise(200);
        Assert.Empty(_found);
        _at += 600 * Second;
        Noise(1);
        Assert.Equal([FindingKind.Gap], _found);
    }

    [Fact]
    public void A_gap_is_taken_back_when_its_points_come_late()
    {
        Noise(200);
        var from = _at;
        _at += 20 * Second;
        Noise(1);
        Assert.Equal(1, Of(FindingKind.Gap).Count);
        Take(from + (5 * Second), 50);
        Take(from + (6 * Second), 50);
        Assert.Equal((0L, 0.0), (Of(FindingKind.Gap).Count, Of(FindingKind.Gap).Level));
    }

    [Fact]
    public void A_backlog_that_comes_in_at_once_says_nothing_of_the_clock()
    {
        Noise(400);

        // An hour at the device, received within a second, and then as before.
        for (var i = 1; i <= 3_600; i++)
        {
            _tracks.Take(_slot, _at + (i * Second), _at + (3_600 * Second) + i, 50 + Signals.Noise(_random), _at);
        }

        _at += 3_601 * Second;
        Noise(400);
        Assert.Empty(_found);
    }

    [Fact]
    public void A_point_allocates_nothing()
    {
        Noise(1_000);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 10_000; i++)
        {
            _at += Second;
            _tracks.Take(_slot, _at, _at, 50 + Math.Sin(i), _at);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void A_place_that_was_given_back_begins_anew()
    {
        Noise(200);
        Same(40);
        _tracks.Remove(_slot);
        Assert.Equal(_slot, _tracks.Add(double.NegativeInfinity, double.PositiveInfinity, UnitSteps.Any));
        Assert.True(_tracks.FindingsOf(_slot).IsEmpty);
        Assert.Equal(0, _tracks.PulseOf(_slot).Seen);
    }

    private void Noise(int points)
    {
        for (var i = 0; i < points; i++)
        {
            Value(50 + Signals.Noise(_random));
        }
    }

    private void Same(int points)
    {
        var value = Last();
        for (var i = 0; i < points; i++)
        {
            Value(value);
        }
    }

    private void Value(double value) => Take(_at += Second, value);

    private void Take(long timeNs, double value) => _tracks.Take(_slot, timeNs, timeNs, value, _at);

    private double Last() => _tracks.PulseOf(_slot).Last;

    private Finding Of(FindingKind kind) => _tracks.FindingsOf(_slot)[(int)kind];

    private double Score(long nowNs) => QualityScore.Of(_tracks.FindingsOf(_slot), _tracks.PulseOf(_slot), nowNs, kind => kind != FindingKind.Gap);
}
