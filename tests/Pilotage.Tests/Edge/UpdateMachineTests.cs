using Pilotage.Core;
using Pilotage.Core.Contracts.Releases;
using Pilotage.Edge.Updates;
using Pilotage.Edge.Workers;
using Xunit;

namespace Pilotage.Tests.Edge;

public sealed class UpdateMachineTests
{
    private readonly UpdateBench _edge = new();
    private readonly string _good;
    private readonly string _next;

    public UpdateMachineTests()
    {
        _good = _edge.Release(1);
        _next = _edge.Release(2);
    }

    [Fact]
    public void Runs_a_promoted_release_and_keeps_it_as_last_good_once_it_has_proved_itself()
    {
        RunGood();

        Assert.Equal(_good, _edge.Disk.LastGood["predictive-maintenance"]);
        Assert.Equal(AttestedPhase.Confirmed, _edge.PhaseOf(_good));
    }

    [Fact]
    public void The_incumbent_keeps_running_beside_the_challenger()
    {
        RunGood();

        Challenge();
        _edge.Healthy(_next);

        Assert.Equal(new[] { _good, _next }.Order(), _edge.RunningReleases.Order());
        Assert.Equal(AttestedPhase.Running, _edge.PhaseOf(_next));
        Assert.Equal(["d1", "d2"], _edge.Workers[_edge.InstanceOf(_good)].Devices.Select(device => device.Device));
    }

    [Fact]
    public void A_challenger_that_hangs_is_killed_and_the_incumbent_is_not_touched()
    {
        RunGood();
        Challenge();
        _edge.Healthy(_next);
        var incumbent = _edge.InstanceOf(_good);

        for (var i = 0; i < 12; i++)
        {
            _edge.Beat(_good);
            _edge.Pass(1);
        }

        Assert.Equal(AttestedPhase.Reverted, _edge.PhaseOf(_next));
        Assert.Contains("hangs", Reason(_next), StringComparison.Ordinal);
        Assert.Equal(incumbent, _edge.InstanceOf(_good));
        Assert.Single(_edge.Workers);
    }

    [Fact]
    public void A_challenger_that_never_proves_itself_is_killed()
    {
        RunGood();
        Challenge();
        for (var i = 0; i < 62; i++)
        {
            _edge.Beat(_good);
            _edge.Pass(1);
        }

        Assert.Contains("did not prove itself", Reason(_next), StringComparison.Ordinal);
        Assert.Single(_edge.Workers);
    }

    [Fact]
    public void Wrong_golden_answers_end_a_challenger_before_its_first_inference()
    {
        RunGood();
        Challenge();

        _edge.Prove(_next, pass: false);

        Assert.Contains("golden", Reason(_next), StringComparison.Ordinal);
        Assert.Single(_edge.Workers);
    }

    [Fact]
    public void A_beat_without_golden_answers_is_not_running()
    {
        RunGood();
        Challenge();

        _edge.Beat(_next);

        Assert.Equal(AttestedPhase.Proving, _edge.PhaseOf(_next));
    }

    [Fact]
    public void A_challenger_that_crashes_is_restarted_and_given_up_as_a_crash_loop()
    {
        RunGood();
        Challenge();
        for (var i = 0; i < 3; i++)
        {
            _edge.Healthy(_next);
            _edge.Crash(_next);
            for (var s = 0; s < 10; s++)
            {
                _edge.Beat(_good);
                _edge.Pass(1);
            }
        }

        Assert.Contains("crash loop", Reason(_next), StringComparison.Ordinal);
        Assert.Equal(3, _edge.Log.OfType<UpdateAction.Start>().Count(start => start.Release.Id.Value == _next));
    }

    [Fact]
    public void A_leaking_challenger_is_killed()
    {
        RunGood();
        Challenge();
        _edge.Healthy(_next);

        _edge.Give(new UpdateInput.Memory(_edge.InstanceOf(_next), 3L << 30));

        Assert.Contains("memory", Reason(_next), StringComparison.Ordinal);
    }

    [Fact]
    public void A_crashed_incumbent_is_restarted_for_ever_ever_more_slowly()
    {
        RunGood();
        for (var i = 0; i < 10; i++)
        {
            _edge.Crash(_good);
            _edge.Pass(31);
            Assert.Single(_edge.Workers);
        }

        Assert.Empty(_edge.Disk.Failed);
    }

    [Fact]
    public void What_failed_is_not_started_again_by_repetition_only_by_a_new_offer()
    {
        RunGood();
        Challenge();
        _edge.Prove(_next, pass: false);

        Challenge();
        _edge.CutPower();
        Challenge();
        Assert.DoesNotContain(_next, _edge.RunningReleases);

        Challenge("c2");
        Assert.Contains(_next, _edge.RunningReleases);
    }

    [Fact]
    public void A_promoted_release_that_fails_falls_back_to_the_last_good_one()
    {
        RunGood();
        _edge.Desire((_next, "c", true, DeviceRole.Primary, ["d1", "d2"]));

        _edge.Prove(_next, pass: false);

        Assert.Equal([_good], _edge.RunningReleases);
        Assert.Equal(_good, _edge.Disk.LastGood["predictive-maintenance"]);
    }

    [Fact]
    public void A_withdrawn_challenger_is_stopped_and_said_to_be()
    {
        RunGood();
        Challenge();
        _edge.Healthy(_next);

        _edge.Desire((_good, "c0", true, DeviceRole.Primary, ["d1", "d2"]));

        Assert.Equal([_good], _edge.RunningReleases);
        Assert.Equal(AttestedPhase.Reverted, _edge.PhaseOf(_next));
    }

    [Fact]
    public void Nothing_below_the_floor_is_started_even_if_its_bytes_are_here()
    {
        RunGood();
        _edge.Desire((_next, "c", true, DeviceRole.Primary, ["d1", "d2"]));
        _edge.Healthy(_next);
        Assert.Equal(2, _edge.Disk.Floors["predictive-maintenance"]);
        _edge.StagesByItself = false;

        _edge.Desire((_next, "c", true, DeviceRole.Primary, ["d2"]), (_good, "c9", false, DeviceRole.Challenger, ["d1"]));

        Assert.DoesNotContain(_good, _edge.RunningReleases);
        Assert.Contains(_edge.Log, action => action is UpdateAction.Stage stage && stage.Release.Id == _good);
    }

    [Fact]
    public void A_refused_release_is_reported_as_refused()
    {
        RunGood();
        _edge.StagesByItself = false;
        Challenge();

        _edge.Staged(_next, new Refusal("release.digest_mismatch", "no"));

        Assert.Equal(AttestedPhase.Refused, _edge.PhaseOf(_next));
    }

    [Fact]
    public void A_broken_download_is_tried_again()
    {
        RunGood();
        _edge.StagesByItself = false;
        Challenge();
        _edge.Staged(_next, new Refusal("edge.download", "cut"), tryAgain: true);
        _edge.Beat(_good);
        _edge.Pass(3);

        Assert.Equal(2, _edge.Log.OfType<UpdateAction.Stage>().Count(stage => stage.Release.Id == _next));
    }

    [Fact]
    public void An_older_desired_state_is_ignored()
    {
        RunGood();
        var old = _edge.Disk.Desired! with { Version = 0, Devices = [] };

        _edge.Give(new UpdateInput.Desired(old));

        Assert.Single(_edge.Workers);
        Assert.NotEmpty(_edge.Disk.Desired!.Devices);
    }

    [Fact]
    public void A_version_that_takes_the_machine_down_at_each_start_is_given_up()
    {
        RunGood();
        Challenge();
        for (var i = 0; i < 5; i++)
        {
            _edge.CutPower();
        }

        Assert.Contains("crash loop", Reason(_next), StringComparison.Ordinal);
        Assert.Equal([_good], _edge.RunningReleases);
    }

    [Fact]
    public void Power_cut_at_any_point_ends_with_every_device_on_a_version_that_works()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var edge = new UpdateBench();
            var (good, next) = (edge.Release(1), edge.Release(2));
            edge.Desire((good, "c0", true, DeviceRole.Primary, ["d1", "d2"]));
            edge.Healthy(good);
            edge.Desire((good, "c0", true, DeviceRole.Primary, ["d1", "d2"]), (next, "c1", false, DeviceRole.Challenger, ["d1"]));
            for (var step = 0; step < 40; step++)
            {
                Disturb(edge, random, next);
            }

            // The faults end; whatever is alive beats from now on.
            for (var s = 0; s < 120; s++)
            {
                foreach (var release in edge.RunningReleases.ToList())
                {
                    edge.Healthy(release);
                }

                edge.Pass(1);
            }

            var primary = edge.Workers.Values.Where(worker => worker.Devices.Any(device => device.Role == DeviceRole.Primary)).ToList();
            Assert.True(primary.Count == 1 && primary[0].Devices.Count == 2, $"seed {seed}: {string.Join(',', edge.RunningReleases)}");
        }
    }

    private static void Disturb(UpdateBench edge, Random random, string next)
    {
        var running = edge.RunningReleases.ToList();
        var one = running.Count == 0 ? null : running[random.Next(running.Count)];
        switch (random.Next(7))
        {
            case 0:
                edge.CutPower();
                break;
            case 1 when one is not null:
                edge.Crash(one);
                break;
            case 2 when one is not null:
                edge.Healthy(one);
                break;
            case 3 when running.Contains(next):
                edge.Prove(next, pass: false);
                break;
            case 4 when one is not null:
                edge.Give(new UpdateInput.Said(edge.InstanceOf(one), new WorkerReport { Says = WorkerSays.Fault, Reason = "disk" }));
                break;
            case 5:
                edge.Pass(random.Next(15));
                break;
            default:
                edge.Pass(1);
                break;
        }
    }

    private string? Reason(string release) => _edge.Machine.Reportable.Single(slot => slot.Release == release).Reason;

    private void RunGood()
    {
        _edge.Desire((_good, "c0", true, DeviceRole.Primary, ["d1", "d2"]));
        _edge.Healthy(_good);
    }

    private void Challenge(string challenge = "c1") => _edge.Desire(
        (_good, "c0", true, DeviceRole.Primary, ["d1", "d2"]),
        (_next, challenge, false, DeviceRole.Challenger, ["d1"]));
}
