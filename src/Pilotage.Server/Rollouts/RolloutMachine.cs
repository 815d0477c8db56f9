namespace Pilotage.Server.Rollouts;

/// <summary>
/// The rollout controller: no clock, no network, no database. It is told what happened and how much time has passed, and answers
/// with desired changes; the server and the simulator run this very code.
/// </summary>
/// <remarks>
/// The incumbent keeps inferring on every device until the rollout is completed, so taking a device back means stopping the
/// challenger beside it: that is safe for all of them at once, which is why a halt does not take devices back in waves.
/// </remarks>
public sealed partial class RolloutMachine
{
    private readonly RolloutPlan _plan;
    private readonly Func<string> _newChallenge;
    private readonly Dictionary<string, RolloutTarget> _targets;
    private readonly Tally _tally = new();
    private List<RolloutOutput> _out = [];

    /// <summary>Starts a rollout, or goes on with the state a controller left behind.</summary>
    public RolloutMachine(RolloutPlan plan, RolloutState? state, Func<string> newChallenge)
    {
        _plan = plan;
        _newChallenge = newChallenge;
        _targets = plan.Waves.SelectMany(wave => wave).ToDictionary(target => target.Device);
        State = state ?? Begin(plan);
        Restore();
    }

    public RolloutState State { get; }

    public RolloutPlan Plan => _plan;

    /// <summary>Devices that wait for something and so count against the cap.</summary>
    public int InFlight => _tally.InFlight;

    /// <summary>The most devices that may be in flight now: few at first, then a tenth of what is proven good.</summary>
    public int InFlightMax => _tally.Confirmed < _plan.Options.FirstInFlight
        ? _plan.Options.FirstInFlight
        : Math.Max(_plan.Options.InFlightMin, _tally.Confirmed / 10);

    /// <summary>Takes one input at a controller time (monotonic; an earlier one counts as now) and answers what to change.</summary>
    public IReadOnlyList<RolloutOutput> Apply(RolloutInput input, TimeSpan at)
    {
        _out = [];
        State.AtMs = Math.Max(State.AtMs, (long)at.TotalMilliseconds);
        switch (input)
        {
            case RolloutInput.Presence presence:
                SetPresence(presence);
                break;
            case RolloutInput.Evidence evidence:
                Take(evidence.State, evidence.AnswersHold);
                break;
            case RolloutInput.Gone gone:
                Remove(gone);
                break;
            case RolloutInput.Brake brake:
                State.Braked = brake.Pulled;
                Say(State.Status, $"{(brake.Pulled ? "brake pulled" : "brake released")} by {brake.Who}");
                break;
            case RolloutInput.Stop stop when State.Status != RolloutStatus.Completed:
                Halt($"stopped by {stop.Who}: {stop.Why}");
                break;
            case RolloutInput.Resume resume when State.Status == RolloutStatus.Paused:
                State.ResumedThroughWave = State.Wave;
                Say(RolloutStatus.Rolling, $"resumed by {resume.Who}");
                break;
            case RolloutInput.Retry retry:
                Retry(retry);
                break;
            case RolloutInput.Tick:
                EndSilences();
                break;
            default:
                break;
        }

        Advance();
        return _out;
    }

    private static RolloutState Begin(RolloutPlan plan)
    {
        var state = new RolloutState { Status = plan.Options.Shadow > TimeSpan.Zero ? RolloutStatus.Shadow : RolloutStatus.Rolling };
        for (var wave = 0; wave < plan.Waves.Count; wave++)
        {
            foreach (var target in plan.Waves[wave])
            {
                state.Devices.Add(target.Device, new DeviceProgress { Edge = target.Edge, Wave = wave, Expected = "its wave" });
                state.Edges.TryAdd(target.Edge, new EdgeProgress());
            }
        }

        return state;
    }

    private bool Stopped => State.Status is RolloutStatus.Halted or RolloutStatus.Completed;

    private EdgeProgress Edge(string edge)
    {
        if (!State.Edges.TryGetValue(edge, out var progress))
        {
            State.Edges[edge] = progress = new EdgeProgress();
        }

        return progress;
    }

    private void Remove(RolloutInput.Gone gone)
    {
        if (State.Devices.TryGetValue(gone.Device, out var device) && device.Phase is not (DevicePhase.Removed or DevicePhase.RolledBack))
        {
            var wasInFlight = IsInFlight(device.Phase);
            Move(gone.Device, device, DevicePhase.Removed, gone.Why);
            if (wasInFlight && !Stopped)
            {
                // Leaving in mid-update is not a way out of the statistics: nobody knows how it ended.
                Count(device, failed: true);
                _out.Add(new RolloutOutput.Withdraw(gone.Device, device.Edge, gone.Why));
                JudgeFailures(device, $"{gone.Device}: {gone.Why}");
            }
        }
    }

    private void Retry(RolloutInput.Retry retry)
    {
        if (!Stopped && State.Devices.TryGetValue(retry.Device, out var device)
            && device.Phase is DevicePhase.Failed or DevicePhase.RolledBack or DevicePhase.RollingBack or DevicePhase.Lost)
        {
            Edge(device.Edge).Challenge = _newChallenge();
            Move(retry.Device, device, DevicePhase.NotStarted, $"retry asked for by {retry.Who}");
            Enqueue(retry.Device);
        }
    }

    private void Move(string id, DeviceProgress device, DevicePhase to, string cause, string? expected = null)
    {
        var from = device.Phase;
        _tally.Add(device.Wave, from, -1);
        _tally.Add(device.Wave, to, +1);
        device.Phase = to;
        if (IsInFlight(to) || to == DevicePhase.RollingBack)
        {
            _waiting.Add(id);
        }
        else
        {
            _waiting.Remove(id);
        }

        device.Cause = cause;
        device.HeardMs = State.AtMs;
        device.Expected = expected;
        _out.Add(new RolloutOutput.Moved(id, from, to, cause));
    }

    private void Say(RolloutStatus to, string cause)
    {
        State.Status = to;
        State.Cause = cause;
        _out.Add(new RolloutOutput.Status(to, State.Wave, cause));
    }

    private void Halt(string why)
    {
        if (State.Status == RolloutStatus.Halted)
        {
            return;
        }

        Say(RolloutStatus.Halted, why);
        foreach (var (id, device) in State.Devices)
        {
            if (IsInFlight(device.Phase) || device.Phase == DevicePhase.Confirmed)
            {
                TakeBack(id, device, "rollout halted: " + why);
            }
        }
    }

    private void TakeBack(string id, DeviceProgress device, string why)
    {
        Move(id, device, DevicePhase.RollingBack, why, "the edge to say that it went back");
        _out.Add(new RolloutOutput.Withdraw(id, device.Edge, why));
    }

    private static bool IsInFlight(DevicePhase phase) => phase is DevicePhase.Offered or DevicePhase.Staged or DevicePhase.Baking;

    /// <summary>How many devices stand where, kept as they move so that no step walks the fleet.</summary>
    private sealed class Tally
    {
        private readonly Dictionary<(int Wave, DevicePhase Phase), int> _counts = [];

        public int InFlight { get; private set; }

        public int Confirmed { get; private set; }

        public int Of(int wave, DevicePhase phase) => _counts.GetValueOrDefault((wave, phase));

        public void Add(int wave, DevicePhase phase, int step)
        {
            _counts[(wave, phase)] = _counts.GetValueOrDefault((wave, phase)) + step;
            InFlight += IsInFlight(phase) ? step : 0;
            Confirmed += phase == DevicePhase.Confirmed ? step : 0;
        }
    }
}
