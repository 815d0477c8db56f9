using System.Text.Json.Nodes;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Demo.Steps;

/// <summary>Starts a rollout and follows it to its end; machines may be kept alive meanwhile.</summary>
internal static class RolloutWatch
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(400);

    public static async Task<string> StartAsync(DemoWorld world, string release, IEnumerable<string> paths, string note, CancellationToken cancellation)
    {
        var request = new JsonObject { ["release"] = release, ["devices"] = new JsonArray([.. paths.Select(path => (JsonNode)path)]), ["note"] = note };
        return Read.Text(await world.Api.PostAsync("api/v1/rollouts", request, cancellation), "id");
    }

    /// <summary>Polls until the rollout ends; <paramref name="live"/> runs between polls and makes time pass for the machines.</summary>
    public static async Task<JsonNode> FollowAsync(DemoWorld world, string rollout, Func<CancellationToken, Task> live, CancellationToken cancellation)
    {
        var began = world.Time.GetTimestamp();
        var last = "";
        JsonNode? state = null;
        while (world.Time.GetElapsedTime(began) < Patience)
        {
            state = await world.Api.GetAsync($"api/v1/rollouts/{rollout}", cancellation);
            var seen = $"{Status(state)}, wave {Read.TextOrNull(state, "wave")}";
            if (seen != last)
            {
                world.Print.Progress($"rollout {seen}");
                last = seen;
            }

            if (IsOver(state))
            {
                return state!;
            }

            await live(cancellation);
            await Task.Delay(Pause, world.Time, cancellation);
        }

        throw new CliFailure(ExitCode.TimedOut, $"waited {Patience.TotalSeconds:0} s for rollout {rollout} to end", $"it is {last}; {Read.TextOrNull(state, "cause")}");
    }

    public static string Status(JsonNode? state) => Read.TextOrNull(state, "status") ?? "unknown";

    /// <summary>One line of the report.</summary>
    public static JsonObject Keep(DemoWorld world, string model, JsonNode state, double seconds)
    {
        var touched = Touched(state);
        var line = new JsonObject
        {
            ["id"] = Read.TextOrNull(state, "id"),
            ["model"] = model,
            ["release"] = Read.TextOrNull(state, "release"),
            ["outcome"] = Status(state),
            ["wavesPassed"] = Read.Number(state, "wavesPassed"),
            ["devicesTouched"] = touched.Count,
            ["devices"] = new JsonArray([.. touched.Select(device => (JsonNode)device)]),
            ["haltedBy"] = Read.TextOrNull(state, "haltedBy"),
            ["cause"] = Read.TextOrNull(state, "cause"),
            ["guards"] = Read.Find(state, "guards")?.DeepClone(),
            ["seconds"] = Math.Round(seconds, 1),
        };
        world.Report.Rollouts.Add(line);
        return line;
    }

    /// <summary>Every device the release was ever offered to, whatever became of it.</summary>
    public static IReadOnlyList<string> Touched(JsonNode state) =>
        [.. Read.Rows(state, "devices").Where(device => Read.TextOrNull(device, "phase") is not (null or "not-started")).Select(device => Read.Text(device, "device"))];

    public static bool Completed(JsonNode? state) => Status(state) == "completed";

    /// <summary>Completed, or halted with everything taken back that had switched.</summary>
    private static bool IsOver(JsonNode? state) => Completed(state)
        || (Status(state) == "halted" && !Read.Rows(state, "devices").Any(device => Read.TextOrNull(device, "phase") is "offered" or "staged" or "baking" or "failed" or "rolling-back"));
}
