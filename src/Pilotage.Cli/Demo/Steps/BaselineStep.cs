using System.Text.Json.Nodes;
using Pilotage.Cli.Frame;

namespace Pilotage.Cli.Demo.Steps;

/// <summary>Is the data good enough; then what the pilot will be measured against is fixed and signed, before the pilot.</summary>
internal sealed class BaselineStep : IDemoStep
{
    public async Task RunAsync(DemoWorld world, CancellationToken cancellation)
    {
        var evidence = await world.Api.GetAsync($"api/v1/use-cases/{world.UseCase}/evidence", cancellation);
        var readiness = Read.Rows(evidence, "items").FirstOrDefault(item => Read.TextOrNull(item, "name") == "readiness");
        world.Print.Step("readiness", $"{Read.TextOrNull(readiness, "value") ?? "no data"} of 100, needed {Read.TextOrNull(readiness, "needed")}", Read.TextOrNull(readiness, "why"));

        var baseline = await FreezeAsync(world, cancellation);
        var document = Read.Find(baseline, "document");
        world.Report.Set("baseline", new JsonObject { ["digest"] = Read.TextOrNull(baseline, "digest"), ["document"] = document?.DeepClone() });
        world.Print.Step(
            "baseline",
            $"frozen and signed {InstallStep.Short(Read.Text(baseline, "digest"))}; {Read.Rows(document, "units").Count} lives; best fixed interval {Read.TextOrNull(document, "fixedIntervalCycles")} cycles",
            $"{Read.Number(document, "fixedIntervalRate"):0.0} h of downtime per 1,000 cycles with it, {Read.Number(document, "runToFailureRate"):0.0} h when run to failure");
    }

    private static async Task<JsonNode?> FreezeAsync(DemoWorld world, CancellationToken cancellation)
    {
        try
        {
            return await world.Api.PostAsync($"api/v1/use-cases/{world.UseCase}/baseline", new JsonObject(), cancellation);
        }
        catch (CliFailure failure) when (failure.Code == "baseline.exists")
        {
            // The server ended after freezing and before answering; what is frozen is frozen.
            return await world.Api.GetAsync($"api/v1/use-cases/{world.UseCase}/baseline", cancellation);
        }
    }
}
