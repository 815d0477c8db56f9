using Pilotage.Cli.Frame;
using Xunit;

namespace Pilotage.Tests.Cli;

/// <summary>Foreign brokers on the command line: looked at first, added only when that is said.</summary>
public sealed class SourceVerbTests
{
    private const string Mapping = "format: pilotage.mapping/1\nname: factory # of lines 1 and 2\nversion: 1\n";
    private const string Heard = """
        {"topics":[{"topic":"factory/#","answer":"QoS 0"}],"messages":7,"seen":2,"seconds":10,"notes":["our promise begins there"],"items":[
        {"topic":"factory/a","rule":"r","fate":"stored","rows":[{"device":"acme/a","thing":"press","isNew":true,"ts":"2026-01-01T00:00:00Z","timeIsOfArrival":true,"values":[
        {"property":"temp","kind":"number","value":"21.5","unit":"Cel"}]}]},
        {"topic":"factory/b","fate":"unmapped","rows":[],"says":"no rule takes the topic"}]}
        """;

    private const string Source = """{"name":"factory","url":"mqtts://plant:8883","mapping":"factory","state":"connecting","since":"now","counts":{"received":0,"stored":0,"kept":0,"unmapped":0,"waiting":0},"notes":[]}""";

    private static readonly string[] Add = ["source", "add", "mqtt", "--url", "mqtts://plant:8883", "--topics", "factory/#", "--map", "m.yaml"];

    [Fact]
    public async Task Without_yes_it_listens_and_adds_nothing()
    {
        using var run = Prepared();
        run.Server.Answer("POST /api/v1/sources/preview", Heard);

        Assert.Equal(ExitCode.Done, await run.RunAsync(Add));

        Assert.Equal("POST /api/v1/sources/preview", Assert.Single(run.Server.Requests).Request);
        Assert.Contains("factory/a  r     acme/a  yes  2026-01-01T00:00:00Z  temp      21.5   Cel   stored    -", run.Output, StringComparison.Ordinal);
        Assert.Contains("7 messages on 2 topics in 10 s; factory/#: QoS 0", run.Error, StringComparison.Ordinal);
        Assert.EndsWith("nothing was added: the same with --yes adds it\n", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_yes_the_mapping_is_sent_and_then_the_source_with_what_its_files_hold()
    {
        using var run = Prepared();
        await File.WriteAllTextAsync(Path.Combine(run.Directory, "pw"), "open sesame\r\nmore\n");
        await File.WriteAllTextAsync(Path.Combine(run.Directory, "ca.pem"), "CA");
        run.Server.Answer("PUT /api/v1/mappings/factory/document", """{"name":"factory","notes":[]}""");
        run.Server.Answer("PUT /api/v1/sources/plant", Source);

        Assert.Equal(ExitCode.Done, await run.RunAsync([.. Add, "--name", "plant", "--user", "me", "--password-file", "pw", "--ca", "ca.pem", "--qos", "2", "--mqtt-version", "3.1.1", "--yes"]));

        Assert.Equal(Mapping, run.Server.Requests[0].Body);
        Assert.Equal(
            """{"url":"mqtts://plant:8883","topics":["factory/#"],"mapping":"factory","qos":2,"version":"3.1.1","userName":"me","password":"open sesame","caPem":"CA"}""", run.Server.Requests[1].Body);
        Assert.Equal("*", run.Server.IfNoneMatch[1]);
        Assert.DoesNotContain("sesame", run.Output + run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("seconds", "is 0; give 1 to 60", "error: --preview is 0; give 1 to 60")]
    [InlineData("/url", "is no address of a broker", "error: --url is no address of a broker")]
    [InlineData("/qos", "is 7; give 0, 1 or 2", "error: --qos is 7; give 0, 1 or 2")]
    [InlineData("mapping:2", "is wrong", "error: m.yaml:2: is wrong")]
    public async Task What_is_wrong_is_told_by_the_option_that_said_it(string where, string says, string error)
    {
        using var run = Prepared();
        var refused = $$"""{"type":"x/fabric.source.malformed","detail":"{{where}}: {{says}}","errors":[{"where":"{{where}}","message":"{{says}}"}]}""";
        run.Server.Answer("POST /api/v1/sources/preview", refused, System.Net.HttpStatusCode.BadRequest);
        Assert.Equal(ExitCode.Usage, await run.RunAsync(Add));
        Assert.Contains(error, run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(where.StartsWith("mapping", StringComparison.Ordinal) ? "--map" : "m.yaml", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_mapping_by_its_name_is_not_sent_and_a_source_takes_a_place_only_when_that_is_said()
    {
        using var run = Prepared();
        run.Server.Answer("PUT /api/v1/sources/factory", Source);

        Assert.Equal(ExitCode.Done, await run.RunAsync([.. Add[..^1], "factory", "--yes", "--replace"]));

        Assert.Equal("", Assert.Single(run.Server.IfNoneMatch));
    }

    [Fact]
    public async Task Sources_are_paused_and_resumed_and_dead_letters_decided_by_source_and_number()
    {
        using var run = Prepared();
        run.Server.Answer("POST /api/v1/sources/factory/resume", Source).Answer("POST /api/v1/sources/factory/pause", Source);
        run.Server.Answer("POST /api/v1/dead-letters/retry?source=factory&id=17%2C18", """{"messages":2,"kept":0}""");
        run.Server.Answer("DELETE /api/v1/dead-letters?source=factory", """{"messages":3,"kept":0}""");
        run.Server.Answer("GET /api/v1/dead-letters?source=x&limit=1000", """{"items":[]}""");

        Assert.Equal(ExitCode.Done, await run.RunAsync("source", "pause", "factory"));
        Assert.Equal(ExitCode.Done, await run.RunAsync("source", "resume", "factory"));
        Assert.Equal(ExitCode.Done, await run.RunAsync("source", "retry", "factory", "17", "18"));
        Assert.Equal(ExitCode.Usage, await run.RunAsync("source", "discard", "factory"));
        Assert.Equal(ExitCode.Done, await run.RunAsync("source", "discard", "factory", "--yes"));
        run.Server.Answer("POST /api/v1/dead-letters/retry?source=factory&id=17%2C18", """{"messages":1,"kept":0,"notFound":[18]}""");
        run.Server.Answer("DELETE /api/v1/dead-letters?source=factory", """{"messages":0,"kept":0,"notFound":[]}""");
        Assert.Equal(ExitCode.PartlyDone, await run.RunAsync("source", "retry", "factory", "17", "18"));
        Assert.EndsWith("not found, and nothing was done to them: 18\n", run.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Done, await run.RunAsync("source", "discard", "factory", "--yes"));
        Assert.EndsWith("there are no dead letters of this source\n", run.Error, StringComparison.Ordinal);
        run.Server.Answer("POST /api/v1/dead-letters/retry?source=factory", """{"messages":0,"kept":3,"why":"a","notFound":[],"reasons":[{"id":4,"why":"f/x: a"}]}""");
        Assert.Equal(ExitCode.PartlyDone, await run.RunAsync("source", "retry", "factory"));
        Assert.EndsWith("kept: 4: f/x: a\nkept: and 2 more\n", run.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Done, await run.RunAsync("source", "dead-letters", "--source", "x"));
        Assert.EndsWith("no dead letters match --source x\n", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Faults_of_a_mapping_are_named_by_the_file_that_was_typed_and_a_mapping_that_is_not_there_by_where_to_look()
    {
        using var run = Prepared();
        run.Server.Answer(
            "PUT /api/v1/mappings/factory/document",
            """
            {"type":"https://pilotage.dev/problems/fabric.mapping.invalid","detail":"factory.yaml:3:5: no version (and 1 more)",
            "errors":[{"where":"factory.yaml:3:5","message":"no version"},{"where":"factory.yaml:9:1","message":"no topic"}]}
            """,
            System.Net.HttpStatusCode.UnprocessableEntity);
        Assert.Equal(ExitCode.Refused, await run.RunAsync([.. Add, "--yes"]));
        Assert.Equal("error: m.yaml:3:5: no version (and 1 more)\nwhy:   HTTP 422 fabric.mapping.invalid\nat:    m.yaml:9:1: no topic\n", run.Error);

        using var other = Prepared();
        other.Server.Answer(
            "PUT /api/v1/sources/nosuch", """{"type":"https://pilotage.dev/problems/fabric.mapping.not_found","detail":"There is no mapping \"nosuch\"."}""", System.Net.HttpStatusCode.NotFound);
        Assert.Equal(ExitCode.NotFound, await other.RunAsync([.. Add[..^1], "nosuch", "--yes"]));
        Assert.EndsWith("try:   pilotage mapping list shows what there is\n", other.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("source add opcua --url mqtt://a --topics a --map m.yaml", "'opcua' is no kind of source")]
    [InlineData("source add mqtt --url mqtt://a --topics a --map none.yaml", "none.yaml cannot be read")]
    [InlineData("source add mqtt --url mqtt://a --topics a --map m.yaml --password-file none", "--password-file none cannot be read")]
    [InlineData("source remove factory", "nothing was done: remove must be said to be meant")]
    public async Task What_cannot_be_is_said_before_anything_is_sent(string command, string why)
    {
        using var run = Prepared();
        Assert.Equal(ExitCode.Usage, await run.RunAsync(command.Split(' ')));
        Assert.Contains(why, run.Error, StringComparison.Ordinal);
        Assert.Empty(run.Server.Requests);
    }

    private static CliRun Prepared()
    {
        var run = new CliRun().Connected();
        File.WriteAllText(Path.Combine(run.Directory, "m.yaml"), Mapping);
        return run;
    }
}
