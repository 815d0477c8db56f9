using System.CommandLine;
using System.Net;
using System.Text.Json.Nodes;
using Pilotage.Cli;
using Pilotage.Cli.Frame;
using Pilotage.Cli.Verbs;
using Xunit;

namespace Pilotage.Tests.Cli;

public sealed class VerbTests
{
    private const string Devices = """{"items":[{"id":"engine-001","path":"acme/testbed/engine-001","thing":"engine","status":"online"}]}""";

    [Fact]
    public async Task A_list_is_a_table_on_standard_output_and_nothing_on_standard_error()
    {
        using var run = new CliRun().Connected();
        run.Server.Answer("GET /api/v1/devices", Devices);

        Assert.Equal(ExitCode.Done, await run.RunAsync("device", "list"));

        var lines = run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("ID          PATH                     THING   EDGE  STATUS", lines[0]);
        Assert.Equal("engine-001  acme/testbed/engine-001  engine  -     online", lines[1]);
        Assert.Empty(run.Error);
    }

    [Theory]
    [InlineData("name", "engine-001")]
    [InlineData("yaml", "- id: engine-001\n  path: acme/testbed/engine-001\n  thing: engine\n  status: online")]
    public async Task Every_form_carries_the_same_rows(string form, string expected)
    {
        using var run = new CliRun().Connected();
        run.Server.Answer("GET /api/v1/devices", Devices);

        Assert.Equal(ExitCode.Done, await run.RunAsync("device", "list", "-o", form));

        Assert.Equal(expected, run.Output.TrimEnd());
    }

    [Fact]
    public async Task Json_without_a_value_lists_the_fields_and_with_one_selects_them()
    {
        using var run = new CliRun().Connected();
        run.Server.Answer("GET /api/v1/devices", Devices);

        await run.RunAsync("device", "list", "--json");
        Assert.Equal("id\npath\nthing\nstatus", run.Output.TrimEnd());

        using var second = new CliRun().Connected();
        second.Server.Answer("GET /api/v1/devices", Devices);
        await second.RunAsync("device", "list", "--json", "id,status");
        Assert.Equal("""[{"id":"engine-001","status":"online"}]""", JsonNode.Parse(second.Output)!.ToJsonString());
    }

    [Fact]
    public async Task A_list_follows_the_cursor_to_the_last_page()
    {
        using var run = new CliRun().Connected();
        run.Server
            .Answer("GET /api/v1/alerts", """{"items":[{"id":"al_1"}],"nextCursor":"c 2"}""")
            .Answer("GET /api/v1/alerts?cursor=c%202", """{"items":[{"id":"al_2"}]}""");

        await run.RunAsync("alert", "list", "-o", "name");

        Assert.Equal("al_1\nal_2", run.Output.TrimEnd());
    }

    [Theory]
    [InlineData(HttpStatusCode.NotFound, "rollout.not_found", ExitCode.NotFound)]
    [InlineData(HttpStatusCode.Forbidden, "access.denied", ExitCode.NotAllowed)]
    [InlineData(HttpStatusCode.Conflict, "baseline.frozen", ExitCode.Conflict)]
    [InlineData(HttpStatusCode.Conflict, "gate.evidence_missing", ExitCode.Refused)]
    [InlineData(HttpStatusCode.InternalServerError, "server.bug", ExitCode.Failed)]
    public async Task A_problem_becomes_three_lines_and_its_exit_code(HttpStatusCode status, string code, int exit)
    {
        using var run = new CliRun().Connected();
        run.Server.Answer(
            "GET /api/v1/rollouts/r-18", $$"""{"type":"https://pilotage.dev/problems/{{code}}","detail":"said why","traceId":"t-9"}""", status);

        Assert.Equal(exit, await run.RunAsync("rollout", "show", "r-18"));

        Assert.Empty(run.Output);
        Assert.StartsWith($"error: said why\nwhy:   HTTP {(int)status} {code}; trace t-9\n", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_usage_error_is_short_names_the_nearest_word_and_exits_2()
    {
        using var run = new CliRun();

        Assert.Equal(ExitCode.Usage, await run.RunAsync("devise", "list"));

        Assert.Contains("did you mean 'device'?", run.Error, StringComparison.Ordinal);
        Assert.Equal(3, run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Fact]
    public async Task Without_a_server_it_says_where_it_looked()
    {
        using var run = new CliRun();

        Assert.Equal(ExitCode.Usage, await run.RunAsync("device", "list"));

        Assert.Contains("PILOTAGE_SERVER", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_context_file_of_a_folder_above_is_found()
    {
        using var run = new CliRun();
        run.Server.Answer("GET /api/v1/devices", Devices);
        new Pilotage.Cli.Api.ApiContext(new("http://127.0.0.1:1/"), Path.Combine(run.Directory, "token")).Save(Path.Combine(run.Directory, ".pilotage"));

        Assert.Equal(ExitCode.Done, await run.RunAsync("device", "list", "-o", "name"));

        Assert.Equal("engine-001", run.Output.TrimEnd());
    }

    [Fact]
    public async Task A_dry_run_prints_the_request_and_sends_nothing()
    {
        using var run = new CliRun().Connected();

        Assert.Equal(ExitCode.Done, await run.RunAsync("alert", "verdict", "al_1", "right", "--cause", "bearing", "--dry-run"));

        Assert.Empty(run.Server.Requests);
        Assert.Contains("POST api/v1/alerts/al_1/verdict", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_gate_that_would_stay_shut_exits_6_and_names_why()
    {
        using var run = new CliRun().Connected();
        run.Server.Answer(
            "GET /api/v1/use-cases/pm/gates/production",
            """{"wouldOpen":false,"why":"vote of maintenance missing","evidence":[{"name":"shadow.days","value":3,"needed":">= 7","met":false,"why":"started 3 d ago"}]}""");

        Assert.Equal(ExitCode.Refused, await run.RunAsync("gate", "check", "pm", "production"));

        Assert.Contains("shadow.days", run.Output, StringComparison.Ordinal);
        Assert.Contains("vote of maintenance missing", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_command_that_does_something_has_two_examples_and_help_shows_them()
    {
        var options = new GlobalOptions();
        var session = new CliSession { Output = TextWriter.Null, Error = TextWriter.Null, Environment = _ => null, WorkingDirectory = "/" };
        var root = CliApp.Root(new VerbFrame(session, options), options);

        // Hidden ones are for the product's own processes, not for people.
        var bare = Leaves(root).Where(command => !command.Hidden && command is not Verb { Examples.Count: >= 2 }).Select(command => command.Name);

        Assert.Empty(bare);
    }

    [Fact]
    public async Task Help_ends_with_the_examples()
    {
        using var run = new CliRun();

        Assert.Equal(ExitCode.Done, await run.RunAsync("rollout", "watch", "--help"));

        Assert.Contains("Examples:\n  pilotage rollout watch", run.Output, StringComparison.Ordinal);
    }

    private static IEnumerable<Command> Leaves(Command command) =>
        command.Subcommands.Count == 0 ? [command] : command.Subcommands.SelectMany(Leaves);
}
