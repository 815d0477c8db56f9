using Pilotage.Cli.Frame;
using Xunit;

namespace Pilotage.Tests.Cli;

public sealed class ContractVerbTests
{
    private const string Contract = "format: pilotage.contract/1\nthing: pump\nproperties: {a: {maximum: 1}}\n";

    [Fact]
    public async Task Add_sends_the_file_for_the_thing_type_that_it_names()
    {
        using var run = new CliRun().Connected();
        await File.WriteAllTextAsync(Path.Combine(run.Directory, "c.yaml"), Contract);
        run.Server.Answer("PUT /api/v1/things/pump/contract", """{"thing":"pump","properties":1,"devices":2}""");
        Assert.Equal(ExitCode.Done, await run.RunAsync("contract", "add", "c.yaml", "--dry-run"));
        Assert.Empty(run.Server.Requests);
        Assert.Equal(ExitCode.Done, await run.RunAsync("contract", "add", "c.yaml", "-o", "name"));
        Assert.Equal("PUT /api/v1/things/pump/contract", Assert.Single(run.Server.Requests).Request);
        Assert.EndsWith("pump\n", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("missing.yaml", null, "missing.yaml cannot be read")]
    [InlineData("c.yaml", "properties: {}", "c.yaml names no thing type")]
    public async Task A_file_that_cannot_be_sent_is_refused_before_anything_is_asked(string file, string? content, string says)
    {
        using var run = new CliRun().Connected();
        if (content is not null)
        {
            await File.WriteAllTextAsync(Path.Combine(run.Directory, file), content);
        }

        Assert.Equal(ExitCode.Usage, await run.RunAsync("contract", "add", file));
        Assert.Contains(says, run.Error, StringComparison.Ordinal);
        Assert.Empty(run.Server.Requests);
    }

    [Fact]
    public async Task Release_and_discard_ask_which_points_are_meant()
    {
        using var run = new CliRun().Connected();
        Assert.Equal(ExitCode.Usage, await run.RunAsync("contract", "release"));
        Assert.Equal(ExitCode.Usage, await run.RunAsync("contract", "discard"));
        Assert.Empty(run.Server.Requests);
        run.Server.Answer("POST /api/v1/quarantine/release?device=p1", """{"points":3,"kept":0}""");
        run.Server.Answer("DELETE /api/v1/quarantine?all=true", """{"points":1,"kept":0}""");
        Assert.Equal(ExitCode.Done, await run.RunAsync("contract", "release", "--device", "p1"));
        Assert.Equal(ExitCode.Usage, await run.RunAsync("contract", "discard", "--all"));
        Assert.Contains("nothing was discarded", run.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Done, await run.RunAsync("contract", "discard", "--all", "--yes"));
        Assert.Equal(2, run.Server.Requests.Count);
    }
}
