using System.Text.Json.Nodes;
using Pilotage.Cli.Frame;

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
            $"{verb} {Read.Number(value, "totalVsBestFixedPct"):0} % [{Read.Number(value, "ci95.0"):0}, {Read.Number(value, "ci95.1"):0}] of total downtime "
            + $"against the best fixed interval ({Read.TextOrNull(value, "baselines.fixedIntervalCycles")} cycles)",
            $"{Read.Number(value, "shareOfCeilingPct"):0} % of what perfect knowledge could save; {Read.Number(value, "vsBestSensorPct"):0} % against the best single sensor ({Read.TextOrNull(value, "baselines.bestSensor")})",
            string.Join("; ", Read.Rows(value, "notShown").Select(limit => Column.Text(limit).TrimEnd('.'))));
        world.Print.Detail(
            "failures",
            $"{Read.TextOrNull(value, "failures")} of {Read.TextOrNull(value, "units")} (95 % bound {Read.Number(value, "failuresBoundPct"):0} %); "
            + $"with one more failure {Read.Number(value, "withOneMoreFailurePct"):0} %");
        world.Print.Detail(
            "unplanned",
            $"{Read.Number(value, "unplannedVsRunToFailurePct"):0} % less than run to failure, "
            + $"of which a fixed interval alone reaches {Read.Number(value, "fixedUnplannedVsRunToFailurePct"):0} %");
        world.Print.Detail("money", Read.TextOrNull(value, "formula"));
        world.Print.Detail("claim", Read.TextOrNull(value, "claim"));
        world.Print.Detail("check it", $"pilotage usecase value {world.UseCase} --explain");
        if (!Read.Flag(value, "ciExcludesZero"))
        {
            world.Report.Faults.Add("the interval of the saving does not exclude zero");
        }
    }
}
