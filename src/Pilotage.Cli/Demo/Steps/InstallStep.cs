using System.Text.Json.Nodes;
using Pilotage.Cli.Packages;

namespace Pilotage.Cli.Demo.Steps;

/// <summary>The package goes in, its people get their roles, and the pilot gate is asked too early, on purpose.</summary>
internal sealed class InstallStep : IDemoStep
{
    public async Task RunAsync(DemoWorld world, CancellationToken cancellation)
    {
        var folder = PackageFolder.Sample(world.Fleet.Thing == "pump" ? "pump-bearings" : "predictive-maintenance");
        var package = await world.Api.PostAsync("api/v1/packages", PackageFolder.Request(folder, "site.demo.yaml"), cancellation);
        world.Package = Read.Text(package, "digest");
        var useCase = await world.Api.PostAsync("api/v1/use-cases", new JsonObject { ["package"] = world.Package }, cancellation);
        world.UseCase = Read.Text(useCase, "id");
        world.Report.Set("useCase", useCase?.DeepClone());
        foreach (var role in new[] { "sponsor", "ot_lead", "maintenance", "controller" })
        {
            await world.Api.PutAsync(
                $"api/v1/people/demo.{role}",
                new JsonObject { ["displayName"] = $"DEMO PERSON ({role})", ["roles"] = new JsonArray(role) },
                cancellation);
        }

        world.Print.Step(
            "package",
            $"{world.UseCase} {Read.TextOrNull(useCase, "version")} {Short(world.Package)}, stage {Read.TextOrNull(useCase, "stage")}",
            "thresholds, recipes, waves, guards, costs and gates all stand in the package; the demonstration only replays and asks");
        foreach (var (name, change) in Read.Find(useCase, "overrides") as JsonObject ?? [])
        {
            world.Print.Detail("shortened", $"{name}: {change}");
        }

        await GateStep.AskAsync(world, "pilot", cancellation);
    }

    internal static string Short(string digest) => digest.Length > 19 ? digest[..19] + "…" : digest;
}
