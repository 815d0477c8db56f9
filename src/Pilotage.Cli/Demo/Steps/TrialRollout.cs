using Pilotage.Cli.Demo.Devices;

namespace Pilotage.Cli.Demo.Steps;

/// <summary>A rollout on the living machines, watched from outside: what it touched, how it ended, what the good worker missed meanwhile.</summary>
internal sealed record TrialRollout(string Status, string Wave, IReadOnlyList<string> Touched, string Cause, double Seconds, long Missed)
{
    /// <summary>It did not go through.</summary>
    public bool Stopped => Status == "halted";

    public static async Task<TrialRollout> RunAsync(DemoWorld world, string release, string label, CancellationToken cancellation)
    {
        var inferredBefore = await InferenceCount.SettledAsync(world, world.Living, cancellation);
        var cyclesBefore = world.Living.Sum(device => (long)device.Cycle);
        var began = world.Print.ElapsedSeconds;
        var rollout = await RolloutWatch.StartAsync(world, release, world.Living.Select(device => device.Credential.Path), label, cancellation);
        var state = await RolloutWatch.FollowAsync(world, rollout, token => LivingStep.StepAsync(world, token), cancellation);
        var seconds = world.Print.ElapsedSeconds - began;
        var inferred = await InferenceCount.SettledAsync(world, world.Living, cancellation) - inferredBefore;
        var missed = world.Living.Sum(device => (long)device.Cycle) - cyclesBefore - inferred;
        var line = RolloutWatch.Keep(world, label, state, seconds);
        line["missedInferences"] = missed;
        return new(
            RolloutWatch.Status(state),
            Read.TextOrNull(state, "wave") ?? "?",
            RolloutWatch.Touched(state),
            Read.TextOrNull(state, "cause") ?? "no cause was given",
            Math.Round(seconds, 1),
            missed);
    }
}
