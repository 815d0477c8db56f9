using System.Text.Json.Nodes;

namespace Pilotage.Cli.Demo.Steps;

/// <summary>Follows one alert both ways: up to the sensor rows it came from, down to the line of the ledger it became.</summary>
internal sealed class ThreadStep : IDemoStep
{
    public async Task RunAsync(DemoWorld world, CancellationToken cancellation)
    {
        if (world.Alert.Length == 0)
        {
            world.Report.Faults.Add("there is no alert whose thread could be followed");
            return;
        }

        var node = Uri.EscapeDataString($"alert:{world.Alert}");
        var up = Kinds(await world.Api.GetAsync($"api/v1/lineage?node={node}&direction=up", cancellation));
        var down = Kinds(await world.Api.GetAsync($"api/v1/lineage?node={node}&direction=down", cancellation));
        world.Report.Set("lineage", new JsonObject { ["alert"] = world.Alert, ["up"] = string.Join(", ", up), ["down"] = string.Join(", ", down) });
        world.Print.Step(
            "thread",
            $"alert {world.Alert}: up to {string.Join(", ", up)}; down to {string.Join(", ", down)}",
            $"check it: pilotage lineage show {world.Alert} --up");
        foreach (var (kind, side) in new[] { ("series-span", up), ("dataset", up), ("release", up), ("dataset", down), ("ledger", down) })
        {
            if (!side.Contains(kind))
            {
                world.Report.Faults.Add($"the thread of alert {world.Alert} does not reach a {kind}");
            }
        }
    }

    private static SortedSet<string> Kinds(JsonNode? walk)
    {
        var edges = walk is JsonArray list ? [.. list] : Read.Rows(walk, "edges|items");
        return new(edges.SelectMany(edge => new[] { Kind(edge?["from"]), Kind(edge?["to"]) }).Where(kind => kind != "alert"), StringComparer.Ordinal);
    }

    private static string Kind(JsonNode? node) => node is JsonObject ? Read.TextOrNull(node, "kind") ?? "?" : (node?.ToString() ?? "?").Split(':')[0];
}
