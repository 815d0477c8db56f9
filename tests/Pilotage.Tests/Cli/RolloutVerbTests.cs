using System.Text.Json.Nodes;
using Pilotage.Cli.Frame;
using Xunit;

namespace Pilotage.Tests.Cli;

public sealed class RolloutVerbTests
{
    private const string Halted = """
        {"id":"r-18","release":"rel_2","incumbent":"rel_1","useCase":"pm","status":"halted","cause":"guard alert_rate: 4 of 5 hours","haltedBy":"alert_rate","wave":1,"wavesPassed":0,
         "note":null,"startedAt":"2026-01-01T00:00:00Z","endedAt":"2026-01-01T01:00:00Z",
         "counts":{"targets":3,"touched":2,"inFlight":0,"confirmed":0,"failed":1,"rolledBack":1,"lost":0,"notStarted":1},
         "waves":[{"wave":1,"devices":2,"confirmed":0,"failed":1},{"wave":2,"devices":1,"confirmed":0,"failed":0}],
         "guards":[{"guard":"alert_rate","result":"fail","why":"0.8 an hour against 0.1"}],
         "devices":[{"device":"pump-1","edge":"edge-1","wave":1,"phase":"rolled-back","cause":"runs rel_1 again, attested","expected":null,"failed":true}],
         "timeline":[{"at":"2026-01-01T00:30:00Z","device":"pump-1","what":"baking","cause":"golden answers right"}]}
        """;

    [Fact]
    public async Task A_rollout_is_shown_with_cause_waves_guards_and_each_device()
    {
        using var run = new CliRun().Connected();
        run.Server.Answer("GET /api/v1/rollouts/r-18", Halted);

        Assert.Equal(ExitCode.Done, await run.RunAsync("rollout", "show", "r-18"));

        var lines = run.Output.Split('\n');
        Assert.Contains("cause         guard alert_rate: 4 of 5 hours", lines);
        Assert.Contains("halted by     alert_rate", lines);
        Assert.Contains("devices       3 in all, 2 touched, 0 confirmed, 1 failed, 1 rolled back, 0 lost, 1 not started", lines);
        Assert.Contains("WAVE  DEVICES  CONFIRMED  FAILED", lines);
        Assert.Contains("alert_rate  fail    0.8 an hour against 0.1", lines);
        Assert.Contains("pump-1  edge-1  1     rolled-back  yes     runs rel_1 again, attested  -", lines);
        Assert.DoesNotContain("golden answers right", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("note", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wide_adds_what_happened_and_other_forms_stay_one_row()
    {
        using var run = new CliRun().Connected();
        run.Server.Answer("GET /api/v1/rollouts/r-18", Halted);

        await run.RunAsync("rollout", "show", "r-18", "-o", "wide");
        Assert.Contains("2026-01-01T00:30:00Z  pump-1  baking  golden answers right", run.Output, StringComparison.Ordinal);

        using var name = new CliRun().Connected();
        name.Server.Answer("GET /api/v1/rollouts/r-18", Halted);
        await name.RunAsync("rollout", "show", "r-18", "-o", "name");
        Assert.Equal("r-18\n", name.Output);
    }

    [Fact]
    public async Task A_large_fleet_is_cut_and_said_to_be()
    {
        using var run = new CliRun().Connected();
        var rollout = JsonNode.Parse(Halted)!;
        rollout["devices"] = new JsonArray([.. Enumerable.Range(1, 60).Select(i => (JsonNode)new JsonObject { ["device"] = $"fan-{i}" })]);
        run.Server.Answer("GET /api/v1/rollouts/r-18", rollout.ToJsonString());

        await run.RunAsync("rollout", "show", "r-18");

        Assert.Contains("fan-50 ", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("fan-51", run.Output, StringComparison.Ordinal);
        Assert.EndsWith("and 10 more: -o wide\n", run.Output, StringComparison.Ordinal);
    }
}
