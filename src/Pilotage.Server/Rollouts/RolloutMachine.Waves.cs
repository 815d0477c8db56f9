using Pilotage.Core.Contracts.Releases;

namespace Pilotage.Server.Rollouts;

/// <content>Who is offered when, and when a wave has passed.</content>
public sealed partial class RolloutMachine
{
    // Below it a wave is too small for statistics: one confirmed failure halts.
    private const int SmallWave = 20;

    // Fewer inferences than this make no p99: the slowest of a handful is start-up, not latency.
    private const int P99SamplesMin = 20;
    private const string P99Guard = "p99_latency_ms";

    private readonly Queue<string> _ready = [];
    private readonly HashSet<string> _waiting = [];
    private ILookup<string, RolloutTarget>? _byEdge;

    /// <summary>Whether some device still owes an answer.</summary>
    public bool IsWaiting => _waiting.Count > 0;

    /// <summary>What each guard says now, with its figures.</summary>
    public IReadOnlyList<GuardOutcome> Guards()
    {
        var guards = new List<GuardOutcome>
        {
            new("golden", _tally.Confirmed + _tally.InFlight > 0 ? GuardResult.Pass : GuardResult.Inconclusive, "every reporting device gave the known answers"),
        };
        if (_plan.Options.P99MsMax is { } max)
        {
            guards.Add(P99(max));
        }

        if (AlertMargin is { } margin)
        {
            guards.Add(State.Alerts.Judge(margin));
        }
        else if (_plan.Options.AlertRateMargin is not null)
        {
            guards.Add(new("alert_rate", GuardResult.Pass, "not applied: no version ran on these devices before, so there is no control to compare with"));
        }

        return guards;
    }

    // A first release ever has no control by nature; waiting for one would wait for ever. With an incumbent, a control that is
    // silent stays inconclusive.
    private double? AlertMargin => _plan.Incumbent is null ? null : _plan.Options.AlertRateMargin;

    // Looked at after every report, so only what this report can have changed.
    private void HaltOnGuards(EdgeProgress edge)
    {
        if (!Stopped && _plan.Options.P99MsMax is { } max && edge.Inferences >= P99SamplesMin && edge.P99Ms > max)
        {
            Halt($"guard {P99Guard}: {P99(max).Why}");
        }

        if (!Stopped && AlertMargin is { } margin && State.Alerts.Result == GuardResult.Fail)
        {
            var outcome = State.Alerts.Judge(margin);
            Halt($"guard {outcome.Guard}: {outcome.Why}");
        }
    }

    private GuardOutcome P99(double max)
    {
        var seen = State.Edges.Values.Where(edge => edge is { P99Ms: not null, Inferences: > 0 }).ToList();
        if (seen.Count == 0)
        {
            return new GuardOutcome(P99Guard, GuardResult.Inconclusive, "no latency was reported");
        }

        var worst = seen.MaxBy(edge => edge.P99Ms)!;
        var told = $"worst p99 {worst.P99Ms:0.###} ms over {worst.Inferences} inferences, limit {max:0.###} ms";
        return worst.P99Ms <= max
            ? new GuardOutcome(P99Guard, GuardResult.Pass, told)
            : new GuardOutcome(P99Guard, worst.Inferences >= P99SamplesMin ? GuardResult.Fail : GuardResult.Inconclusive, told);
    }

    /// <summary>The targets that stood behind an edge when the waves were drawn.</summary>
    public IEnumerable<RolloutTarget> TargetsOf(string edge) =>
        (_byEdge ??= _targets.Values.ToLookup(target => target.Edge))[edge];

    private void Advance()
    {
        if (Stopped)
        {
            return;
        }

        Offer();
        if (State.Status == RolloutStatus.Shadow)
        {
            EndShadow();
        }
        else if (State.Status == RolloutStatus.Paused || WaveHasEnded())
        {
            CheckWave();
        }
    }

    private void Offer()
    {
        while (!State.Braked && State.Status is RolloutStatus.Rolling or RolloutStatus.Shadow
            && _tally.InFlight < InFlightMax && _ready.TryDequeue(out var id))
        {
            var device = State.Devices[id];
            var edge = Edge(device.Edge);
            if (device.Phase == DevicePhase.NotStarted && device.Wave <= State.Wave && edge.Online)
            {
                edge.Challenge ??= _newChallenge();
                device.Touched = true;
                var role = State.Status == RolloutStatus.Shadow ? DeviceRole.Shadow : DeviceRole.Challenger;
                Move(id, device, DevicePhase.Offered, $"wave {device.Wave + 1}", "the edge to stage the release");
                _out.Add(new RolloutOutput.Offer(id, device.Edge, device.Wave, role, edge.Challenge));
            }
        }
    }

    private void EndShadow()
    {
        var shadows = _plan.Waves[0].Select(target => (target.Device, Progress: State.Devices[target.Device]))
            .Where(item => IsInFlight(item.Progress.Phase)).ToList();
        var ran = shadows.Count > 0 && _ready.Count == 0 && shadows.All(item => item.Progress.Phase == DevicePhase.Baking
            && State.AtMs - item.Progress.BakeSinceMs >= _plan.Options.Shadow.TotalMilliseconds);
        if (!ran || Guards().Any(guard => guard.Result != GuardResult.Pass))
        {
            return;
        }

        Say(RolloutStatus.Rolling, "the shadow phase passed");
        foreach (var (id, progress) in shadows)
        {
            progress.BakeSinceMs = State.AtMs;
            _out.Add(new RolloutOutput.Offer(id, progress.Edge, 0, DeviceRole.Challenger, Edge(progress.Edge).Challenge!));
        }
    }

    // Ended: nobody of it is in flight or could be offered, and at least half of those offered proved it. Who was offline all along
    // is not counted; who was deleted is. A wave nobody answered never ends.
    private bool WaveHasEnded()
    {
        var counted = _plan.Waves[State.Wave].Count - _tally.Of(State.Wave, DevicePhase.NotStarted);
        var confirmed = _tally.Of(State.Wave, DevicePhase.Confirmed);
        return _ready.Count == 0 && confirmed > 0 && confirmed * 2 >= counted
            && _tally.Of(State.Wave, DevicePhase.Offered) + _tally.Of(State.Wave, DevicePhase.Staged) + _tally.Of(State.Wave, DevicePhase.Baking) == 0;
    }

    private void CheckWave()
    {
        var doubtful = Guards().Where(guard => guard.Result != GuardResult.Pass).ToList();
        if (doubtful.Count > 0 && State.ResumedThroughWave < State.Wave)
        {
            if (State.Status != RolloutStatus.Paused)
            {
                Say(RolloutStatus.Paused, $"wave {State.Wave + 1} is inconclusive: " + string.Join("; ", doubtful.Select(guard => $"{guard.Guard}: {guard.Why}")));
            }

            return;
        }

        var passed = $"wave {State.Wave + 1} passed: {_tally.Of(State.Wave, DevicePhase.Confirmed)} of {_plan.Waves[State.Wave].Count} proved it";
        if (State.Wave + 1 < _plan.Waves.Count)
        {
            State.Wave++;
            Say(RolloutStatus.Rolling, passed);
            EnqueueWave(State.Wave);
            Offer();
        }
        else if (_tally.InFlight == 0)
        {
            Complete();
        }
    }

    private void Complete()
    {
        var notReached = State.Devices.Count(item => item.Value.Phase == DevicePhase.NotStarted);
        var confirmed = State.Devices.Count(item => item.Value.Phase == DevicePhase.Confirmed);
        var waves = _plan.Waves.Count == 1 ? "the only wave" : $"all {_plan.Waves.Count} waves";
        Say(
            RolloutStatus.Completed,
            $"{waves} passed: {confirmed} of {State.Devices.Count} devices proved it"
            + (notReached == 0 ? "" : $"; {notReached} offline devices were not reached and keep the old release"));
        foreach (var (id, device) in State.Devices)
        {
            if (device.Phase == DevicePhase.Confirmed)
            {
                _out.Add(new RolloutOutput.Promote(id, device.Edge));
            }
        }
    }

    private void EnqueueWave(int wave)
    {
        foreach (var target in _plan.Waves[wave])
        {
            Enqueue(target.Device);
        }
    }

    private void Enqueue(string id)
    {
        var device = State.Devices[id];
        if (device.Phase == DevicePhase.NotStarted && device.Wave <= State.Wave && Edge(device.Edge).Online)
        {
            _ready.Enqueue(id);
        }
    }

    private void SetPresence(RolloutInput.Presence presence)
    {
        var edge = Edge(presence.Edge);
        var came = presence.Online && !edge.Online;
        edge.Online = presence.Online;
        if (came)
        {
            foreach (var target in TargetsOf(presence.Edge))
            {
                Enqueue(target.Device);
            }
        }
    }

    private void Restore()
    {
        foreach (var (id, device) in State.Devices)
        {
            _tally.Add(device.Wave, device.Phase, +1);
            if (IsInFlight(device.Phase) || device.Phase == DevicePhase.RollingBack)
            {
                _waiting.Add(id);
            }
        }

        for (var wave = 0; wave <= State.Wave; wave++)
        {
            EnqueueWave(wave);
        }
    }
}
