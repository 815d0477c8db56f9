using Pilotage.Cli.Frame;
using Xunit;

namespace Pilotage.Tests.Cli;

/// <summary>Rules of retention on the command line: what went, and what should be known of a rule.</summary>
public sealed class RetentionVerbTests
{
    [Fact]
    public async Task A_sweep_says_what_went_by_which_rule()
    {
        using var run = new CliRun().Connected();
        run.Server.Answer(
            "POST /api/v1/retention/sweep",
            """{"lastSweep":"2026-03-01T00:00:00Z","seriesCut":2,"points":960,"windows":40,"windowsGone":10,"items":[{"rule":"pumps","series":2,"points":960,"windows":40,"windowsGone":10}]}""");
        Assert.Equal(ExitCode.Done, await run.RunAsync("retention", "sweep"));
        Assert.Equal("RULE   SERIES  POINTS GONE  WINDOWS LEFT  WINDOWS GONE\npumps  2       960          40            10\n", run.Output);
        Assert.Equal("swept: 960 points of 2 series are gone, 40 windows are left of them; 10 windows were too old themselves and are gone\n", run.Error);

        run.Server.Answer("POST /api/v1/retention/sweep", """{"seriesCut":0,"points":0,"windows":0,"windowsGone":0,"waits":"the clock jumped","items":[]}""");
        Assert.Equal(ExitCode.Refused, await run.RunAsync("retention", "sweep"));
        Assert.EndsWith("note: the next sweep waits: the clock jumped\n", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rules_are_listed_with_the_last_sweep_and_a_rule_that_governs_nothing_says_so()
    {
        using var run = new CliRun().Connected();
        const string Row = """{"name":"raw","keep":"P9D","property":"lod","note":"it governs nothing now","lastCut":{"rule":"raw","points":7}}""";
        run.Server.Answer("GET /api/v1/retention", $$"""{"items":[{{Row}}],"lastSweep":"2026-03-01T00:00:00Z","seriesCut":0}""").Answer("PUT /api/v1/retention/raw", Row);
        Assert.Equal(ExitCode.Done, await run.RunAsync("retention", "list"));
        Assert.Contains("raw   P9D", run.Output, StringComparison.Ordinal);
        Assert.Equal("last sweep: 2026-03-01T00:00:00Z\nnote: raw: it governs nothing now\n", run.Error);
        Assert.Equal(ExitCode.Done, await run.RunAsync("retention", "set", "raw", "--keep", "P9D", "--property", "lod", "--yes"));
        Assert.EndsWith("\nnote: raw: it governs nothing now\n", run.Error, StringComparison.Ordinal);
    }
}
