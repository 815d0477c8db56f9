using Pilotage.Core.Contracts.Releases;
using Pilotage.Server.Rollouts;
using Xunit;

namespace Pilotage.Tests.Server.Rollouts;

/// <summary>P18: a device says it is updated and is not. Each lie is signed with the right key, and none is believed.</summary>
public sealed class TwentyLiesTests
{
    public static TheoryData<string> Names => [.. Lies.Keys];

    private static readonly Dictionary<string, Func<AttestedState, AttestedState>> Lies = new()
    {
        ["staged is said for running"] = report => report with { State = AttestedPhase.Staged },
        ["proving is said for ever"] = report => report with { State = AttestedPhase.Proving },
        ["confirmed without a process"] = report => report with { State = AttestedPhase.Confirmed, Worker = null },
        ["running without a process"] = report => report with { Worker = null },
        ["running without golden answers"] = report => report with { Golden = null },
        ["golden answers over zero rows"] = report => report with { Golden = report.Golden! with { Rows = 0 } },
        ["golden answers that do not match"] = report => report with { Golden = report.Golden! with { Pass = false, MaxError = 3 } },
        ["golden error that is not a number"] = report => report with { Golden = report.Golden! with { MaxError = double.NaN } },
        ["no inference yet"] = report => report with { Devices = [report.Devices[0] with { FirstInferenceNs = null, Inferences = 0 }] },
        ["a first inference but none counted"] = report => report with { Devices = [report.Devices[0] with { Inferences = 0 }] },
        ["counts without a first inference"] = report => report with { Devices = [report.Devices[0] with { FirstInferenceNs = null }] },
        ["the old version speaks"] = report => report with { Release = RolloutBench.Old },
        ["another release speaks"] = report => report with { Release = "rel_other" },
        ["other bytes under the same release"] = report => report with { ManifestDigest = "sha256:old" },
        ["evidence kept from another offer"] = report => report with { Challenge = "c-before" },
        ["another edge speaks for the device"] = report => report with { Edge = "e999" },
        ["the device is not among those reported"] = report => report with { Devices = [] },
        ["a crash loop that says running"] = report => report with { Starts = 9 },
        ["an unknown state"] = report => report with { State = "excellent" },
        ["reverted but smiling"] = report => report with { State = AttestedPhase.Reverted },
        ["a new process at each report, so that none bakes"] = report => report with { Worker = new AttestedWorker { Pid = 10, StartedNs = report.Report } },
    };

    [Theory]
    [MemberData(nameof(Names))]
    public void Is_not_believed(string lie)
    {
        var bench = new RolloutBench(20);
        var liar = bench.Offers.First().Device;
        for (var i = 0; i < 200; i++)
        {
            bench.Pass(1);
            bench.Send(liar, Lies[lie]);
            if (bench.State.Devices[bench.Offers.ElementAt(1).Device].Phase < DevicePhase.Confirmed)
            {
                bench.Send(bench.Offers.ElementAt(1).Device);
            }
        }

        Assert.NotEqual(DevicePhase.Confirmed, bench.State.Devices[liar].Phase);
        Assert.Equal(2, bench.Offers.Count());
    }

    [Fact]
    public void Answers_that_another_model_gave_are_not_believed()
    {
        var bench = new RolloutBench(20);

        bench.Send(bench.Offers.First().Device, answersHold: false);

        Assert.Equal(RolloutStatus.Halted, bench.State.Status);
        Assert.Contains("challenge", bench.State.Cause, StringComparison.Ordinal);
    }

    [Fact]
    public void One_good_report_replayed_for_ever_is_not_believed()
    {
        var bench = new RolloutBench(20);
        var liar = bench.Offers.First().Device;
        var kept = bench.Report(liar);
        for (var i = 0; i < 130; i++)
        {
            bench.Pass(1);
            bench.Apply(new RolloutInput.Evidence(kept, AnswersHold: true));
        }

        Assert.NotEqual(DevicePhase.Confirmed, bench.State.Devices[liar].Phase);
        Assert.Equal(RolloutStatus.Halted, bench.State.Status);
    }

    [Fact]
    public void Reports_of_a_boot_that_ended_are_not_believed()
    {
        var bench = new RolloutBench(20);
        var liar = bench.Offers.First().Device;
        bench.Send(liar);
        bench.Send(liar, report => report with { BootId = "boot2", State = AttestedPhase.Proving });
        for (var i = 0; i < 40; i++)
        {
            bench.Pass(1);
            bench.Send(liar);
        }

        Assert.NotEqual(DevicePhase.Confirmed, bench.State.Devices[liar].Phase);
    }

    [Fact]
    public void A_device_that_was_never_offered_the_release_cannot_claim_it()
    {
        var bench = new RolloutBench(20);
        var early = bench.Plan.Waves[3][0].Device;
        for (var i = 0; i < 20; i++)
        {
            bench.Pass(1);
            bench.Send(early);
        }

        Assert.Equal(DevicePhase.NotStarted, bench.State.Devices[early].Phase);
    }
}
