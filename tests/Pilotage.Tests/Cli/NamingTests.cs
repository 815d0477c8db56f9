using Pilotage.Cli.Frame;
using Xunit;

namespace Pilotage.Tests.Cli;

/// <summary>What a verb is given to name one thing is never the address of another.</summary>
public sealed class NamingTests
{
    [Theory]
    [InlineData("<id> is empty", "pilotage device list", "device", "show", "")]
    [InlineData("<id> is empty", "pilotage device list", "device", "show", " ")]
    [InlineData("<id> is '..'", "pilotage device list", "device", "values", "..")]
    [InlineData("<id> is empty", "pilotage device list", "device", "bad", "")]
    [InlineData("<id> is empty", "pilotage device list", "device", "delete", "", "--yes")]
    [InlineData("<id> is '.'", "pilotage device list", "device", "revoke", ".", "--yes")]
    [InlineData("<id> is empty", "pilotage device list", "device", "restore", "")]
    [InlineData("<id> is empty", "pilotage device list", "device", "enroll", "", "--path", "default/a/b", "--thing", "pi")]
    [InlineData("<id> is empty", "pilotage usecase list", "usecase", "show", "")]
    [InlineData("<id> is '.'", "pilotage usecase list", "usecase", "value", ".")]
    [InlineData("<id> is '..'", "pilotage usecase list", "usecase", "evidence", "..")]
    [InlineData("<id> is '.'", "pilotage rollout list", "rollout", "show", ".")]
    [InlineData("<id> is empty", "pilotage rollout list", "rollout", "watch", "")]
    [InlineData("<name> is empty", "pilotage model list", "model", "show", "")]
    [InlineData("<id> is empty", "pilotage alert list", "alert", "verdict", "", "right")]
    [InlineData("<id> is empty", "pilotage person list", "person", "create", "", "--name", "Ada")]
    [InlineData("<id> is '..'", "pilotage person list", "person", "delete", "..", "--dry-run")]
    [InlineData("<usecase> is empty", "pilotage gate check --help", "gate", "check", "", "pilot")]
    [InlineData("<stage> is '..'", "pilotage gate decide --help", "gate", "decide", "pm", "..", "--role", "sponsor", "--person", "ada")]
    [InlineData("<node> is empty", "pilotage lineage show --help", "lineage", "show", "")]
    public async Task Nothing_and_dots_name_nothing(string says, string tryThis, params string[] arguments)
    {
        using var run = new CliRun().Connected();

        Assert.Equal(ExitCode.Usage, await run.RunAsync(arguments));

        var lines = run.Error.TrimEnd().Split('\n');
        Assert.Equal($"error: {says}", lines[0]);
        Assert.StartsWith("why:   it names one thing", lines[1], StringComparison.Ordinal);
        Assert.StartsWith($"try:   {tryThis}", lines[2], StringComparison.Ordinal);
        Assert.Empty(run.Output);
        Assert.Empty(run.Server.Requests);
    }

    [Fact]
    public async Task A_slash_stays_inside_the_name()
    {
        using var run = new CliRun().Connected();
        run.Server.Answer("GET /api/v1/devices/default%2Flyon%2F..%2Fmy-pi", """{"id":"my-pi"}""");
        run.Server.Answer("GET /api/v1/devices/default%2Flyon%2F..%2Fmy-pi/connection", "{}");

        Assert.Equal(ExitCode.Done, await run.RunAsync("device", "show", "default/lyon/../my-pi"));
    }
}
