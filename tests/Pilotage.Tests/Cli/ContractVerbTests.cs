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
    public async Task Faults_are_named_by_the_file_that_was_typed_each_in_a_line_of_bounded_length()
    {
        using var run = new CliRun().Connected();
        await File.WriteAllTextAsync(Path.Combine(run.Directory, "c.yaml"), Contract);
        var faults = string.Join(',', Enumerable.Range(1, 30).Select(line => $$"""{"where":"contract:{{line}}:7","message":"{{new string('x', 700)}}"}"""));
        run.Server.Answer(
            "POST /api/v1/contracts/check",
            $$"""{"type":"https://pilotage.dev/problems/fabric.contract.invalid","detail":"The contract cannot be used: contract:1:7: x (and 29 more).","errors":[{{faults}}]}""",
            System.Net.HttpStatusCode.UnprocessableEntity);
        Assert.Equal(ExitCode.Refused, await run.RunAsync("contract", "check", "c.yaml"));
        var lines = run.Error.TrimEnd().Split('\n');
        Assert.Equal("error: The contract cannot be used: c.yaml:1:7: x (and 29 more).", lines[0]);
        Assert.Equal("why:   HTTP 422 fabric.contract.invalid", lines[1]);
        Assert.StartsWith("at:    c.yaml:1:7: xxx", lines[2], StringComparison.Ordinal);
        Assert.Equal("at:    and 10 more places", lines[22]);
        Assert.All(lines, line => Assert.InRange(line.Length, 1, 620));
    }

    [Fact]
    public async Task A_contract_that_is_not_there_is_looked_for_among_contracts()
    {
        using var run = new CliRun().Connected();
        run.Server.Answer(
            "GET /api/v1/things/nosuch/contract", """{"type":"https://pilotage.dev/problems/fabric.contract.not_found","detail":"no contract: pilotage contract add FILE"}""", System.Net.HttpStatusCode.NotFound);
        Assert.Equal(ExitCode.NotFound, await run.RunAsync("contract", "show", "nosuch"));
        Assert.EndsWith("try:   pilotage contract list shows what there is\n", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Single_points_are_released_and_discarded_by_their_numbers()
    {
        using var run = new CliRun().Connected();
        run.Server.Answer("POST /api/v1/quarantine/release?id=17%2C18", """{"points":2,"kept":0}""").Answer("DELETE /api/v1/quarantine?id=17", """{"points":1,"kept":0}""");
        Assert.Equal(ExitCode.Done, await run.RunAsync("contract", "release", "17", "18"));
        Assert.Equal(ExitCode.Usage, await run.RunAsync("contract", "discard", "17"));
        Assert.Equal(ExitCode.Done, await run.RunAsync("contract", "discard", "17", "--yes"));
    }

    [Fact]
    public async Task Points_that_are_not_there_are_told_and_none_at_all_is_said()
    {
        using var run = new CliRun().Connected();
        run.Server.Answer("POST /api/v1/quarantine/release?id=17%2C99", """{"points":1,"kept":0,"notFound":[99]}""").Answer("POST /api/v1/quarantine/release?device=p1", """{"points":0,"kept":0,"notFound":[]}""");
        run.Server.Answer(
            "DELETE /api/v1/quarantine?id=99", """{"type":"https://pilotage.dev/problems/fabric.quarantine.not_found","detail":"No point that is kept apart has the id 99"}""", System.Net.HttpStatusCode.NotFound);
        Assert.Equal(ExitCode.PartlyDone, await run.RunAsync("contract", "release", "17", "99"));
        Assert.Equal("not found, and nothing was done to them: 99\n", run.Error);
        Assert.Equal(ExitCode.Done, await run.RunAsync("contract", "release", "--device", "p1"));
        Assert.EndsWith("no point that is kept apart was meant: pilotage contract held shows which there are\n", run.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.NotFound, await run.RunAsync("contract", "discard", "99", "--yes"));
        Assert.Equal(ExitCode.Usage, await run.RunAsync("contract", "discard", "nope", "--yes"));
        Assert.Contains("'nope' is not a number", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Points_that_stay_are_told_with_the_reason_and_the_command_ends_with_8()
    {
        using var run = new CliRun().Connected();
        run.Server.Answer("POST /api/v1/quarantine/release?all=true", """{"points":0,"kept":3,"notFound":[],"reasons":[{"id":1,"why":"p1/state: it is a text"},{"id":2,"why":"b"}]}""");
        Assert.Equal(ExitCode.PartlyDone, await run.RunAsync("contract", "release", "--all"));
        Assert.Equal("kept: 1: p1/state: it is a text\nkept: 2: b\nkept: and 1 more\n", run.Error);
    }

    [Theory]
    [InlineData("json")]
    [InlineData("csv")]
    [InlineData("name")]
    public async Task A_contract_is_shown_as_it_came_and_in_no_other_form(string form)
    {
        using var run = new CliRun().Connected();
        run.Server.Answer("GET /api/v1/things/pump/contract", "{}").Answer("GET /api/v1/mappings/plant/document", "{}");
        Assert.Equal(ExitCode.Usage, await run.RunAsync("contract", "show", "pump", "-o", form));
        Assert.Contains($"a contract is no {form}", run.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Usage, await run.RunAsync("mapping", "show", "plant", "--document", "-o", form));
        Assert.Contains($"the document of a mapping is no {form}", run.Error, StringComparison.Ordinal);
        Assert.Empty(run.Output);
        Assert.Equal(ExitCode.Done, await run.RunAsync("contract", "show", "pump", "-o", "yaml"));
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
