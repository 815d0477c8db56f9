using Pilotage.Server.Rollouts;
using Xunit;

namespace Pilotage.Tests.Server.Rollouts;

public sealed class AlertRateGuardTests
{
    private const double Margin = 0.2;

    [Fact]
    public void What_the_incumbent_did_before_is_no_control()
    {
        var test = new AlertRateTest();
        for (var device = 0; device < 20; device++)
        {
            test.Add("d" + device, challenger: false, "w", 500, 3, alarmed: false, Margin);
        }

        test.Add("d0", challenger: true, "n", 1, 1, alarmed: true, Margin);

        Assert.Equal((0, 0), (test.Control.Inferences, test.Control.Alerts));
        Assert.NotEqual(GuardResult.Fail, test.Result);
    }

    [Fact]
    public void Two_devices_that_alarm_at_once_are_halted_against_a_calm_fleet_of_twenty()
    {
        var test = new AlertRateTest();
        for (var device = 0; device < 20; device++)
        {
            test.Add("d" + device, challenger: false, "w", 1, 0, alarmed: false, Margin);
        }

        test.Add("d0", challenger: true, "n", 1, 1, alarmed: true, Margin);
        Assert.NotEqual(GuardResult.Fail, test.Result);
        test.Add("d1", challenger: true, "n", 1, 1, alarmed: true, Margin);
        for (var device = 0; device < 20; device++)
        {
            test.Add("d" + device, challenger: false, "w", 2, 0, alarmed: false, Margin);
        }

        test.Add("d0", challenger: true, "n", 2, 1, alarmed: true, Margin);
        Assert.Equal(GuardResult.Fail, test.Result);
    }

    [Fact]
    public void A_challenger_that_reports_ahead_of_its_control_is_halted_all_the_same()
    {
        var test = new AlertRateTest();
        Fleet(test, 0);
        test.Add("d0", challenger: true, "n", 2, 1, alarmed: true, Margin);
        test.Add("d1", challenger: true, "n", 3, 1, alarmed: true, Margin);
        Fleet(test, 1);
        Fleet(test, 2);
        test.Add("d0", challenger: true, "n", 4, 1, alarmed: true, Margin);
        test.Add("d1", challenger: true, "n", 5, 1, alarmed: true, Margin);

        Assert.Equal(GuardResult.Fail, test.Result);

        static void Fleet(AlertRateTest test, int inferences)
        {
            for (var device = 0; device < 20; device++)
            {
                test.Add("d" + device, challenger: false, "w", inferences, 0, alarmed: false, Margin);
            }
        }
    }

    [Fact]
    public void An_alarm_the_incumbent_raises_too_is_not_held_against_the_new_version()
    {
        var test = new AlertRateTest();
        for (var device = 0; device < 20; device++)
        {
            test.Add("d" + device, challenger: false, "w", 100, 1, alarmed: true, Margin);
        }

        test.Add("d0", challenger: true, "n", 100, 1, alarmed: true, Margin);
        test.Add("d1", challenger: true, "n", 100, 1, alarmed: true, Margin);
        test.Add("d0", challenger: false, "w", 200, 1, alarmed: true, Margin);

        Assert.Equal(0, test.Challenger.Alerts);
        Assert.Equal(GuardResult.Pass, test.Result);
    }

    [Fact]
    public void Without_a_control_nothing_passes()
    {
        var test = new AlertRateTest();
        test.Add("d0", challenger: true, "n", 1000, 0, alarmed: false, Margin);

        Assert.Equal(GuardResult.Inconclusive, test.Result);
    }

    [Fact]
    public void A_restarted_worker_counts_from_zero_and_repeated_totals_count_once()
    {
        var test = new AlertRateTest();
        test.Add("d0", challenger: true, "n1", 10, 1, alarmed: true, Margin);
        test.Add("d0", challenger: true, "n1", 10, 1, alarmed: true, Margin);
        test.Add("d0", challenger: true, "n2", 3, 0, alarmed: false, Margin);

        Assert.Equal((13, 1), (test.Challenger.Inferences, test.Challenger.Alerts));
    }

    [Theory]
    [InlineData(1.0)]
    [InlineData(1.2)]
    public void A_version_that_alarms_no_more_than_allowed_is_halted_in_at_most_five_percent_of_rollouts(double ratio)
    {
        var halted = Enumerable.Range(0, 120).Count(seed => Halts(seed, ratio));

        Assert.True(halted <= 6, $"{halted} of 120");
    }

    [Fact]
    public void A_version_that_alarms_four_times_as_often_is_halted_nearly_always()
    {
        var halted = Enumerable.Range(0, 60).Count(seed => Halts(seed, 4));

        Assert.True(halted >= 57, $"{halted} of 60");
    }

    // Five devices of twenty, looked at after every report of 400 rounds; every alert clears before the next inference.
    private static bool Halts(int seed, double ratio)
    {
        const double Rate = 0.02;
        var random = new Random(seed);
        var test = new AlertRateTest();
        var alerts = new long[25];
        for (var round = 1; round <= 400; round++)
        {
            for (var i = 0; i < 25; i++)
            {
                var challenger = i >= 20;
                alerts[i] += random.NextDouble() < (challenger ? ratio * Rate : Rate) ? 1 : 0;
                test.Add("d" + (i % 20), challenger, "w", round, alerts[i], alarmed: false, Margin);
                if (test.Result == GuardResult.Fail)
                {
                    return true;
                }
            }
        }

        return false;
    }
}
