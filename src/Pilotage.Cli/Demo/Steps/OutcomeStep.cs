using System.Text.Json.Nodes;
using Pilotage.Cli.Frame;
using Pilotage.Server.Portfolio.Value;

namespace Pilotage.Cli.Demo.Steps;

/// <summary>What the alarms would have paid against the frozen baseline, as the server measures it and writes it into the ledger.</summary>
internal sealed class OutcomeStep : IDemoStep
{
    public async Task RunAsync(DemoWorld world, CancellationToken cancellation)
    {
        var line = await world.Api.PostAsync($"api/v1/use-cases/{world.UseCase}/outcome", new JsonObject(), cancellation);
        var value = Read.Find(line, "report");
        world.Report.Set("value", value?.DeepClone());
        var verb = Read.TextOrNull(value, "evidenceClass") == "live" ? "saved" : "would have saved";
        world.Print.Step(
            "value",
            $"{verb} {Figure(value, "totalVsBestFixedPct")} % [{Figure(value, "ci95.0")}, {Figure(value, "ci95.1")}] of total downtime "
            + $"against the best fixed interval ({Read.TextOrNull(value, "baselines.fixedIntervalCycles")} cycles)",
            $"{Figure(value, "shareOfCeilingPct")} % of what perfect knowledge could save; "
            + $"{Figure(value, "vsBestSensorPct")} % [{Figure(value, "vsBestSensorCi95.0")}, {Figure(value, "vsBestSensorCi95.1")}] against the best single sensor ({Read.TextOrNull(value, "baselines.bestSensor")})",
            string.Join("; ", Read.Rows(value, "notShown").Select(limit => Column.Text(limit).TrimEnd('.'))));
        world.Print.Detail(
            "failures",
            $"{Read.TextOrNull(value, "failures")} of {Read.TextOrNull(value, "units")} (95 % bound {Figure(value, "failuresBoundPct")} %); "
            + $"with one more failure {Figure(value, "withOneMoreFailurePct")} %");
        world.Print.Detail(
            "unplanned",
            $"{Figure(value, "unplannedVsRunToFailurePct")} % less than run to failure, "
            + $"of which a fixed interval alone reaches {Figure(value, "fixedUnplannedVsRunToFailurePct")} %");
        world.Print.Detail("money", Read.TextOrNull(value, "formula"));
        world.Print.Detail("claim", Read.TextOrNull(value, "claim"));
        world.Print.Detail("check it", $"pilotage usecase value {world.UseCase} --explain");
        if (!Read.Flag(value, "ciExcludesZero"))
        {
            world.Report.Faults.Add("the interval of the saving does not exclude zero");
        }
    }
    private static string Figure(JsonNode? value, string path) => Read.Number(value, path) is { } figure ? ValueStatement.Whole(figure) : "-";
}
