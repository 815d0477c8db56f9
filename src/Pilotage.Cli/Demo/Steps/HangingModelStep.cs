using System.Text.Json.Nodes;
using Pilotage.Cli.Frame;
using Pilotage.Learning.Export;
using Pilotage.Learning.Golden;
using Pilotage.Learning.Onnx;

namespace Pilotage.Cli.Demo.Steps;

/// <summary>A release that passes its golden answers and never returns on live data: the supervisor's watchdog has to notice.</summary>
internal sealed class HangingModelStep : IDemoStep
{
    private const double Tolerance = 1e-3;

    public async Task RunAsync(DemoWorld world, CancellationToken cancellation)
    {
        var release = await PostReleaseAsync(world, cancellation);
        var trial = await TrialRollout.RunAsync(world, release, $"{world.Model}@3.0.0 (hangs)", cancellation);
        if (!trial.Stopped)
        {
            world.Report.Faults.Add($"the hanging model was not stopped: {trial.Status}");
        }

        world.Print.Step(
            "hanging",
            $"{trial.Status.ToUpperInvariant()}, never confirmed: {trial.Touched.Count} touched, {trial.Seconds:0.0} s, inferences missed by the good worker {trial.Missed}",
            $"{trial.Cause}; a worker that gives no sign of life is killed and the last good release speaks");
    }

    /// <summary>The good release with one artifact replaced, signed like any other: a signature says who, not how well.</summary>
    private static async Task<string> PostReleaseAsync(DemoWorld world, CancellationToken cancellation)
    {
        var good = await world.Api.GetAsync($"api/v1/releases/{world.Release}", cancellation);
        var manifest = Read.Find(good, "manifest") ?? good;
        var shape = Read.Rows(manifest, "models").First(model => Read.TextOrNull(model, "name") == world.Model);
        var properties = new ModelProperties(world.Model, "3.0.0", Columns(shape, "inputs"), Columns(shape, "outputs"));
        var onnx = HangingModel.Write(properties);
        var golden = Golden(onnx, properties.Inputs.Count);
        var model = Read.Text(await world.Api.PutBytesAsync("api/v1/artifacts", onnx, cancellation), "digest");
        var answers = Read.Text(await world.Api.PutBytesAsync("api/v1/artifacts", golden, cancellation), "digest");
        var request = new JsonObject
        {
            ["useCase"] = world.UseCase,
            ["name"] = Read.TextOrNull(manifest, "name"),
            ["version"] = "3.0.0",
            ["hardware"] = Read.Find(manifest, "hardware")?.DeepClone(),
            ["artifacts"] = new JsonArray([.. Read.Rows(manifest, "artifacts").Select(artifact => (JsonNode)new JsonObject
            {
                ["kind"] = Read.TextOrNull(artifact, "kind"),
                ["name"] = Read.TextOrNull(artifact, "name"),
                ["digest"] = (Read.TextOrNull(artifact, "kind"), Read.TextOrNull(artifact, "name")) switch
                {
                    ("model", var name) when name == world.Model => model,
                    ("golden", var name) when name == world.Model => answers,
                    _ => Read.TextOrNull(artifact, "digest"),
                },
            })]),
            ["parameters"] = Read.Find(manifest, "parameters")?.DeepClone(),
            ["shapes"] = Read.Find(manifest, "models")?.DeepClone(),
            ["goldenTolerance"] = Tolerance,
            ["origin"] = Read.Find(manifest, "origin")?.DeepClone(),
        };
        return Read.Text(await world.Api.PostAsync("api/v1/releases", request, cancellation), "id");
    }

    private static List<ModelColumn> Columns(JsonNode? model, string side) =>
        [.. Read.Rows(model, side).Select(column => new ModelColumn(column is JsonObject ? Read.Text(column, "name") : Column.Text(column), Read.TextOrNull(column as JsonObject, "unit") ?? "1"))];

    private static byte[] Golden(byte[] onnx, int inputs)
    {
        if (!OnnxModel.Load(onnx, new OnnxOptions()).TryGet(out var model, out var refusal))
        {
            throw new CliFailure(ExitCode.Failed, "the hanging model cannot be loaded here", refusal.Message);
        }

        using (model)
        {
            // Rows of zeros are the ones it answers.
            return GoldenSet.Record(model, [new float[inputs], new float[inputs]], Tolerance).Write();
        }
    }
}
