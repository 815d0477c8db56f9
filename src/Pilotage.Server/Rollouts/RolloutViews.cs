using Pilotage.Server.Hosting;
using Pilotage.Server.Rollouts.Contracts;

namespace Pilotage.Server.Rollouts;

/// <summary>A rollout as people and programs see it.</summary>
internal sealed record RolloutView(
    string Id, string Release, string? Incumbent, string UseCase, string Status, string Cause, string? HaltedBy, int Wave, int WavesPassed, bool Braked,
    string? Note, string StartedAt, string? EndedAt, CountsView Counts, IReadOnlyList<WaveView> Waves, IReadOnlyList<GuardView> Guards,
    IReadOnlyList<DeviceView> Devices, IReadOnlyList<TimelineView> Timeline);

/// <summary>How many devices stand where.</summary>
internal sealed record CountsView(int Targets, int Touched, int InFlight, int InFlightMax, int Confirmed, int Failed, int RolledBack, int Lost, int NotStarted);

/// <summary>One wave.</summary>
internal sealed record WaveView(int Wave, int Devices, int Confirmed, int Failed);

/// <summary>One guard: pass, fail or inconclusive, with its figures.</summary>
internal sealed record GuardView(string Guard, string Result, string Why);

/// <summary>One device: where it stands, why, and what is expected of it next.</summary>
internal sealed record DeviceView(string Device, string Edge, int Wave, string Phase, string Cause, string? Expected, bool Failed);

/// <summary>One thing that happened.</summary>
internal sealed record TimelineView(string At, string? Device, string What, string Cause);

internal static class RolloutViews
{
    public static RolloutView Of(RolloutMachine machine, long createdNs, long? endedNs, IReadOnlyList<TimelineEntry> timeline)
    {
        var (plan, state) = (machine.Plan, machine.State);
        var devices = state.Devices.OrderBy(item => item.Value.Wave).ThenBy(item => item.Key, StringComparer.Ordinal)
            .Select(item => new DeviceView(
                item.Key, item.Value.Edge, item.Value.Wave + 1, Word(item.Value.Phase), item.Value.Cause, item.Value.Expected, item.Value.Failed)).ToList();
        return new RolloutView(
            plan.Rollout, plan.Release, plan.Incumbent, plan.UseCase, Word(state.Status), state.Cause, HaltedBy(state), state.Wave + 1, WavesPassed(machine), state.Braked, plan.Note,
            Clock.Rfc3339(createdNs), endedNs is { } ended ? Clock.Rfc3339(ended) : null, Counts(machine),
            [.. plan.Waves.Select((wave, i) => Wave(state, wave, i))],
            [.. machine.Guards().Select(guard => new GuardView(guard.Guard, Word(guard.Result), guard.Why))],
            devices,
            [.. timeline.Select(entry => new TimelineView(Clock.Rfc3339(entry.AtNs), entry.Device, entry.What, entry.Cause))]);
    }

    public static RolloutSummary Summary(RolloutMachine machine, long createdNs, long? endedNs) => new(
        new RolloutId(machine.Plan.Rollout), new ReleaseId(machine.Plan.Release), new UseCaseId(machine.Plan.UseCase), Word(machine.State.Status),
        machine.State.Cause, WavesPassed(machine), machine.State.Devices.Count, Touched(machine.State), createdNs, endedNs)
    {
        Note = machine.Plan.Note,
    };

    private static int WavesPassed(RolloutMachine machine) =>
        machine.State.Status == RolloutStatus.Completed ? machine.Plan.Waves.Count : machine.State.Wave;

    // Guards name themselves in the cause; anything else that halts is a failure of the devices or a person's word.
    private static string? HaltedBy(RolloutState state)
    {
        const string Guard = "guard ";
        return state.Status != RolloutStatus.Halted ? null
            : state.Cause.StartsWith(Guard, StringComparison.Ordinal) ? state.Cause[Guard.Length..state.Cause.IndexOf(':', StringComparison.Ordinal)]
            : state.Cause.StartsWith("stopped by", StringComparison.Ordinal) ? "a person"
            : "failures";
    }

    private static int Touched(RolloutState state) => state.Devices.Values.Count(device => device.Touched);

    private static CountsView Counts(RolloutMachine machine)
    {
        var devices = machine.State.Devices.Values;
        int Of(DevicePhase phase) => devices.Count(device => device.Phase == phase);
        return new CountsView(
            devices.Count, Touched(machine.State), machine.InFlight, machine.InFlightMax, Of(DevicePhase.Confirmed), devices.Count(device => device.Failed),
            Of(DevicePhase.RolledBack), Of(DevicePhase.Lost), Of(DevicePhase.NotStarted));
    }

    private static WaveView Wave(RolloutState state, IReadOnlyList<RolloutTarget> wave, int index)
    {
        var members = wave.Select(target => state.Devices[target.Device]).ToList();
        return new WaveView(index + 1, members.Count, members.Count(member => member.Phase == DevicePhase.Confirmed), members.Count(member => member.Failed));
    }

    // Words of the API are lower case with dashes: rolled-back, not-started.
    private static string Word<T>(T value)
        where T : struct, Enum =>
        string.Concat(value.ToString().Select((c, i) => char.IsUpper(c) ? (i == 0 ? "" : "-") + char.ToLowerInvariant(c) : c.ToString()));
}
