using System.Text.Json.Nodes;

namespace Pilotage.Cli.Demo.Steps;

/// <summary>The model becomes a signed release and goes out in waves, while the machines behind the edges begin to run.</summary>
internal sealed class ReleaseStep : IDemoStep
{
    public async Task RunAsync(DemoWorld world, CancellationToken cancellation)
    {
        var release = await world.Api.PostAsync("api/v1/releases", new JsonObject { ["run"] = world.Run }, cancellation);
        world.Release = Read.Text(release, "id");
        foreach (var waiting in world.Waiting)
        {
            var device = await waiting.Connector.ConnectAsync(waiting.Unit, waiting.Credential, world.EdgePort(waiting.Edge), cancellation);
            world.Evaluation.Add(world.Keep(device));
        }

        var began = world.Print.ElapsedSeconds;
        var rollout = await RolloutWatch.StartAsync(world, world.Release, world.Evaluation.Select(device => device.Credential.Path), $"{world.Model}@1.0.0", cancellation);
        var state = await RolloutWatch.FollowAsync(world, rollout, token => StepAllAsync(world, token), cancellation);
        world.CyclesInRollout = world.Evaluation.Sum(device => (long)device.Cycle);
        var line = RolloutWatch.Keep(world, $"{world.Model}@1.0.0", state, world.Print.ElapsedSeconds - began);
        if (!RolloutWatch.Completed(state))
        {
            world.Report.Faults.Add($"the rollout of the good model ended {RolloutWatch.Status(state)}: {line["cause"]}");
        }

        world.Print.Step(
            "rollout",
            $"{world.Release} {RolloutWatch.Status(state).ToUpperInvariant()} on {line["devicesTouched"]} machines after {line["wavesPassed"]} waves in {line["seconds"]} s",
            "each wave needed signed evidence of the running version: golden answers, first inference, latency");
    }

    /// <summary>One more cycle for every machine that still has one, in lock step.</summary>
    public static Task StepAllAsync(DemoWorld world, CancellationToken cancellation) =>
        Task.WhenAll(world.Evaluation.Where(device => !device.AtEnd).Select(device => device.StepAsync(cancellation)));
}
