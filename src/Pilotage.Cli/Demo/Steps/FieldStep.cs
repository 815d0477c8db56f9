using System.Text.Json.Nodes;
using Pilotage.Cli.Demo.Devices;

namespace Pilotage.Cli.Demo.Steps;

/// <summary>The evaluation machines live to their end, cycle by cycle, with the model on the edges beside them.</summary>
internal sealed class FieldStep : IDemoStep
{
    private const int ProgressEvery = 50;

    public async Task RunAsync(DemoWorld world, CancellationToken cancellation)
    {
        for (var cycle = 0; world.Evaluation.Exists(device => !device.AtEnd); cycle++)
        {
            await ReleaseStep.StepAllAsync(world, cancellation);
            await Task.WhenAll(world.Evaluation.Where(device => device.AtEnd).Select(device => device.StopAsync(cancellation)));
            if (cycle % ProgressEvery == ProgressEvery - 1)
            {
                world.Print.Progress($"{world.Evaluation.Count(device => !device.AtEnd)} of {world.Evaluation.Count} machines still running, cycle {world.Evaluation.Max(device => device.Cycle)}");
            }
        }

        var cycles = world.Evaluation.Sum(device => (long)device.Cycle);
        var inferred = await InferenceCount.SettledAsync(world, world.Evaluation, cancellation);
        var alerts = await VerdictStep.AlertsAsync(world, cancellation);
        world.Print.Step(
            "field",
            $"{cycles} cycles of {world.Evaluation.Count} machines behind two edges, {inferred} inferences, {alerts.Count} alerts",
            "the edges inferred; the server received what they stored and forwarded"
            + (inferred < cycles ? $"; {cycles - inferred} cycles have no inference, and the release was on its way during the first {world.CyclesInRollout}" : ""),
            "what a technician's work would have changed: the machines run on to failure");
        if (cycles - inferred > world.CyclesInRollout)
        {
            world.Report.Faults.Add($"{cycles - inferred} cycles have no inference, though the release was at work after the first {world.CyclesInRollout}");
        }

        world.Report.Set("field", new JsonObject { ["machines"] = world.Evaluation.Count, ["cycles"] = cycles, ["inferences"] = inferred, ["alerts"] = alerts.Count });
    }
}
