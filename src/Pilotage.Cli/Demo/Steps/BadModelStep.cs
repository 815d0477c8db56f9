using System.Text.Json.Nodes;

namespace Pilotage.Cli.Demo.Steps;

/// <summary>
/// A model trained only on machines that had alarmed: good on its own held-out rows, good on its golden answers, and
/// wrong about every healthy machine. A classic of feedback data, and nothing in its papers gives it away.
/// </summary>
internal sealed class BadModelStep : IDemoStep
{
    /// <summary>All it ever saw: the last hours before each stop.</summary>
    private const int HoursBeforeStop = 15;

    public async Task RunAsync(DemoWorld world, CancellationToken cancellation)
    {
        var dataset = await world.Api.PostAsync(
            "api/v1/datasets",
            new JsonObject { ["package"] = world.Package, ["name"] = $"{world.Fleet.Name.ToLowerInvariant()}-feedback", ["lastHoursBeforeStop"] = HoursBeforeStop },
            cancellation);
        var run = await TrainStep.TrainAsync(world, $"{Read.Text(dataset, "name")}@{Read.Text(dataset, "version")}", "2.0.0", null, cancellation);
        var error = Read.Number(TrainStep.Scored(run), "metrics.rmse");

        // The limit at work stays: a new model comes into the plant as it is.
        var good = await world.Api.GetAsync($"api/v1/runs/{world.Run}", cancellation);
        var parameters = new JsonObject { [Read.Text(good, "result.alarm.parameter")] = Read.Number(good, "result.alarm.threshold") };
        var release = await world.Api.PostAsync("api/v1/releases", new JsonObject { ["run"] = Read.Text(run, "id"), ["parameters"] = parameters }, cancellation);

        var trial = await TrialRollout.RunAsync(world, Read.Text(release, "id"), $"{world.Model}@2.0.0 (bad)", cancellation);
        world.Report.Set("missedInferences", trial.Missed);
        if (!trial.Stopped)
        {
            world.Report.Faults.Add($"the bad model was not halted: {trial.Status}");
        }

        if (trial.Missed != 0)
        {
            world.Report.Faults.Add($"the worker with the good model missed {trial.Missed} inferences during the bad rollout");
        }

        world.Print.Step(
            "bad model",
            $"{trial.Status.ToUpperInvariant()} in wave {trial.Wave}: {trial.Touched.Count} of {world.Living.Count} touched, back in {trial.Seconds:0.0} s, inferences missed {trial.Missed}",
            $"{trial.Cause}; its own held-out error was {error:0.0} cycles and its golden answers matched",
            "a fault that needs days to show: the bake here is seconds");
        world.Print.Detail("touched", string.Join(", ", trial.Touched));
    }
}
