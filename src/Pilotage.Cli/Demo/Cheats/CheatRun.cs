using System.Text.Json.Nodes;
using Pilotage.Cli.Api;

namespace Pilotage.Cli.Demo.Cheats;

/// <summary>Three ways to make a use case look better than it is; each undone again after it was tried.</summary>
internal static class CheatRun
{
    public static async Task<JsonArray> RunAsync(DemoHome home, ApiClient api, TimeProvider time, CancellationToken cancellation)
    {
        return
        [
            await TryAsync("edit the frozen baseline", () => BaselineCheat.RunAsync(home, api, cancellation)),
            await TryAsync("swap a byte of a model", () => ModelCheat.RunAsync(home, api, cancellation)),
            await TryAsync("claim an update that never started", () => UpdateCheat.RunAsync(home, api, time, cancellation)),
        ];
    }

    private static async Task<JsonNode> TryAsync(string cheat, Func<Task<(string? By, string Says)>> attempt)
    {
        var (by, says) = await attempt();
        return new JsonObject { ["cheat"] = cheat, ["result"] = by is null ? "not caught" : "caught", ["by"] = by ?? "-", ["says"] = says };
    }
}
