using System.Text.Json.Nodes;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Demo.Steps;

/// <summary>A gate, asked and voted on as a person would.</summary>
internal sealed class GateStep(string stage, params string[] roles) : IDemoStep
{
    public async Task RunAsync(DemoWorld world, CancellationToken cancellation)
    {
        JsonNode? decision = null;
        foreach (var role in roles)
        {
            decision = await world.Api.PostAsync(
                $"api/v1/use-cases/{world.UseCase}/gates/{stage}/decide",
                new JsonObject { ["role"] = role, ["person"] = $"demo.{role}", ["vote"] = "approve", ["note"] = "a made-up person of the demonstration" },
                cancellation);
        }

        Keep(world, decision);
        var opened = Read.TextOrNull(decision, "decision") == "open";
        if (!opened)
        {
            world.Report.Faults.Add($"the gate to {stage} did not open: {Read.TextOrNull(decision, "why")}");
        }

        world.Print.Step(
            "gate",
            $"{stage} {(opened ? "OPEN" : "REFUSED")}; {string.Join(", ", Read.Rows(decision, "evidence").Select(Told))}",
            opened ? $"all evidence is met and DEMO PERSON ({string.Join(", ", roles)}) approved" : Read.TextOrNull(decision, "why"),
            "what real people would have decided: nobody real was asked");
    }

    /// <summary>Asks before anything is there: a gate that cannot refuse is none.</summary>
    public static async Task AskAsync(DemoWorld world, string stage, CancellationToken cancellation)
    {
        var gate = await world.Api.GetAsync($"api/v1/use-cases/{world.UseCase}/gates/{stage}", cancellation);
        Keep(world, gate);
        var refused = !Read.Flag(gate, "wouldOpen");
        if (!refused)
        {
            world.Report.Faults.Add($"the gate to {stage} would have opened with nothing shown");
        }

        world.Print.Step("gate", $"{stage} {(refused ? "REFUSED" : "OPEN")}: {Column.Text(Read.Find(gate, "missing"))} missing", Read.TextOrNull(gate, "why"));
    }

    /// <summary>Days in the shadow are those of the machines' clocks, and pass in seconds here.</summary>
    private static string Told(JsonNode? item) =>
        $"{Read.TextOrNull(item, "name")} {Read.TextOrNull(item, "value")}{(Read.TextOrNull(item, "name") == "shadow.days" ? " (device time)" : "")}";

    private static void Keep(DemoWorld world, JsonNode? gate) => world.Report.Gates.Add(new JsonObject
    {
        ["stage"] = Read.TextOrNull(gate, "stage"),
        ["decision"] = Read.TextOrNull(gate, "decision"),
        ["why"] = Read.TextOrNull(gate, "why"),
        ["missing"] = Read.Find(gate, "missing")?.DeepClone(),
        ["votes"] = Read.Find(gate, "votes")?.DeepClone(),
        ["evidence"] = Read.Find(gate, "evidence")?.DeepClone(),
    });
}
