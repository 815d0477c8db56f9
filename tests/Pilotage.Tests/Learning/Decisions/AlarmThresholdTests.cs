using Pilotage.Learning.Decisions;
using Xunit;

namespace Pilotage.Tests.Learning.Decisions;

public sealed class AlarmThresholdTests
{
    private static readonly DowntimeProtocol Protocol = new(LeadCycles: 10, UnplannedHours: 10, PlannedHours: 2);

    [Fact]
    public void Alarms_at_the_first_score_strictly_beyond_the_threshold()
    {
        var life = new Life("a", 6);

        var below = new AlarmSeries(life, [9, double.NaN, 5, 7, 3, 1], AlarmSide.Below);
        Assert.Equal(3, below.FirstAlarm(6));
        Assert.Equal(5, below.FirstAlarm(5));
        Assert.Null(below.FirstAlarm(1));

        var above = new AlarmSeries(life, [0, 2, 1, 4, 3, 9], AlarmSide.Above);
        Assert.Equal(2, above.FirstAlarm(1));
        Assert.Equal(4, above.FirstAlarm(2));
        Assert.Null(above.FirstAlarm(9));
    }

    [Fact]
    public void Keeps_away_from_the_cliff_that_the_cheapest_point_stands_on()
    {
        var series = Fleet(seed: 1, lives: 40, noise: 6);

        var brittle = AlarmThreshold.Choose(series, Protocol, spread: 0);
        var robust = AlarmThreshold.Choose(series, Protocol);

        Assert.True(robust.Threshold > brittle.Threshold);
        // On fleets neither has seen, the robust threshold costs less in total.
        var (brittleHours, robustHours) = (0.0, 0.0);
        for (var seed = 2; seed < 22; seed++)
        {
            var fresh = Fleet(seed, lives: 40, noise: 6);
            brittleHours += Rate(fresh, brittle.Threshold);
            robustHours += Rate(fresh, robust.Threshold);
        }

        Assert.True(robustHours < brittleHours, $"{robustHours} against {brittleHours}.");
    }

    [Fact]
    public void Puts_perfect_scores_just_before_the_lead_time()
    {
        var rule = AlarmThreshold.Choose(Fleet(seed: 3, lives: 30, noise: 0), Protocol);

        // Life left of 11 at alarm is the last in time; every cycle earlier costs about half a percent.
        Assert.InRange(rule.Threshold, 11, 17);
        Assert.Equal(0, rule.Curve.Single(point => point.Threshold == rule.Threshold).Failures);
    }

    [Fact]
    public void Takes_the_earlier_alarm_where_it_costs_next_to_nothing()
    {
        var below = AlarmThreshold.Choose(Fleet(seed: 7, lives: 40, noise: 4), Protocol);
        var least = below.Curve.MinBy(point => point.Expected);
        var next = below.Curve.First(point => point.Threshold > below.Threshold);

        Assert.True(below.Threshold > least.Threshold);
        Assert.True(below.Expected <= least.Expected * (1 + AlarmThreshold.FlatShare));
        Assert.True(next.Expected > least.Expected * (1 + AlarmThreshold.FlatShare));

        // Turned upside down, the safe side is the lower one.
        var above = AlarmThreshold.Choose(Fleet(seed: 7, lives: 40, noise: 4, AlarmSide.Above), Protocol);
        Assert.Equal(-below.Threshold, above.Threshold, 0.1);
    }

    [Fact]
    public void Is_none_the_surer_for_seeing_the_same_lives_scored_again()
    {
        var once = Fleet(seed: 8, lives: 40, noise: 5);
        var again = once.Concat(once).Concat(once).ToList();

        var first = AlarmThreshold.Choose(once, Protocol);
        var third = AlarmThreshold.Choose(again, Protocol);

        Assert.Equal(first.Threshold, third.Threshold, 0.5);
        Assert.Equal(first.Expected, third.Expected, 0.1);
    }

    [Fact]
    public void Alarms_earlier_where_models_disagree_about_a_life()
    {
        var agreed = Fleet(seed: 9, lives: 40, noise: 2);
        // The same lives, each scored three times by models that differ by some cycles.
        var torn = new[] { 0, 6, -6 }.SelectMany(shift => agreed.Select(series => Shifted(series, shift))).ToList();

        Assert.True(AlarmThreshold.Choose(torn, Protocol).Threshold > AlarmThreshold.Choose(agreed, Protocol).Threshold + 2);
    }

    [Fact]
    public void Expects_what_a_simulation_of_uncertain_alarms_finds()
    {
        var life = new Life("a", 200);
        var random = new Random(4);
        double hours = 0, cycles = 0;
        const int Draws = 200_000;
        for (var i = 0; i < Draws; i++)
        {
            var gauss = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
            var outcome = Protocol.Alarmed(life, (int)Math.Round(185 + (5 * gauss)));
            hours += outcome.Hours;
            cycles += outcome.Cycles;
        }

        var expected = UncertainAlarm.Expected(life, Protocol, 185, 5);

        Assert.Equal(hours / Draws, expected.Hours, 0.05);
        Assert.Equal(cycles / Draws, expected.Cycles, 0.1);
    }

    [Fact]
    public void Picks_the_signal_that_tells_most_and_the_side_it_alarms_on()
    {
        var random = new Random(5);
        var lives = Enumerable.Range(0, 30).Select(i => new Life($"{i}", 100 + random.Next(150))).ToArray();
        SensorCandidate Candidate(string name, AlarmSide side, Func<Life, int, double> score) => new(name,
            [.. lives.Select(life => new AlarmSeries(
                life, [.. Enumerable.Range(1, life.Cycles).Select(cycle => score(life, cycle))], side))]);

        var rule = SensorRule.Choose(
            [
                Candidate("age", AlarmSide.Above, (_, cycle) => cycle),
                Candidate("wear", AlarmSide.Above, (life, cycle) => Math.Exp((cycle - life.Cycles) / 20.0)),
                Candidate("wear", AlarmSide.Below, (life, cycle) => Math.Exp((cycle - life.Cycles) / 20.0)),
            ],
            Protocol);

        Assert.Equal("wear", rule.Name);
        Assert.Equal(AlarmSide.Above, rule.Rule.Side);
    }

    // Scores of these fleets fall with every cycle, so the running extremes are the scores.
    private static AlarmSeries Shifted(AlarmSeries series, double shift) =>
        new(series.Life, [.. series.Extremes.Select(score => score + shift)], series.Side);

    private static double Rate(IEnumerable<AlarmSeries> fleet, double threshold) => DowntimeTotal
        .Of(fleet.Select(series => Protocol.Alarmed(series.Life, series.FirstAlarm(threshold))))
        .HoursPer1000;

    // Scores are the life left, off by an amount each life keeps for good: a model that errs by machine.
    private static List<AlarmSeries> Fleet(int seed, int lives, double noise, AlarmSide side = AlarmSide.Below)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, lives).Select(i =>
        {
            var life = new Life($"{i}", 120 + random.Next(150));
            var gauss = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
            double[] scores = [.. Enumerable.Range(1, life.Cycles).Select(cycle => life.Cycles - cycle + (noise * gauss))
                .Select(score => side == AlarmSide.Below ? score : -score)];
            return new AlarmSeries(life, scores, side);
        })];
    }
}
