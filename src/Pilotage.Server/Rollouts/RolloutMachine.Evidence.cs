using Pilotage.Core.Contracts.Releases;

namespace Pilotage.Server.Rollouts;

/// <content>What counts as evidence, and what is merely said.</content>
public sealed partial class RolloutMachine
{
    private const int PastBootsMax = 16;

    private void Take(AttestedState report, bool answersHold)
    {
        var edge = Edge(report.Edge);
        if (!IsNew(edge, report))
        {
            return;
        }

        if (report.Release == _plan.Incumbent)
        {
            Compare(report, challenger: false);
        }
        else if (report.Release == _plan.Release && report.Challenge == edge.Challenge && report.ManifestDigest == _plan.ManifestDigest)
        {
            Weigh(edge, report, answersHold);
        }

        HaltOnGuards(edge);
    }

    // Reports of one boot are numbered: an equal or lower number is a duplicate or came late, an ended boot does not speak again.
    private static bool IsNew(EdgeProgress edge, AttestedState report)
    {
        if (edge.BootId == report.BootId)
        {
            var rises = report.Report > edge.Report;
            edge.Report = Math.Max(edge.Report, report.Report);
            return rises;
        }

        if (edge.PastBoots.Contains(report.BootId))
        {
            return false;
        }

        if (edge.BootId is not null)
        {
            edge.PastBoots.Add(edge.BootId);
            edge.PastBoots.RemoveRange(0, Math.Max(0, edge.PastBoots.Count - PastBootsMax));
        }

        (edge.BootId, edge.Report) = (report.BootId, report.Report);
        return true;
    }

    private void Weigh(EdgeProgress edge, AttestedState report, bool answersHold)
    {
        switch (report.State)
        {
            case AttestedPhase.Refused or AttestedPhase.Reverted:
                WentBack(report);
                break;
            case AttestedPhase.Staged or AttestedPhase.Proving:
                EachListed(report, (id, device, _) => Staged(id, device, report.State));
                break;
            case AttestedPhase.Running or AttestedPhase.Confirmed when report.Worker is { } worker && report.Golden is { Rows: > 0 } golden:
                NoLongerListed(report);
                if (Fault(report, golden, answersHold) is { } fault)
                {
                    FailListed(report, fault.Why, fault.Hard);
                    break;
                }

                (edge.P99Ms, edge.Inferences) = (report.P99Ms, report.Inferences);
                var process = $"{report.BootId}/{worker.Pid}/{worker.StartedNs}";
                EachListed(report, (id, device, seen) => Running(id, device, seen, process));
                Compare(report, challenger: true);
                break;
            default:
                break;
        }
    }

    private (string Why, bool Hard)? Fault(AttestedState report, AttestedGolden golden, bool answersHold)
    {
        if (!golden.Pass || !double.IsFinite(golden.MaxError))
        {
            return ($"golden answers do not match (largest error {golden.MaxError:g3})", true);
        }

        if (!answersHold)
        {
            return ("the answers to the challenge are not those of this release", true);
        }

        return report.Starts >= _plan.Options.CrashLoopStarts ? ($"crash loop: {report.Starts} starts", true) : null;
    }

    private void EachListed(AttestedState report, Action<string, DeviceProgress, AttestedDevice> take)
    {
        foreach (var listed in report.Devices)
        {
            // A device we never offered this to, or that belongs to another edge, is not this reporter's to speak for.
            if (State.Devices.TryGetValue(listed.Device, out var device) && device.Edge == report.Edge && IsInFlight(device.Phase))
            {
                take(listed.Device, device, listed);
            }
        }
    }

    private void Staged(string id, DeviceProgress device, string said)
    {
        if (device.Phase == DevicePhase.Offered)
        {
            Move(id, device, DevicePhase.Staged, said, "the running version's golden answers and first inference");
        }
    }

    private void Running(string id, DeviceProgress device, AttestedDevice seen, string process)
    {
        if (seen.FirstInferenceNs is null || seen.Inferences < _plan.Options.FirstInferences)
        {
            Staged(id, device, AttestedPhase.Running + ", no inference for this device yet");
            return;
        }

        if (device.Phase != DevicePhase.Baking || device.Worker != process)
        {
            Move(id, device, DevicePhase.Baking, device.Phase == DevicePhase.Baking ? "another process: the bake starts anew" : "proved and inferring", "the end of the bake");
            device.BakeSinceMs = State.AtMs;
            device.Worker = process;
        }

        device.HeardMs = State.AtMs;
        if (State.Status != RolloutStatus.Shadow && State.AtMs - device.BakeSinceMs >= _plan.Options.Bake.TotalMilliseconds)
        {
            Move(id, device, DevicePhase.Confirmed, "ran well through its bake");
            Count(device, failed: false);
        }
    }

    private void WentBack(AttestedState report)
    {
        var why = $"{report.State}: {report.Reason ?? "no reason given"}";
        var failed = new List<string>();
        foreach (var target in TargetsOf(report.Edge))
        {
            var device = State.Devices[target.Device];
            if (device.Phase == DevicePhase.RollingBack)
            {
                Move(target.Device, device, DevicePhase.RolledBack, why);
            }
            else if (IsInFlight(device.Phase) || device.Phase == DevicePhase.Confirmed)
            {
                failed.Add(target.Device);
            }
        }

        Fail(failed, why, hard: false, alreadyBack: true);
    }

    // The new version runs on for others but not for this device any more: it is back.
    private void NoLongerListed(AttestedState report)
    {
        foreach (var target in TargetsOf(report.Edge))
        {
            var device = State.Devices[target.Device];
            if (device.Phase == DevicePhase.RollingBack && report.Devices.All(listed => listed.Device != target.Device))
            {
                Move(target.Device, device, DevicePhase.RolledBack, "the edge runs the new release without this device");
            }
        }
    }

    private void FailListed(AttestedState report, string why, bool hard)
    {
        var failed = new List<string>();
        EachListed(report, (id, _, _) => failed.Add(id));
        Fail(failed, why, hard, alreadyBack: false);
    }

    private void Fail(List<string> ids, string why, bool hard, bool alreadyBack)
    {
        if (Stopped)
        {
            return;
        }

        foreach (var id in ids)
        {
            var device = State.Devices[id];
            Move(id, device, DevicePhase.Failed, why);
            Count(device, failed: true);
            _out.Add(new RolloutOutput.Withdraw(id, device.Edge, why));
            Move(id, device, alreadyBack ? DevicePhase.RolledBack : DevicePhase.RollingBack, why, alreadyBack ? null : "the edge to say that it went back");
        }

        foreach (var id in ids)
        {
            if (hard)
            {
                Halt($"{id}: {why}");
            }

            JudgeFailures(State.Devices[id], $"{id}: {why}");
        }
    }

    private void Count(DeviceProgress device, bool failed)
    {
        device.Failed = failed;
        State.Failures.Add(failed);
    }

    private void JudgeFailures(DeviceProgress device, string why)
    {
        if (_plan.Waves[device.Wave].Count < SmallWave || State.Failures.Halts)
        {
            Halt($"{State.Failures.Failures} of {State.Failures.Results} devices that have answered or fallen silent failed; {why}");
        }
    }

    private void Compare(AttestedState report, bool challenger)
    {
        if (Stopped || AlertMargin is not { } margin || report.Worker is not { } worker)
        {
            return;
        }

        var process = $"{report.BootId}/{worker.Pid}/{worker.StartedNs}";
        foreach (var seen in report.Devices)
        {
            var counts = State.Devices.TryGetValue(seen.Device, out var device) && device.Edge == report.Edge
                && (!challenger || IsInFlight(device.Phase) || device.Phase == DevicePhase.Confirmed);
            if (counts)
            {
                State.Alerts.Add(seen.Device, challenger, process, seen.Inferences, seen.Alerts, seen.Alarmed, margin);
            }
        }
    }

    private void EndSilences()
    {
        var silence = (long)_plan.Options.Silence.TotalMilliseconds;
        var silent = _waiting.Where(id => State.AtMs - State.Devices[id].HeardMs > silence).Order(StringComparer.Ordinal).ToList();
        foreach (var id in silent)
        {
            var device = State.Devices[id];
            if (device.Phase == DevicePhase.RollingBack)
            {
                Move(id, device, DevicePhase.Lost, "taken back and silent since: what it runs is unknown");
            }
            else if (IsInFlight(device.Phase))
            {
                Fail([id], $"silent for {_plan.Options.Silence.TotalSeconds:0} s since it was {device.Phase.ToString().ToLowerInvariant()}", hard: false, alreadyBack: false);
            }
        }
    }
}
