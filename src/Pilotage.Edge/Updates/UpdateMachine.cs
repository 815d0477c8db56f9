using Pilotage.Core.Contracts.Releases;
using Pilotage.Edge.Workers;
using Pilotage.Trust;

namespace Pilotage.Edge.Updates;

/// <summary>
/// Decides what runs on this edge: no clock, no disk, no process of its own. Whatever happens, and wherever power is cut, every device
/// ends with a release that was signed and works: the new one that proved itself, or the last good one.
/// </summary>
internal sealed class UpdateMachine(EdgeOptions options, EdgeState state, Func<string, VerifiedRelease?> findStaged)
{
    private const long StopWithinMs = 10_000;
    private const long RetryMs = 1_000;
    private const long RetryMsMax = 30_000;
    private readonly Dictionary<string, Slot> _slots = [];
    private readonly List<Slot> _gone = [];
    private readonly Dictionary<int, long> _stopping = [];
    private List<UpdateAction> _actions = [];
    private int _instances;
    private long _nowMs;

    public EdgeState State { get; private set; } = state;

    /// <summary>Everything there is to report: what runs, what is being prepared, what went.</summary>
    public IEnumerable<Slot> Reportable => _slots.Values.Concat(_gone).Where(slot => slot.Phase.Length > 0);

    /// <summary>Releases that must stay on disk.</summary>
    public IReadOnlySet<string> Needed =>
        (State.Desired?.Releases.Select(release => release.Id) ?? []).Concat(State.LastGood.Values).ToHashSet();

    /// <summary>Takes one input at a monotonic time.</summary>
    public IReadOnlyList<UpdateAction> Apply(UpdateInput input, long nowMs)
    {
        _actions = [];
        _nowMs = Math.Max(_nowMs, nowMs);
        switch (input)
        {
            case UpdateInput.Desired { State: var desired } when State.Desired is null || desired.Version > State.Desired.Version:
                Keep(State.With(desired));
                break;
            case UpdateInput.Staged staged:
                EndStaging(staged);
                break;
            case UpdateInput.Said said when SlotOf(said.Instance) is { } slot:
                Hear(slot, said.Report);
                break;
            case UpdateInput.Ended ended:
                End(ended);
                break;
            case UpdateInput.Memory memory when SlotOf(memory.Instance) is { } slot && memory.Bytes > options.WorkerBytesMax:
                Fail(slot, $"the worker held {memory.Bytes >> 20} MiB of memory; the limit is {options.WorkerBytesMax >> 20}");
                break;
            case UpdateInput.Tick:
                Watch();
                break;
            default:
                break;
        }

        Reconcile();
        return _actions;
    }

    /// <summary>A report of the gone was made.</summary>
    public void Reported()
    {
        _gone.ForEach(slot => slot.Farewells--);
        _gone.RemoveAll(slot => slot.Farewells <= 0);
    }

    private Slot? SlotOf(int instance) => _slots.Values.FirstOrDefault(slot => slot.Instance == instance);

    private void Keep(EdgeState next)
    {
        State = next;
        _actions.Add(new UpdateAction.Save(next));
    }

    private void Reconcile()
    {
        if (State.Desired is not { } desired)
        {
            return;
        }

        foreach (var release in desired.Releases)
        {
            Want(release);
        }

        var fallbacks = Fallbacks(desired);
        foreach (var release in fallbacks.Select(item => item.Release).Distinct())
        {
            if (!_slots.ContainsKey(release))
            {
                _slots.Add(release, new Slot(release, "") { Trusted = true });
            }
        }

        foreach (var slot in _slots.Values.ToList())
        {
            var devices = desired.Devices.Where(device => device.Release == slot.Release && !State.Failed.ContainsKey(slot.Offer))
                .Concat(fallbacks.Where(device => device.Release == slot.Release)).ToList();
            if (desired.Releases.All(release => release.Id != slot.Release) && devices.Count == 0)
            {
                Leave(slot);
            }
            else
            {
                Run(slot, devices);
            }
        }
    }

    private void Want(DesiredRelease release)
    {
        if (_slots.TryGetValue(release.Id, out var slot) && slot.Challenge != release.Challenge)
        {
            // Another offer of the same release has to be proved anew, by a process of its own.
            StopWorker(slot);
            _slots.Remove(release.Id);
            slot = null;
        }

        if (slot is null)
        {
            _slots.Add(release.Id, slot = new Slot(release.Id, release.Challenge));
        }

        slot.Trusted = release.Promoted || State.LastGood.ContainsValue(release.Id);
        if (State.Failed.TryGetValue(slot.Offer, out var reason))
        {
            (slot.Phase, slot.Reason) = (reason.StartsWith(AttestedPhase.Refused, StringComparison.Ordinal) ? AttestedPhase.Refused : AttestedPhase.Reverted, reason);
            return;
        }

        if (slot.Verified is null && !slot.Staging && _nowMs >= slot.NotBeforeMs)
        {
            if (findStaged(release.Id) is { } staged && IsAboveFloor(staged))
            {
                (slot.Verified, slot.Phase) = (staged, AttestedPhase.Staged);
            }
            else
            {
                slot.Staging = true;
                _actions.Add(new UpdateAction.Stage(release));
            }
        }
        else if (release.Promoted && slot is { LastBeat: not null, Verified: { } verified } && State.LastGood.GetValueOrDefault(verified.Manifest.UseCase) != release.Id)
        {
            Keep(State.WithGood(verified.Manifest, release.Id));
            slot.Phase = AttestedPhase.Confirmed;
            _actions.Add(new UpdateAction.Report());
        }
    }

    private bool IsAboveFloor(VerifiedRelease release) =>
        release.Manifest.Sequence >= State.Floors.GetValueOrDefault(release.Manifest.UseCase) || State.LastGood.ContainsValue(release.Id.Value);

    // A device whose release failed here and that no other release speaks for gets the last good one.
    private List<DesiredDevice> Fallbacks(DesiredState desired)
    {
        var failed = desired.Releases.Where(release => State.Failed.ContainsKey(EdgeState.Offer(release))).Select(release => release.Id).ToHashSet();
        if (failed.Count == 0 || State.LastGood.Count == 0)
        {
            return [];
        }

        var covered = desired.Devices.Where(device => !failed.Contains(device.Release)).Select(device => device.Device).ToHashSet();
        return [.. desired.Devices.Where(device => failed.Contains(device.Release) && !covered.Contains(device.Device))
            .Select(device => (Device: device, Good: LastGoodBefore(device.Release)))
            .Where(item => item.Good is not null && !failed.Contains(item.Good))
            .Select(item => item.Device with { Release = item.Good!, Role = DeviceRole.Primary })];
    }

    private string? LastGoodBefore(string release) =>
        findStaged(release) is { } verified ? State.LastGood.GetValueOrDefault(verified.Manifest.UseCase)
        : State.LastGood.Count == 1 ? State.LastGood.Values.Single() : null;

    private void Run(Slot slot, List<DesiredDevice> devices)
    {
        slot.Verified ??= slot.Trusted ? findStaged(slot.Release) : null;
        var changed = !devices.SequenceEqual(slot.Devices);
        slot.Devices = devices;
        if (slot.Verified is not { } verified || State.Failed.ContainsKey(slot.Offer))
        {
            return;
        }

        if (slot.Instance is { } instance)
        {
            if (changed)
            {
                _actions.Add(new UpdateAction.Tell(instance, devices));
            }
        }
        else if (devices.Count > 0 && _nowMs >= slot.NotBeforeMs)
        {
            StartWorker(slot, verified);
        }
    }

    private void StartWorker(Slot slot, VerifiedRelease verified)
    {
        if (!slot.Trusted)
        {
            // Counted on disk before it starts: a version that takes the whole machine down is a crash loop too.
            if (State.Starts.GetValueOrDefault(slot.Offer) >= options.CrashLoopStarts)
            {
                Fail(slot, $"crash loop: {options.CrashLoopStarts} starts without a run to the end");
                return;
            }

            Keep(State.WithStart(slot.Offer));
        }

        slot.Instance = ++_instances;
        (slot.StartedMs, slot.HeardMs, slot.Phase, slot.Reason) = (_nowMs, _nowMs, AttestedPhase.Proving, null);
        _actions.Add(new UpdateAction.Start(slot.Instance.Value, verified, slot.Challenge, slot.Devices));
    }

    private void Leave(Slot slot)
    {
        StopWorker(slot);
        _slots.Remove(slot.Release);
        if (slot.Phase.Length > 0)
        {
            (slot.Phase, slot.Reason) = (AttestedPhase.Reverted, "withdrawn");
            slot.Devices = [];
            _gone.Add(slot);
            _actions.Add(new UpdateAction.Report());
        }
    }

    private void StopWorker(Slot slot)
    {
        if (slot.Instance is { } instance)
        {
            _stopping[instance] = _nowMs + StopWithinMs;
            _actions.Add(new UpdateAction.Stop(instance));
            slot.Ended();
        }
    }

    private void EndStaging(UpdateInput.Staged staged)
    {
        if (!_slots.TryGetValue(staged.Release, out var slot))
        {
            return;
        }

        slot.Staging = false;
        if (staged.Result.TryGet(out var verified, out var refusal))
        {
            (slot.Verified, slot.Phase) = (verified, AttestedPhase.Staged);
            _actions.Add(new UpdateAction.Report());
        }
        else if (staged.TryAgain)
        {
            slot.NotBeforeMs = _nowMs + Backoff(++slot.Crashes);
        }
        else
        {
            GiveUp(slot, $"{AttestedPhase.Refused}: {refusal.Code}: {refusal.Message}");
        }
    }

    private void Hear(Slot slot, WorkerReport report)
    {
        slot.HeardMs = _nowMs;
        switch (report.Says)
        {
            case WorkerSays.Proved when report.Golden is not { Pass: true }:
                Fail(slot, $"golden answers do not match: largest error {report.Golden?.MaxError ?? double.MaxValue:g3}");
                break;
            case WorkerSays.Proved:
                (slot.Golden, slot.ManifestDigest) = (report.Golden, report.ManifestDigest);
                break;
            case WorkerSays.Beat when slot.Golden is not null:
                var first = slot.LastBeat is null;
                slot.LastBeat = report;
                slot.Phase = slot.Phase == AttestedPhase.Confirmed || IsLastGood(slot) ? AttestedPhase.Confirmed : AttestedPhase.Running;
                if (first)
                {
                    _actions.Add(new UpdateAction.Report());
                }

                break;
            case WorkerSays.Fault:
                Fail(slot, report.Reason ?? "the worker gave no reason");
                break;
            default:
                break;
        }
    }

    private bool IsLastGood(Slot slot) =>
        slot.Verified is { } verified && State.LastGood.GetValueOrDefault(verified.Manifest.UseCase) == slot.Release;

    private void Watch()
    {
        foreach (var slot in _slots.Values.Where(slot => slot.Running).ToList())
        {
            var proving = slot.LastBeat is null;
            var silent = _nowMs - (proving ? slot.StartedMs : slot.HeardMs);
            if (proving && silent > options.ProveWithin.TotalMilliseconds)
            {
                Fail(slot, $"it did not prove itself within {options.ProveWithin.TotalSeconds:0} s");
            }
            else if (!proving && silent > options.Watchdog.TotalMilliseconds)
            {
                Fail(slot, $"no sign of life for {options.Watchdog.TotalSeconds:0} s: the worker hangs");
            }
        }

        foreach (var (instance, deadline) in _stopping.Where(item => _nowMs > item.Value).ToList())
        {
            _stopping.Remove(instance);
            _actions.Add(new UpdateAction.Kill(instance, "it did not end when asked"));
        }
    }

    private void End(UpdateInput.Ended ended)
    {
        if (_stopping.Remove(ended.Instance) || SlotOf(ended.Instance) is not { } slot)
        {
            return;
        }

        slot.Ended();
        slot.Crashes++;
        slot.NotBeforeMs = _nowMs + Backoff(slot.Crashes);
        var words = ended.LastWords.Length == 0 ? "" : ": " + ended.LastWords[^Math.Min(ended.LastWords.Length, 300)..];
        slot.Reason = "the worker ended by itself" + words;
        if (!slot.Trusted && State.Starts.GetValueOrDefault(slot.Offer) >= options.CrashLoopStarts)
        {
            GiveUp(slot, $"crash loop: {options.CrashLoopStarts} starts; {slot.Reason}");
        }
    }

    private static long Backoff(int times) => Math.Min(RetryMsMax, RetryMs << Math.Min(times - 1, 10));

    private void Fail(Slot slot, string reason)
    {
        if (slot.Instance is { } instance)
        {
            _actions.Add(new UpdateAction.Kill(instance, reason));
            slot.Ended();
        }

        // With nothing else to fall back to, the last good release is tried again and again, ever more slowly.
        if (IsLastGood(slot))
        {
            slot.Reason = reason;
            slot.NotBeforeMs = _nowMs + Backoff(++slot.Crashes);
            return;
        }

        GiveUp(slot, reason);
    }

    private void GiveUp(Slot slot, string reason)
    {
        Keep(State.WithFailed(slot.Offer, reason));
        slot.Phase = reason.StartsWith(AttestedPhase.Refused, StringComparison.Ordinal) ? AttestedPhase.Refused : AttestedPhase.Reverted;
        slot.Reason = reason;
        _actions.Add(new UpdateAction.Report());
    }
}
