using Pilotage.Cli.Frame;
using Pilotage.Testing;
using Xunit;

namespace Pilotage.Tests.Cli;

/// <summary>Assets and timelines on the command line.</summary>
public sealed class AssetVerbTests
{
    [Fact]
    public async Task Assets_are_added_related_and_taken_away()
    {
        using var run = new CliRun().Connected();
        run.Server.Answer("PUT /api/v1/assets/line-2", """{"name":"line-2","level":"line","above":["hall-1"]}""");
        run.Server.Answer("POST /api/v1/relations", """{"assetsAdded":0,"assetsChanged":0,"relationsAdded":1,"relationsReplaced":0,"assets":1,"relations":4}""");
        run.Server.Answer("DELETE /api/v1/relations?from=p1&relation=measures&to=b1&property=vibration", """{"from":"p1","relation":"measures","to":"b1"}""");
        Assert.Equal(ExitCode.Done, await run.RunAsync("asset", "add", "line-2", "--level", "line", "--part-of", "hall-1"));
        Assert.Contains("line-2  line   hall-1", run.Output, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Done, await run.RunAsync("asset", "relate", "p1", "measures", "b1", "--property", "vibration"));
        Assert.Contains("0             0        1                0         1           4", run.Output, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Done, await run.RunAsync("asset", "unrelate", "p1", "measures", "b1", "--property", "vibration", "--yes"));
        Assert.Equal(["""{"level":"line","partOf":"hall-1"}""", """{"from":"p1","relation":"measures","to":"b1","property":"vibration"}""", ""], run.Server.Requests.Select(one => one.Body));
    }

    [Fact]
    public async Task Faults_of_a_file_of_assets_are_told_by_its_name()
    {
        using var run = new CliRun().Connected();
        await File.WriteAllTextAsync(Path.Combine(run.Directory, "plant.yaml"), "x");
        run.Server.Answer(
            "POST /api/v1/assets/import",
            """{"type":"https://pilotage.dev/problems/fabric.asset.invalid","detail":"Nothing was changed: assets:2:13: no","errors":[{"where":"assets:2:13","message":"no"}]}""",
            System.Net.HttpStatusCode.UnprocessableEntity);
        Assert.Equal(ExitCode.Refused, await run.RunAsync("asset", "import", "plant.yaml"));
        Assert.Contains("error: Nothing was changed: plant.yaml:2:13: no", run.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Usage, await run.RunAsync("asset", "import", "nosuch.yaml"));
        Assert.Contains("pilotage asset import FILE", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_timeline_is_told_in_the_order_of_time_from_so_long_ago()
    {
        using var run = new CliRun { Time = new ManualTime() }.Connected();
        run.Server.Answer(
            "GET /api/v1/devices/p1/timeline?from=2025-12-31T22%3A00%3A00.0000000%2B00%3A00&points=10",
            """
            {"device":"p1","from":"a","to":"b","series":[{"property":"load","unit":"%","points":[[1767225000000,1.5],[1767225002000,2]]}],
            "events":[{"position":1,"type":"stop","source":"/s","id":"7","at":"2025-12-31T23:50:01Z","data":{"why":"jam"}}],"nextCursor":"5.1"}
            """);
        Assert.Equal(ExitCode.Done, await run.RunAsync("data", "timeline", "p1", "--from", "-2h"));
        var lines = run.Output.TrimEnd().Split('\n');
        Assert.Equal(["load", "stop", "load"], lines[1..].Select(line => line.Split("  ", StringSplitOptions.RemoveEmptyEntries)[2].Trim()));
        Assert.Contains("""{"why":"jam"}""", lines[2], StringComparison.Ordinal);
        Assert.Equal("there are more events: the same with --cursor 5.1\n", run.Error);
        Assert.Equal(ExitCode.Usage, await run.RunAsync("data", "timeline", "p1", "--from", "-2x"));
    }
}
