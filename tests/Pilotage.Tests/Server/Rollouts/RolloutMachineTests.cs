using Pilotage.Core.Contracts.Releases;
using Pilotage.Server.Rollouts;
using Xunit;

namespace Pilotage.Tests.Server.Rollouts;

public sealed class RolloutMachineTests
{
    [Fact]
    public void Goes_through_its_waves_and_promotes_what_proved_itself()
    {
        var bench = new RolloutBench(20);

        bench.RunWell(220);

        Assert.Equal(RolloutStatus.Completed, bench.State.Status);
        Assert.Equal("all 4 waves passed: 20 of 20 devices proved it", bench.State.Cause);
        Assert.Equal(20, bench.Said.OfType<RolloutOutput.Promote>().Count());
        Assert.Equal([2, 2, 10, 6], bench.Plan.Waves.Select(wave => wave.Count));
        Assert.Equal(Enumerable.Range(0, 4), bench.Offers.Select(offer => offer.Wave).Distinct());
    }

    [Fact]
    public void Offers_the_next_wave_only_after_the_bake_of_the_one_before()
    {
        var bench = new RolloutBench(20);

        bench.RunWell(30);
        Assert.Equal(2, bench.Offers.Count());

        bench.RunWell(2);
        Assert.Equal(4, bench.Offers.Count());
    }

    [Fact]
    public void Never_has_more_in_flight_than_the_cap()
    {
        var bench = new RolloutBench(200, waves: ["rest"]);

        Assert.Equal(5, bench.Machine.InFlight);
        bench.RunWell(32);
        Assert.Equal(10, bench.Machine.InFlightMax);
        Assert.True(bench.Machine.InFlight <= 10);
    }

    [Fact]
    public void Halts_on_one_failure_in_a_small_wave_and_takes_everybody_back()
    {
        var bench = new RolloutBench(20);
        bench.RunWell(33);

        bench.Send(bench.InPhase(DevicePhase.Baking).First(), report => report with { State = AttestedPhase.Reverted, Worker = null, Reason = "no heartbeat for 5 s" });

        Assert.Equal(RolloutStatus.Halted, bench.State.Status);
        Assert.Contains("no heartbeat", bench.State.Cause, StringComparison.Ordinal);
        Assert.Equal(4, bench.Said.OfType<RolloutOutput.Withdraw>().Select(output => output.Device).Distinct().Count());
        bench.RunWell(500);
        Assert.Equal(4, bench.Offers.Count());
    }

    [Fact]
    public void Silence_is_failure_in_every_state_that_waits()
    {
        foreach (var phase in new[] { AttestedPhase.Staged, AttestedPhase.Proving, AttestedPhase.Running })
        {
            var bench = new RolloutBench(20);
            bench.Send(bench.Offers.First().Device, report => report with { State = phase });

            bench.Pass(121);

            Assert.Equal(RolloutStatus.Halted, bench.State.Status);
            Assert.Contains("silent for", bench.State.Cause, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Repeating_staged_does_not_move_the_deadline()
    {
        var bench = new RolloutBench(20);
        for (var i = 0; i < 13 && bench.State.Status == RolloutStatus.Rolling; i++)
        {
            bench.Send(bench.Offers.First().Device, report => report with { State = AttestedPhase.Staged });
            bench.Send(bench.Offers.Last().Device);
            bench.Pass(10);
        }

        Assert.Equal(RolloutStatus.Halted, bench.State.Status);
    }

    [Fact]
    public void A_device_taken_back_that_stays_silent_is_listed_as_lost()
    {
        var bench = new RolloutBench(20);
        bench.Apply(new RolloutInput.Stop("ann", "wrong package"));

        bench.Pass(121);

        Assert.Equal(bench.Offers.Select(offer => offer.Device).Order(), bench.InPhase(DevicePhase.Lost).Order());
    }

    [Fact]
    public void A_device_taken_back_that_says_so_is_rolled_back()
    {
        var bench = new RolloutBench(20);
        var device = bench.Offers.First().Device;
        bench.Send(device);
        bench.Apply(new RolloutInput.Stop("ann", "wrong package"));

        bench.Send(device, report => report with { State = AttestedPhase.Reverted, Worker = null, Reason = "withdrawn" });

        Assert.Equal(DevicePhase.RolledBack, bench.State.Devices[device].Phase);
    }

    [Fact]
    public void Offline_devices_are_not_started_and_not_counted()
    {
        var bench = new RolloutBench(20);
        var offline = bench.Plan.Waves[1][0];
        bench.Apply(new RolloutInput.Presence(offline.Edge, Online: false));

        bench.RunWell(250);

        Assert.Equal(DevicePhase.NotStarted, bench.State.Devices[offline.Device].Phase);
        Assert.Equal(RolloutStatus.Completed, bench.State.Status);
        Assert.Contains("1 offline", bench.State.Cause, StringComparison.Ordinal);
        Assert.Equal(0, bench.State.Failures.Failures);
    }

    [Fact]
    public void Zero_evidence_never_finishes()
    {
        var bench = new RolloutBench(4, waves: ["2", "rest"]);
        foreach (var target in bench.Plan.Waves[0])
        {
            bench.Apply(new RolloutInput.Gone(target.Device, "deleted"));
        }

        bench.RunWell(1000);

        Assert.NotEqual(RolloutStatus.Completed, bench.State.Status);
        Assert.Equal(2, bench.Offers.Count());
    }

    [Fact]
    public void Deleting_and_moving_devices_does_not_change_a_denominator()
    {
        var bench = new RolloutBench(20);
        bench.RunWell(33);
        var waiting = bench.Plan.Waves[2].Take(6).Select(target => target.Device).ToList();
        foreach (var device in waiting)
        {
            bench.Apply(new RolloutInput.Gone(device, "moved"));
        }

        bench.RunWell(400);

        // 4 of 10 can prove it, which is less than half of the wave as planned: it must not pass as 4 of 4.
        Assert.Equal(2, bench.State.Wave);
        Assert.Equal(RolloutStatus.Rolling, bench.State.Status);
    }

    [Fact]
    public void Deleting_a_device_in_mid_update_counts_as_its_failure()
    {
        var bench = new RolloutBench(20);

        bench.Apply(new RolloutInput.Gone(bench.Offers.First().Device, "deleted"));

        Assert.Equal(RolloutStatus.Halted, bench.State.Status);
    }

    [Fact]
    public void A_failed_device_is_not_offered_again_without_a_retry()
    {
        var bench = new RolloutBench(200, waves: ["100", "rest"]);
        bench.RunWell(32);
        var failed = bench.InPhase(DevicePhase.Offered).Concat(bench.InPhase(DevicePhase.Baking)).First();
        bench.Send(failed, report => report with { State = AttestedPhase.Refused, Worker = null, Reason = "digest" });
        bench.RunWell(100);
        Assert.Single(bench.Offers, offer => offer.Device == failed);
        var before = bench.Offers.First(offer => offer.Device == failed).Challenge;

        bench.Apply(new RolloutInput.Retry(failed, "ann"));
        bench.RunWell(500);

        Assert.Equal(2, bench.Offers.Count(offer => offer.Device == failed));
        Assert.NotEqual(before, bench.Offers.Last(offer => offer.Device == failed).Challenge);
    }

    [Fact]
    public void A_pulled_brake_starts_nothing_and_loses_nothing()
    {
        var bench = new RolloutBench(20);
        bench.Apply(new RolloutInput.Brake(Pulled: true, "ann"));
        bench.RunWell(300);
        Assert.Equal(2, bench.Offers.Count());

        bench.Apply(new RolloutInput.Brake(Pulled: false, "bob"));
        bench.RunWell(220);

        Assert.Equal(RolloutStatus.Completed, bench.State.Status);
    }

    [Fact]
    public void Shadow_comes_before_the_waves_and_has_no_effect()
    {
        var bench = new RolloutBench(20, new RolloutOptions { Shadow = TimeSpan.FromMinutes(60) });
        bench.RunWell(59);
        Assert.Equal(RolloutStatus.Shadow, bench.State.Status);
        Assert.All(bench.Offers, offer => Assert.Equal(DeviceRole.Shadow, offer.Role));

        bench.RunWell(300);

        Assert.Equal(RolloutStatus.Completed, bench.State.Status);
        Assert.All(bench.Offers.Skip(2), offer => Assert.Equal(DeviceRole.Challenger, offer.Role));
    }

    [Fact]
    public void A_slow_version_is_halted_by_its_p99()
    {
        var bench = new RolloutBench(20, new RolloutOptions { P99MsMax = 20 });

        bench.Send(bench.Offers.First().Device, report => report with { P99Ms = 31 });

        Assert.Contains("p99_latency_ms", bench.State.Cause, StringComparison.Ordinal);
        Assert.Equal(RolloutStatus.Halted, bench.State.Status);
    }

    [Fact]
    public void A_metric_without_data_pauses_and_a_person_may_resume()
    {
        var bench = new RolloutBench(20, new RolloutOptions { AlertRateMargin = 0.2 });
        bench.RunWell(60);
        Assert.Equal(RolloutStatus.Paused, bench.State.Status);
        Assert.Equal(2, bench.Offers.Count());

        bench.Apply(new RolloutInput.Resume("ann"));

        Assert.Equal(4, bench.Offers.Count());
    }

    [Fact]
    public void A_first_release_ever_is_not_held_up_by_a_control_that_cannot_exist()
    {
        var bench = new RolloutBench(20, new RolloutOptions { AlertRateMargin = 0.2 }, incumbent: null);

        bench.RunWell(60);

        Assert.Equal(RolloutStatus.Rolling, bench.State.Status);
        Assert.True(bench.State.Wave >= 1);
        Assert.Contains(bench.Machine.Guards(), guard => guard.Guard == "alert_rate" && guard.Why.StartsWith("not applied", StringComparison.Ordinal));
    }

    [Fact]
    public void A_pause_ends_by_itself_when_the_evidence_comes()
    {
        var bench = new RolloutBench(20, new RolloutOptions { AlertRateMargin = 0.2 });
        bench.RunWell(60);

        bench.SendOld(bench.Plan.Waves[3][0].Device, 100);

        Assert.Equal(RolloutStatus.Rolling, bench.State.Status);
        Assert.Equal(1, bench.State.Wave);
    }

    [Fact]
    public void Goes_on_after_a_restart_as_if_nothing_had_happened()
    {
        var straight = new RolloutBench(24);
        var restarted = new RolloutBench(24);
        for (var i = 0; i < 250; i++)
        {
            straight.RunWell(1);
            restarted.RunWell(1);
            restarted.Restart();
        }

        Assert.Equal(RolloutStatus.Completed, straight.State.Status);
        Assert.Equal(straight.Offers.Select(offer => offer.Device), restarted.Offers.Select(offer => offer.Device));
        Assert.Equal(straight.State.Status, restarted.State.Status);
    }

    [Fact]
    public void A_clock_that_goes_back_ends_no_bake_and_no_silence()
    {
        var bench = new RolloutBench(20);
        bench.RunWell(10);
        bench.Minute = -100;
        bench.Apply(new RolloutInput.Tick());
        bench.Send(bench.Offers.First().Device);

        Assert.Equal(RolloutStatus.Rolling, bench.State.Status);
        Assert.Empty(bench.InPhase(DevicePhase.Confirmed));
    }
}
