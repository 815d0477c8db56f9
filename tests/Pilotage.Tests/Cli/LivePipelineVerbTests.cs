using System.Text.Json.Nodes;
using Pilotage.Cli.Frame;
using Xunit;

namespace Pilotage.Tests.Cli;

/// <summary>Pipelines on a server, from the command line.</summary>
public sealed class LivePipelineVerbTests
{
    private const string Row = """
        {"name":"hot","version":2,"state":"running","since":"2026-03-01T00:00:00Z","tables":["pump"],"devices":3,"outputs":["alert hot"],"behind":0,
        "counts":{"rows":7,"late":1,"standing":1},"appliedBy":"admin","applied":"2026-03-01T00:00:00Z"}
        """;


    [Fact]
    public async Task A_file_is_applied_under_its_name_with_its_numbers()
    {
        using var run = new CliRun().Connected();
        await File.WriteAllTextAsync(Path.Combine(run.Directory, "hot.sql"), "INSERT INTO x SELECT device, ts, temp FROM pump WHERE temp > ${limit};");
        run.Server.Answer("PUT /api/v1/pipelines/hot", $$"""{"pipeline":{{Row}},"restored":{"takenOver":3,"startedEmpty":1,"dropped":0},"notes":["a note"]}""");
        Assert.Equal(ExitCode.Done, await run.RunAsync("pipeline", "apply", "hot.sql", "--set", "limit=80.5", "--model", "rul=3", "--from", "2026-01-01T00:00:00Z", "--fresh"));
        var sent = JsonNode.Parse(run.Server.Requests.Single().Body)!;
        Assert.Equal("INSERT INTO x SELECT device, ts, temp FROM pump WHERE temp > ${limit};", (string?)sent["sql"]);
        Assert.Equal((80.5, "3", "2026-01-01T00:00:00Z", true), ((double)sent["parameters"]!["limit"]!, (string?)sent["models"]!["rul"], (string?)sent["from"], (bool)sent["fresh"]!));
        Assert.Contains("hot       2        running", run.Output, StringComparison.Ordinal);
        Assert.Equal("note: a note\n3 steps go on with what they had, 1 begin empty, what 0 kept is dropped\n", run.Error);
    }

    [Fact]
    public async Task A_package_brings_its_text_its_name_and_the_numbers_of_its_site()
    {
        using var run = new CliRun().Connected();
        Assert.Equal(ExitCode.Done, await run.RunAsync("usecase", "init", "fan-wear"));
        run.Server.Answer("POST /api/v1/pipelines/fans/preview", """{"name":"fans","version":1,"tables":["fan"],"outputs":["alert wear"],"models":{},"notes":[]}""");
        Assert.Equal(ExitCode.Done, await run.RunAsync("pipeline", "apply", "fan-wear", "--name", "fans", "--set", "alarm_days=7", "--preview"));
        Assert.Contains("INSERT INTO alerts", (string?)JsonNode.Parse(run.Server.Requests.Single().Body)!["sql"], StringComparison.Ordinal);
        Assert.Equal(7, (double)JsonNode.Parse(run.Server.Requests.Single().Body)!["parameters"]!["alarm_days"]!);
        Assert.EndsWith("nothing was applied: the same without --preview applies it\n", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_runs_is_listed_and_shown_with_its_steps()
    {
        using var run = new CliRun().Connected();
        run.Server.Answer("GET /api/v1/pipelines", $$"""{"items":[{{Row}}]}""");
        Assert.Equal(ExitCode.Done, await run.RunAsync("pipeline", "list"));
        Assert.StartsWith("PIPELINE  VERSION  STATE", run.Output, StringComparison.Ordinal);
        run.Server.Answer(
            "GET /api/v1/pipelines/hot",
            $$"""{"pipeline":{{Row}},"sql":"SELECT 1;\n","steps":[{"step":1,"reads":null,"rows":7,"rowsPerSecond":0.5,"stateBytes":12,"does":"scan pump(temp)"}],"lastFailure":"it broke","notes":[],"versions":[]}""");
        Assert.Equal(ExitCode.Done, await run.RunAsync("pipeline", "show", "hot"));
        Assert.Contains("1     -      7     0.5     12     scan pump(temp)", run.Output, StringComparison.Ordinal);
        Assert.Contains("hot version 2, running; 0 rows behind; applied by admin", run.Error, StringComparison.Ordinal);
        Assert.Contains("puts out alert hot\n", run.Error, StringComparison.Ordinal);
        Assert.Contains("the last time: it broke\n", run.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Done, await run.RunAsync("pipeline", "show", "hot", "--text"));
        Assert.EndsWith("SELECT 1;\n", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, ExitCode.Done)]
    [InlineData(2, ExitCode.PartlyDone)]
    public async Task A_replay_prints_lines_and_says_what_was_read(int failures, int exit)
    {
        using var run = new CliRun().Connected();
        run.Server.Answer(
            "POST /api/v1/pipelines/hot/replay",
            "{\"raised\":\"hot\",\"device\":\"p1\"}\n{\"done\":true,\"rows\":7,\"late\":1,\"repeated\":0,\"inferences\":0,\"alertsRaised\":1,\"alertsCleared\":0,\"failures\":" + failures + "}\n");
        Assert.Equal(exit, await run.RunAsync("pipeline", "replay", "hot", "--from", "2026-01-01T00:00:00Z"));
        Assert.Equal("{\"raised\":\"hot\",\"device\":\"p1\"}\n", run.Output);
        Assert.StartsWith("7 rows, 1 late, 0 repeated; 0 inferences, 1 alerts raised, 0 cleared\n", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_replay_that_breaks_off_is_no_replay()
    {
        using var run = new CliRun().Connected();
        run.Server.Answer("POST /api/v1/pipelines/hot/replay", "{\"raised\":\"hot\",\"device\":\"p1\"}\n");
        Assert.Equal(ExitCode.Failed, await run.RunAsync("pipeline", "replay", "hot", "--from", "2026-01-01T00:00:00Z"));
        Assert.Contains("broke off", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nothing.sql", "", "cannot read nothing.sql", ExitCode.NotFound)]
    [InlineData("hot.sql", "limit=much", "'much' is not a number", ExitCode.Usage)]
    [InlineData("hot.sql", "limit", "is no name and value", ExitCode.Usage)]
    public async Task What_is_wrong_with_the_command_is_said_before_the_server_is_asked(string file, string set, string says, int exit)
    {
        using var run = new CliRun().Connected();
        await File.WriteAllTextAsync(Path.Combine(run.Directory, "hot.sql"), "x");
        Assert.Equal(exit, await run.RunAsync(set.Length == 0 ? ["pipeline", "apply", file] : ["pipeline", "apply", file, "--set", set]));
        Assert.Contains(says, run.Error, StringComparison.Ordinal);
    }
}
