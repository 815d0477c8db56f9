using Pilotage.Learning.Decisions;
using Pilotage.Server.Portfolio.Value;
using Xunit;

namespace Pilotage.Tests.Server.Portfolio.Value;

public sealed class ValueTests
{
    private static readonly DowntimeProtocol Protocol = new(LeadCycles: 10, UnplannedHours: 10, PlannedHours: 2);

    [Theory]
    [InlineData(0, 20, 0.13911)]
    [InlineData(1, 20, 0.21611)]
    [InlineData(2, 20, 0.28262)]
    [InlineData(20, 20, 1.0)]
    public void Bounds_a_share_as_the_tables_do(int k, int n, double upper) =>
        Assert.Equal(upper, ExactBinomial.UpperBound(k, n, 0.95), 5);

    [Fact]
    public void Mirrors_the_lower_bound_and_stands_large_numbers()
    {
        Assert.Equal(1 - ExactBinomial.UpperBound(3, 17, 0.95), ExactBinomial.LowerBound(14, 17, 0.95), 9);
        Assert.Equal(0, ExactBinomial.LowerBound(0, 5, 0.95));
        Assert.InRange(ExactBinomial.UpperBound(5_000, 10_000, 0.95), 0.505, 0.51);
    }

    [Fact]
    public void Measures_each_policy_on_the_same_lives()
    {
        var figures = Figures([(100, 70, 85), (150, 120, 135), (200, 170, 185)], interval: 90);

        Assert.Equal(1000 * 30 / 450.0, figures.HoursPer1000["run_to_failure"], 9);
        Assert.Equal(1000 * 6 / 270.0, figures.HoursPer1000["fixed_interval"], 9);
        Assert.Equal(1000 * 6 / 390.0, figures.HoursPer1000["best_sensor"], 9);
        Assert.Equal(1000 * 6 / 435.0, figures.HoursPer1000["model"], 9);
        Assert.Equal(1000 * 6 / 447.0, figures.HoursPer1000["perfect_knowledge"], 9);
        Assert.Equal(100 * (1 - (270 / 435.0)), figures.TotalVsBestFixed.Percent, 9);
        Assert.Equal(100 * (1 - (390 / 435.0)), figures.TotalVsBestSensor.Percent, 9);
        Assert.Equal(100 * (1 - (270 / 435.0)) / (100 * (1 - (270 / 447.0))), figures.ShareOfCeilingPercent!.Value / 100, 9);
        Assert.Equal(100, figures.UnplannedVsRunToFailurePercent, 9);
        Assert.Equal(99, figures.HindsightInterval);
        Assert.Equal((0, 3, 3), (figures.Failures, figures.Lives, figures.Units));
    }

    [Fact]
    public void Says_what_one_more_failure_would_leave_of_the_saving()
    {
        var figures = Figures([(100, 70, 85), (150, 120, 135), (200, 170, 185)], interval: 90);

        // One life of three failing: 14 hours instead of 6, on at least as many cycles.
        Assert.Equal(100 * (1 - ((14 / 440.0) / (6 / 270.0))), figures.WithOneMoreFailurePercent, 9);
    }

    [Fact]
    public void Calls_no_effect_a_success_at_most_about_one_time_in_twenty()
    {
        var random = new Random(3);
        var successes = 0;
        const int Fleets = 200;
        for (var fleet = 0; fleet < Fleets; fleet++)
        {
            // Both policies alarm with the same law, on 40 lives each: any difference is chance.
            var lives = Enumerable.Range(0, 40).Select(i =>
            {
                var life = new Life($"{i}", 150 + random.Next(100));
                return ComparedLife.Of(life, Protocol, 136, life.Cycles - random.Next(9, 40), life.Cycles - random.Next(9, 40));
            }).ToList();
            var saving = PairedBootstrap.Reduction(
                new PolicyOutcomes(lives), life => life.Model, life => life.Sensor, random, resamples: 300);
            successes += saving.Low > 0 ? 1 : 0;
        }

        // 5 % of 200 is 10; 16 is two standard deviations more.
        Assert.InRange(successes, 1, 16);
    }

    [Fact]
    public void Treats_the_lives_of_one_machine_as_one_draw()
    {
        // Two machines with ten equal lives each: only four draws exist, and the interval must span between them.
        var lives = Enumerable.Range(0, 20).Select(i => ComparedLife.Of(
            new Life(i < 10 ? "good" : "bad", 200), Protocol, 136, 150, i < 10 ? 185 : 120)).ToList();

        var saving = PairedBootstrap.Reduction(
            new PolicyOutcomes(lives), life => life.Model, life => life.Fixed, new Random(1));

        Assert.Equal(100 * (1 - (136 / 195.0)), saving.High, 6);
        Assert.Equal(100 * (1 - (136 / 130.0)), saving.Low, 6);
        Assert.Equal(2, new PolicyOutcomes(lives).Units);
    }

    [Theory]
    [InlineData(-0.3, "0")]
    [InlineData(-0.0, "0")]
    [InlineData(0.5, "1")]
    [InlineData(-0.5, "-1")]
    [InlineData(41.6, "42")]
    public void A_whole_figure_is_never_minus_nothing(double figure, string written) => Assert.Equal(written, ValueStatement.Whole(figure));

    [Fact]
    public void States_figure_interval_comparison_and_limits_and_never_says_saved_of_a_replay()
    {
        var figures = Figures([(100, 70, 85), (150, 120, 135), (200, 170, 185)], interval: 90);
        var wording = new ValueWording("simulated engines", "cycles", EvidenceClass.Replay, 80, 10, RealMachines: false);

        var statement = ValueStatement.Of(figures, figures, wording);

        Assert.StartsWith(
            "On 3 simulated engines, replayed, with work 10 cycles after an alarm, total downtime per 1,000 cycles would "
            + "have been 38 % lower [", statement.Claim, StringComparison.Ordinal);
        Assert.Contains("best fixed interval chosen on the other 80", statement.Claim, StringComparison.Ordinal);
        Assert.Contains("10 % lower [", statement.Claim, StringComparison.Ordinal);
        Assert.Contains("0 of 3 failed unplanned (95 % bound 63 %;", statement.Claim, StringComparison.Ordinal);
        Assert.Contains("On all 3, cross-fitted: 38 %.", statement.Claim, StringComparison.Ordinal);
        Assert.EndsWith("nor behaviour on real machines.", statement.Claim, StringComparison.Ordinal);
        Assert.DoesNotContain("saved", statement.Claim, StringComparison.Ordinal);
    }

    [Fact]
    public void Says_higher_where_the_model_costs_more_and_when_chance_could_explain_it()
    {
        var figures = Figures([(100, 70, 10), (150, 120, 110), (200, 170, 20)], interval: 90);
        var wording = new ValueWording("pumps", "hours", EvidenceClass.Live, 9, 10, RealMachines: true);

        var claim = ValueStatement.Of(figures, null, wording).Claim;

        Assert.Contains("% higher [", claim, StringComparison.Ordinal);
        Assert.Contains("not told apart from no difference", claim, StringComparison.Ordinal);
        Assert.DoesNotContain("cross-fitted", claim, StringComparison.Ordinal);
    }

    // Per life: its cycles, the sensor's alarm, the model's alarm.
    private static ValueFigures Figures((int Cycles, int Sensor, int Model)[] lives, int interval) => ValueFigures.Of(
        new PolicyOutcomes([.. lives.Select((life, i) => ComparedLife.Of(
            new Life($"{i}", life.Cycles), Protocol, interval, life.Sensor, life.Model))]),
        Protocol,
        new Random(1));
}
