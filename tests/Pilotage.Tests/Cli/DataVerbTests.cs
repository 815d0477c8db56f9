using Pilotage.Cli.Frame;
using Xunit;

namespace Pilotage.Tests.Cli;

public sealed class DataVerbTests
{
    [Fact]
    public async Task Delete_asks_for_what_was_named_and_only_when_it_is_meant()
    {
        const string Request = "DELETE /api/v1/devices/pump-7/series?property=vibration&from=2026-03-01T00%3A00%3A00Z";
        using var run = new CliRun().Connected();
        run.Server.Answer(Request, """{"device":"pump-7","properties":["vibration"],"from":"2026-03-01T00:00:00Z","points":7,"series":[{"property":"vibration","points":7}],"isDone":true}""");
        run.Server.Answer(Request + "&dryRun=true", """{"device":"pump-7","points":7,"series":[{"property":"vibration","points":7}],"isDone":false}""");
        string[] words = ["data", "delete", "pump-7", "--property", "vibration", "--from", "2026-03-01T00:00:00Z"];

        Assert.Equal(ExitCode.Usage, await run.RunAsync(words));
        Assert.Empty(run.Server.Requests);
        Assert.Equal(ExitCode.Done, await run.RunAsync([.. words, "--dry-run"]));
        Assert.Equal(Request + "&dryRun=true", Assert.Single(run.Server.Requests).Request);
        Assert.Contains("vibration  7", run.Output, StringComparison.Ordinal);
        Assert.EndsWith("7 points of pump-7 would go; nothing was deleted: the same with --yes deletes them\n", run.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Done, await run.RunAsync([.. words, "--yes"]));
        Assert.Equal(Request, run.Server.Requests[^1].Request);
        Assert.EndsWith("7 points of pump-7 are deleted\n", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Delete_of_nothing_in_particular_is_refused_before_anything_is_asked()
    {
        using var run = new CliRun().Connected();
        Assert.Equal(ExitCode.Usage, await run.RunAsync("data", "delete", "pump-7", "--yes"));
        Assert.Contains("--property, --from or --to, or --all", run.Error, StringComparison.Ordinal);
        Assert.Empty(run.Server.Requests);

        run.Server.Answer("DELETE /api/v1/devices/pump-7/series?all=true", """{"device":"pump-7","properties":[]}""");
        Assert.Equal(ExitCode.Done, await run.RunAsync("data", "delete", "pump-7", "--all", "--yes"));
    }

    [Fact]
    public async Task A_list_without_a_row_says_what_nothing_matches_and_is_no_failure()
    {
        using var run = new CliRun().Connected();
        run.Server.Answer("GET /api/v1/series?device=pump-9&limit=50000", """{"items":[]}""").Answer("GET /api/v1/mappings", """{"items":[]}""");
        Assert.Equal(ExitCode.Done, await run.RunAsync("data", "list", "--device", "pump-9"));
        Assert.Equal("no series match --device pump-9\n", run.Error);
        Assert.Equal(ExitCode.Done, await run.RunAsync("mapping", "list", "-o", "json"));
        Assert.EndsWith("there are no mappings\n", run.Error, StringComparison.Ordinal);
        Assert.EndsWith("[]\n", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_query_that_finds_nothing_says_so_and_is_no_failure()
    {
        const string Empty = """{"property":"nope","unit":null,"columns":["ms","avg"],"items":[]}""";
        using var run = new CliRun().Connected();
        run.Server.Answer("GET /api/v1/series/aggregates?property=nope&path=nope%2F%2A%2A", Empty).Answer("GET /api/v1/series/aggregates?property=nope&thing=pump&from=2026-01-01T00%3A00%3A00Z", Empty);
        Assert.Equal(ExitCode.Done, await run.RunAsync("data", "query", "nope", "--path", "nope/**", "-o", "csv"));
        Assert.Equal("no series match nope --path nope/**\n", run.Error);
        Assert.Equal(ExitCode.Done, await run.RunAsync("data", "query", "nope", "--thing", "pump", "--from", "2026-01-01T00:00:00Z"));
        Assert.EndsWith("no points match nope --thing pump --from 2026-01-01T00:00:00Z\n", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Words_of_groups_beside_a_grouping_are_refused_with_what_to_write()
    {
        using var run = new CliRun().Connected();
        Assert.Equal(ExitCode.Usage, await run.RunAsync("data", "query", "temp", "--by", "device", "--group-by", "thing"));
        Assert.Contains("--by takes the words of --group-by only without it", run.Error, StringComparison.Ordinal);
        Assert.Contains("try:   --group-by thing,device", run.Error, StringComparison.Ordinal);
        Assert.Empty(run.Server.Requests);
    }

    [Fact]
    public async Task Quality_of_which_nothing_is_learned_yet_does_not_say_that_there_are_no_series()
    {
        using var run = new CliRun().Connected();
        run.Server.Answer("GET /api/v1/series/quality?limit=50000", """{"items":[]}""");
        Assert.Equal(ExitCode.Done, await run.RunAsync("data", "quality"));
        Assert.Equal("there are no series of which anything is learned yet\n", run.Error);
    }

    [Fact]
    public async Task Quality_asks_for_the_worst_and_shows_the_reason()
    {
        using var run = new CliRun().Connected();
        run.Server.Answer(
            "GET /api/v1/series/quality?path=acme%2F%2A&worst=5",
            """{"items":[{"device":"p1","path":"acme/p1","property":"vibration","score":20,"reason":"the same value 50, since 2026-01-01T00:00:00Z","points":360,"findings":[]}]}""");
        Assert.Equal(ExitCode.Done, await run.RunAsync("data", "quality", "--path", "acme/*", "--worst", "5", "-o", "csv"));
        const string Start = "device,property,score,reason,points,intervalSeconds,learning,path\np1,vibration,20,\"the same value 50, since 2026-01-01T00:00:00Z\",360,";
        Assert.StartsWith(Start, run.Output, StringComparison.Ordinal);
    }
}
