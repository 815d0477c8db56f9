using System.Text.Json.Nodes;
using Pilotage.Cli.Frame;
using Xunit;

namespace Pilotage.Tests.Cli;

public sealed class LineageVerbTests
{
    private const string Walk = """
        {"truncated":false,"items":[
          {"from":"dataset:d","type":"trained","to":"run:r"},
          {"from":"series-span:a/1-2","type":"cut-into","to":"dataset:d","attributes":{"rows":"10"}},
          {"from":"series-span:b/1-2","type":"cut-into","to":"dataset:d","attributes":{"rows":"20"}},
          {"from":"series-span:c/1-2","type":"cut-into","to":"dataset:d","attributes":{"rows":"12"}},
          {"from":"device:a","type":"measured","to":"series-span:a/1-2"},
          {"from":"device:b","type":"measured","to":"series-span:b/1-2"},
          {"from":"device:c","type":"measured","to":"series-span:c/1-2"},
          {"from":"rollout:r","type":"offered to","to":"device:a"},
          {"from":"rollout:r","type":"offered to","to":"device:b"}]}
        """;

    [Fact]
    public async Task Equal_edges_stand_in_one_line_and_two_are_still_told_one_by_one()
    {
        using var run = Answering(Walk);

        Assert.Equal(ExitCode.Done, await run.RunAsync("lineage", "show", "al_1"));

        Assert.Equal(
            [
                "FROM            EDGE        TO              DETAIL",
                "dataset:d       trained     run:r           -",
                "3 series spans  cut-into    dataset:d       rows 42",
                "3 devices       measured    3 series spans  -",
                "rollout:r       offered to  device:a        -",
                "rollout:r       offered to  device:b        -",
            ],
            run.Output.TrimEnd().Split('\n'));
    }

    [Theory]
    [InlineData("json")]
    [InlineData("csv")]
    [InlineData("wide")]
    public async Task Every_other_form_keeps_every_edge(string form)
    {
        using var run = Answering(Walk);

        await run.RunAsync("lineage", "show", "al_1", "-o", form);

        Assert.Equal(9, form == "json" ? JsonNode.Parse(run.Output)!["items"]!.AsArray().Count : run.Output.TrimEnd().Split('\n').Length - 1);
        Assert.Contains("series-span:b/1-2", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_thread_ends_in_money_and_says_when_it_was_cut()
    {
        using var run = Answering("""
            {"truncated":true,"items":[{"from":"outcome:pm/3","type":"recorded","to":"ledger:pm/3",
              "attributes":{"net":"205994.28","currency":"EUR","evidenceClass":"simulated"}}]}
            """);

        await run.RunAsync("lineage", "show", "al_1");

        Assert.Contains("ledger:pm/3  net 205994.28 EUR, simulated", run.Output, StringComparison.Ordinal);
        Assert.Contains("only the nearest 1 edges", run.Error, StringComparison.Ordinal);
    }

    private static CliRun Answering(string walk)
    {
        var run = new CliRun().Connected();
        run.Server.Answer("GET /api/v1/lineage?node=alert%3Aal_1&direction=up", walk);
        return run;
    }
}
