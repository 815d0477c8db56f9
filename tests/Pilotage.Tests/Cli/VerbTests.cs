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
    private const string Devices = """{"items":[{"id":"engine-001","path":"acme/testbed/press","name":"press","thing":"engine","status":"enrolled","connected":true,"since":"2026-01-01T00:00:00Z"}]}""";

    [Fact]
    public async Task A_list_is_a_table_on_standard_output_and_nothing_on_standard_error()
    {
        using var run = new CliRun().Connected();
        run.Server.Answer("GET /api/v1/devices", Devices);

        Assert.Equal(ExitCode.Done, await run.RunAsync("device", "list"));

        var lines = run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("ID          PATH                THING   EDGE  STATUS    CONNECTED  SINCE", lines[0]);
        Assert.Equal("engine-001  acme/testbed/press  engine  -     enrolled  yes        2026-01-01T00:00:00Z", lines[1]);
        Assert.Empty(run.Error);
    }

    [Theory]
    [InlineData("name", "engine-001")]
    [InlineData("yaml", "- id: engine-001\n  path: acme/testbed/press\n  name: press\n  thing: engine\n  status: enrolled\n  connected: true\n  since: \"2026-01-01T00:00:00Z\"")]
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
        Assert.Equal("id\npath\nname\nthing\nstatus\nconnected\nsince", run.Output.TrimEnd());

        using var second = new CliRun().Connected();
        second.Server.Answer("GET /api/v1/devices", Devices);
        await second.RunAsync("device", "list", "--json", "id,status");
        Assert.Equal("""[{"id":"engine-001","status":"enrolled"}]""", JsonNode.Parse(second.Output)!.ToJsonString());
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
    [InlineData(HttpStatusCode.NotFound, "gate.not_found", ExitCode.NotFound)]
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

    [Theory]
    [InlineData("--limits is for measuring", "--limits bench --insecure-open", "--limits", "bench")]
    [InlineData("--mqtt is 127.0.0.1:1883 without TLS", "--insecure-open for this machine, or --mqtts", "--mqtt", "127.0.0.1:1883")]
    [InlineData("--http is 0.0.0.0:8080 and not encrypted", "--https 0.0.0.0:8443", "--http", "0.0.0.0:8080")]
    [InlineData("--insecure-open is set", "--mqtt 127.0.0.1:1883", "--insecure-open")]
    [InlineData("--tls-cert needs --tls-key", "--tls-cert FILE --tls-key FILE", "--tls-cert", "token")]
    [InlineData("--tls-ca is nowhere", "--tls-ca FILE", "--tls-ca", "nowhere")]
    [InlineData("--tenant is Acme Corp", "--tenant acme", "--tenant", "Acme Corp")]
    public async Task Flags_of_the_server_that_do_not_fit_are_named_as_they_are_written_and_with_what_to_give(string says, string tryThis, params string[] flags)
    {
        using var run = new CliRun();

        Assert.Equal(ExitCode.Usage, await run.RunAsync(["server", "--data", Path.Combine(run.Directory, "data"), .. flags]));

        var lines = run.Error.TrimEnd().Split('\n');
        Assert.StartsWith("error: " + says, lines[0], StringComparison.Ordinal);
        Assert.StartsWith("try:   ", lines[^1], StringComparison.Ordinal);
        Assert.Contains(tryThis, lines[^1], StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(run.Directory, "data")));
    }

    [Theory]
    [InlineData("error: --limits: 'huge' is not one of default, bench, interop\ntry:   --limits default\n", "server", "--data", "d", "--limits", "huge")]
    [InlineData("error: --output: 'xml' is not one of table, wide, json, yaml, name, csv\ntry:   --output table\n", "device", "list", "-o", "xml")]
    public async Task A_word_that_a_flag_does_not_know_is_told_with_the_flag_and_the_words_it_knows(string says, params string[] arguments)
    {
        using var run = new CliRun();

        Assert.Equal(ExitCode.Usage, await run.RunAsync(arguments));

        Assert.Equal(says, run.Error);
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
    public async Task A_gate_that_was_passed_is_no_refusal()
    {
        using var run = new CliRun().Connected();
        run.Server.Answer("GET /api/v1/use-cases/pm/gates/pilot", """{"wouldOpen":false,"decision":"passed","why":"it was passed already","evidence":[]}""");

        Assert.Equal(ExitCode.Done, await run.RunAsync("gate", "check", "pm", "pilot"));

        Assert.Equal("passed: it was passed already", run.Error.TrimEnd());
    }

    [Theory]
    [InlineData("--http", 8080)]
    [InlineData("--https", 8443)]
    [InlineData("--mqtt", 1883)]
    [InlineData("--mqtts", 8883)]
    public async Task An_address_that_is_none_suggests_the_usual_port_of_its_own_option(string option, int port)
    {
        using var run = new CliRun();

        Assert.Equal(ExitCode.Usage, await run.RunAsync("server", "--data", "d", option, "nope"));

        Assert.Contains($"try:   {option} 127.0.0.1:{port}\n", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("two words")]
    [InlineData("p\u00e4t")]
    public async Task A_token_file_without_a_token_is_said_before_anything_is_sent(string content)
    {
        using var run = new CliRun().Connected();
        await File.WriteAllTextAsync(Path.Combine(run.Directory, "token"), content);

        Assert.Equal(ExitCode.NotAllowed, await run.RunAsync("device", "list"));

        Assert.Contains("holds no token", run.Error, StringComparison.Ordinal);
        Assert.Empty(run.Server.Requests);
    }

    [Fact]
    public async Task A_node_that_lineage_never_heard_of_is_not_found()
    {
        using var run = new CliRun().Connected();
        run.Server
            .Answer("GET /api/v1/lineage?node=alert%3Anope&direction=up", """{"items":[],"truncated":false}""")
            .Answer("GET /api/v1/lineage?node=alert%3Anope&direction=down", """{"items":[],"truncated":false}""");

        Assert.Equal(ExitCode.NotFound, await run.RunAsync("lineage", "show", "nope"));

        Assert.Contains("nothing is recorded of 'nope'", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_watch_until_something_that_never_comes_fails()
    {
        using var run = new CliRun().Connected();
        run.Server.Answer("GET /api/v1/rollouts/r/watch", "event: rollout\ndata: {\"status\":\"halted\",\"wave\":1,\"cause\":\"guard alert_rate\"}\n\n");

        Assert.Equal(ExitCode.Failed, await run.RunAsync("rollout", "watch", "r", "--until", "completed"));
        Assert.Contains("ended halted and was never completed", run.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Done, await run.RunAsync("rollout", "watch", "r"));
        Assert.Equal(ExitCode.Usage, await run.RunAsync("rollout", "watch", "r", "--until", "done"));
    }

    [Fact]
    public async Task A_field_that_is_not_there_is_named_with_those_that_are()
    {
        using var run = new CliRun().Connected();
        run.Server.Answer("GET /api/v1/devices", Devices);

        Assert.Equal(ExitCode.Usage, await run.RunAsync("device", "list", "--json", "id,colour"));

        Assert.Contains("no field 'colour'", run.Error, StringComparison.Ordinal);
        Assert.Contains("id, path, name, thing", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_fault_of_a_refused_request_is_shown_at_its_place()
    {
        using var run = new CliRun().Connected();
        run.Server.Answer(
            "GET /api/v1/devices",
            """{"type":"https://pilotage.dev/problems/package.invalid","detail":"2 faults","errors":[{"where":"usecase.yaml:8:9","message":"no unit"},{"where":"rollout.yaml:2:17","message":"a circle"}]}""",
            HttpStatusCode.UnprocessableEntity);

        Assert.Equal(ExitCode.Refused, await run.RunAsync("device", "list"));

        Assert.Equal("error: 2 faults\nwhy:   HTTP 422 package.invalid\nat:    usecase.yaml:8:9: no unit\nat:    rollout.yaml:2:17: a circle\n", run.Error);
    }

    [Fact]
    public async Task A_fault_that_is_the_whole_message_is_not_said_twice()
    {
        using var run = new CliRun().Connected();
        run.Server.Answer(
            "GET /api/v1/devices", """{"type":"https://pilotage.dev/problems/x.y","detail":"no such edge","errors":[{"where":"/devices/0","message":"no such edge"}]}""", HttpStatusCode.BadRequest);

        await run.RunAsync("device", "list");

        Assert.Equal("error: no such edge\nwhy:   HTTP 400 x.y; at /devices/0\n", run.Error);
    }

    [Fact]
    public async Task What_should_not_happen_is_said_without_a_stack_and_with_one_when_asked()
    {
        using var run = new CliRun().Connected();
        run.Server.Answer("GET /api/v1/devices", """{"items":[{"id":"a"}],"nextCursor":7}""");

        Assert.Equal(ExitCode.Failed, await run.RunAsync("device", "list"));
        Assert.Equal(3, run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.DoesNotContain("   at ", run.Error, StringComparison.Ordinal);

        run.Environment[CliApp.StackVariable] = "1";
        await run.RunAsync("device", "list");
        Assert.Contains("   at ", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("json", "\"path\": \"acme/a+b/\u00e9t\u00e9\"")]
    [InlineData("yaml", "path: \"acme/a+b/\u00e9t\u00e9\"")]
    public async Task Letters_are_printed_as_they_are(string form, string expected)
    {
        using var run = new CliRun().Connected();
        run.Server.Answer("GET /api/v1/devices", """{"items":[{"path":"acme/a+b/\u00e9t\u00e9"}]}""");

        await run.RunAsync("device", "list", "-o", form);

        Assert.Contains(expected, run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("csv", "useCase,evidenceClass,totalVsBestFixedPct,ci95.0,ci95.1,vsBestSensorPct,failures,units,net,currency,claim\npm,benchmark,47,32,60,12,0,20,1000,EUR,\"On 20, so\"\n")]
    [InlineData("name", "pm\n")]
    public async Task A_value_has_every_form_too(string form, string expected)
    {
        using var run = new CliRun().Connected();
        run.Server.Answer(
            "GET /api/v1/use-cases/pm/value",
            """{"useCase":"pm","evidenceClass":"benchmark","totalVsBestFixedPct":47,"ci95":[32,60],"vsBestSensorPct":12,"failures":0,"units":20,"net":1000,"currency":"EUR","claim":"On 20, so"}""");

        Assert.Equal(ExitCode.Done, await run.RunAsync("usecase", "value", "pm", "-o", form));

        Assert.Equal(expected, run.Output);
    }

    [Theory]
    [InlineData("baseline.not_found", "freeze it, once and before the pilot, over the API: POST /api/v1/use-cases/pm/baseline", "usecase", "value", "pm")]
    [InlineData("use_case.not_found", "pilotage usecase list shows what there is", "usecase", "value", "pm")]
    [InlineData("access.person.not_found", "pilotage person list shows what there is", "gate", "decide", "pm", "pilot", "--role", "sponsor", "--person", "nobody")]
    [InlineData("access.role_missing", "pilotage person list shows who holds which role", "gate", "decide", "pm", "pilot", "--role", "sponsor", "--person", "ada")]
    [InlineData("stage.not_found", "pilotage usecase evidence pm shows its gates and what they need", "gate", "decide", "pm", "moon", "--role", "sponsor", "--person", "ada")]
    [InlineData("gate.not_found", "pilotage usecase evidence pm shows its gates and what they need", "gate", "check", "pm", "retired")]
    [InlineData("rollout.not_found", "pilotage rollout list shows what there is", "rollout", "show", "r")]
    public async Task A_refusal_is_followed_by_what_helps_against_that_one(string code, string tryThis, params string[] arguments)
    {
        using var run = new CliRun().Connected();
        foreach (var request in new[] { "GET /api/v1/use-cases/pm/value", "POST /api/v1/use-cases/pm/gates/pilot/decide", "POST /api/v1/use-cases/pm/gates/moon/decide", "GET /api/v1/use-cases/pm/gates/retired", "GET /api/v1/rollouts/r" })
        {
            run.Server.Answer(request, $$"""{"type":"https://pilotage.dev/problems/{{code}}","detail":"no"}""", HttpStatusCode.NotFound);
        }

        Assert.Equal(ExitCode.NotFound, await run.RunAsync(arguments));

        Assert.EndsWith($"\ntry:   {tryThis}\n", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_in_place_of_a_file_is_called_one()
    {
        using var run = new CliRun().Connected();

        Assert.Equal(ExitCode.NotAllowed, await run.RunAsync("device", "list", "--token-file", run.Directory));
        Assert.Equal(ExitCode.Usage, await run.RunAsync("demo", "--once", "--report", run.Directory));

        var lines = run.Error.TrimEnd().Split('\n');
        Assert.Equal("why:   it is a folder, and a file is wanted", lines[1]);
        Assert.StartsWith("try:   --token-file ", lines[2], StringComparison.Ordinal);
        Assert.Equal("why:   it is a folder, and a file is wanted", lines[4]);
        Assert.Equal($"try:   --report {Path.Combine(run.Directory, "report.json")}", lines[5]);
    }

    [Fact]
    public async Task Open_prints_a_link_that_works_once()
    {
        using var run = new CliRun().Connected();
        run.Server.Answer("POST /api/v1/sign-in-links", """{"path":"/?code=abc","expiresAt":"2026-01-01T00:00:00Z"}""");

        Assert.Equal(ExitCode.Done, await run.RunAsync("open"));

        Assert.Equal("http://127.0.0.1:1/?code=abc", run.Output.TrimEnd());
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
