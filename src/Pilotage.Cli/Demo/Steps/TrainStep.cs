using System.Text.Json.Nodes;
using Pilotage.Cli.Demo.Devices;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Demo.Steps;

/// <summary>Declares the machines to come, cuts a dataset that cannot hold them, trains on it and scores what came out.</summary>
internal sealed class TrainStep : IDemoStep
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    public async Task RunAsync(DemoWorld world, CancellationToken cancellation)
    {
        await DeclareEvaluationAsync(world, cancellation);
        var dataset = await world.Api.PostAsync("api/v1/datasets", new JsonObject { ["package"] = world.Package, ["name"] = world.Fleet.Name.ToLowerInvariant() }, cancellation);
        world.Dataset = Read.Text(dataset, "digest");
        world.Print.Step(
            "dataset",
            $"{InstallStep.Short(world.Dataset)}, {Read.TextOrNull(dataset, "rows")} rows of {Read.TextOrNull(dataset, "units")} machines",
            $"{Read.TextOrNull(dataset, "heldOut")} machines are named as held out and not in it; the digest covers the order of arrival, which differs from run to run, the model does not");
        world.Report.Set("dataset", dataset?.DeepClone());

        var reference = $"{Read.Text(dataset, "name")}@{Read.Text(dataset, "version")}";
        var run = await TrainAsync(world, reference, "1.0.0", null, cancellation);
        world.Run = Read.Text(run, "id");
        await ReportModelAsync(world, run, cancellation);
    }

    /// <summary>Trains and waits; prints the server's own progress.</summary>
    public static async Task<JsonNode> TrainAsync(DemoWorld world, string dataset, string version, string? package, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            var request = new JsonObject { ["dataset"] = dataset, ["version"] = version, ["package"] = package };
            var started = await world.Api.PostAsync("api/v1/runs", request, cancellation);
            var last = "";
            var run = await world.Api.UntilAsync(
                $"api/v1/runs/{Read.Text(started, "id")}",
                state =>
                {
                    var progress = Read.TextOrNull(state, "progress") ?? "";
                    if (progress != last && progress.Length > 0)
                    {
                        last = progress;
                        world.Print.Progress(progress);
                    }

                    return Read.TextOrNull(state, "status") is "done" or "refused" or "interrupted";
                },
                "the training run to end",
                Patience,
                cancellation);
            switch (Read.Text(run, "status"))
            {
                case "done":
                    return run;
                case "interrupted" when attempt < 3:
                    world.Print.Progress("the run was interrupted by a stop of the server; started again");
                    break;
                default:
                    throw new CliFailure(ExitCode.Refused, $"the training run was {Read.Text(run, "status")}", Read.TextOrNull(run, "progress"));
            }
        }
    }

    /// <summary>The name of the model whose score alarms; the first one with that metric.</summary>
    public static JsonNode? Scored(JsonNode run) => Read.Rows(run, "result.models").FirstOrDefault(model => Read.Number(model, "metrics.rmse") is not null);

    private static async Task DeclareEvaluationAsync(DemoWorld world, CancellationToken cancellation)
    {
        // Half of the machines behind each edge; declared now, so that the split of the dataset knows them.
        var units = world.Fleet.Evaluation;
        var enroller = new Enroller(world.Api);
        var connector = new Connector(world.Fleet, world.Messages, world.Random, world.Time);
        for (var number = 1; number <= world.EdgeIds.Count; number++)
        {
            var mine = units.Where((_, at) => at % world.EdgeIds.Count == number - 1).ToList();
            var credentials = await enroller.EnrolAsync([.. mine.Select(unit => HistoryStep.Path(world, unit))], world.Fleet.Thing, world.EdgeIds[number - 1], null, cancellation);
            foreach (var unit in mine)
            {
                world.Waiting.Add(new(unit, credentials[HistoryStep.Path(world, unit)], number, connector));
            }
        }
    }

    private static async Task ReportModelAsync(DemoWorld world, JsonNode run, CancellationToken cancellation)
    {
        var model = Scored(run);
        var name = Read.Text(model, "name");
        var alarm = Read.Find(run, "result.alarm");
        world.Model = name;
        world.Print.Step(
            "model",
            $"{name} 1.0.0 {InstallStep.Short(Read.Text(model, "digest"))}: error {Read.Number(model, "metrics.rmse"):0.0} cycles on machines left out in turn",
            $"{Read.TextOrNull(run, "result.featureRows")} rows, {Read.TextOrNull(run, "seconds")} s; alarm below {Read.Number(alarm, "threshold"):0.0} cycles, where expected downtime is least",
            "how it does on machines of another make");
        var report = new JsonObject
        {
            ["name"] = name,
            ["version"] = "1.0.0",
            ["digest"] = Read.Text(model, "digest"),
            ["run"] = world.Run,
            ["crossValidated"] = Read.Find(model, "metrics")?.DeepClone(),
            ["alarm"] = alarm?.DeepClone(),
            ["testUnits"] = 0,
        };
        if (world.Fleet.Test.Any(unit => unit.RemainingCycles is not null))
        {
            await ScoreAsync(world, report, cancellation);
        }

        world.Report.Set("model", report);
    }

    private static async Task ScoreAsync(DemoWorld world, JsonObject report, CancellationToken cancellation)
    {
        var truth = world.Fleet.Test.Where(unit => unit.RemainingCycles is not null)
            .Select(unit => KeyValuePair.Create(HistoryStep.Path(world, unit), (JsonNode?)unit.RemainingCycles));
        var scored = await world.Api.PostAsync($"api/v1/models/{world.Model}/versions/1.0.0/evaluations", new JsonObject { ["devices"] = new JsonObject(truth) }, cancellation);
        report["rmseRaw"] = Read.Number(scored, "metrics.rmse_raw");
        report["rmseClipped125"] = Read.Number(scored, "metrics.rmse");
        report["scoreNasa"] = Read.Number(scored, "metrics.score_nasa");
        report["testUnits"] = Read.Number(scored, "devices");
        world.Print.Step(
            "test files",
            $"RMSE {Read.Number(scored, "metrics.rmse"):0.00} with truth cut off at 125, {Read.Number(scored, "metrics.rmse_raw"):0.00} raw, NASA score {Read.Number(scored, "metrics.score_nasa"):0}",
            $"the last row of {Read.TextOrNull(scored, "devices")} machines of the set's own test file; standard error about 0.8");
    }
}
