using System.Net;
using System.Text.Json.Nodes;
using Pilotage.Cli.Frame;
using Xunit;

namespace Pilotage.Tests.Cli;

public sealed class TopicVerbTests
{
    private const string Tree = """
        {"items":[{"topic":"acme/lyon","depth":0,"topics":1,"messages":3,"last":"2026-01-01T00:00:00Z"},
        {"topic":"acme/lyon/pump-1","depth":1,"topics":1,"messages":3,"last":"2026-01-01T00:00:00Z"}],"truncated":true}
        """;

    private const string Live = """
        event: open
        data: {"at":"2026-01-01T00:00:00Z"}

        event: message
        data: {"topic":"acme/lyon/pump-1/_tele","device":"pump-1","ts":"2026-01-01T00:00:01Z","bytes":3,"payload":"4\u001b[2J2","cut":false}

        event: missed
        data: {"missed":7}

        event: message
        data: {"topic":"acme/lyon/pump-1/_media","device":"pump-1","ts":"2026-01-01T00:00:02Z","bytes":99,"payloadBase64":"/w==","cut":true}

        """;

    private const string Trace = """
        data: {"at":"2026-01-01T00:00:00Z"}

        data: {"at":"2026-01-01T00:00:01Z","clientId":"pump-1","direction":"in","type":"PUBLISH","packetId":7,"qos":1,"retain":true,"duplicate":false,"bytes":120,"skipped":3}

        data: {"at":"2026-01-01T00:00:02Z","clientId":"pump-1","direction":"out","type":"PUBACK","packetId":7,"bytes":4,"reason":"Success"}

        data: {"end":"2026-01-01T00:01:00Z"}

        """;

    [Fact]
    public async Task Tree_is_indented_for_people_whole_for_others_and_says_when_there_is_more()
    {
        using var run = new CliRun().Connected();
        run.Server.Answer("GET /api/v1/topics?prefix=acme%2Flyon&depth=2", Tree).Answer("GET /api/v1/topics", Tree);

        Assert.Equal(ExitCode.Done, await run.RunAsync("topic", "tree", "acme/lyon", "--depth", "2"));
        Assert.Equal("  pump-1   3         2026-01-01T00:00:00Z", run.Output.Split('\n')[2]);
        Assert.Contains("only the first 2 levels are shown", run.Error, StringComparison.Ordinal);

        Assert.Equal(ExitCode.Done, await run.RunAsync("topic", "tree", "-o", "name"));
        Assert.EndsWith("acme/lyon\nacme/lyon/pump-1\n", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tail_shows_so_many_messages_and_says_how_many_it_had_to_skip()
    {
        using var run = new CliRun().Connected();
        run.Server.Answer("GET /api/v1/messages/live?filter=acme%2F%23", Live);

        Assert.Equal(ExitCode.Done, await run.RunAsync("topic", "tail", "acme/#", "--count", "2"));

        Assert.Equal(
            "2026-01-01T00:00:01Z acme/lyon/pump-1/_tele 4·[2J2\n2026-01-01T00:00:02Z acme/lyon/pump-1/_media base64:/w==… (99 bytes)\n", run.Output);
        Assert.Equal("listening to acme/#\n7 messages were skipped: they came faster than they were read\n", run.Error);
    }

    [Fact]
    public async Task Tail_gives_machines_a_line_of_json_for_each_message_and_fails_when_the_stream_ends()
    {
        using var run = new CliRun().Connected();
        run.Server.Answer("GET /api/v1/messages/live?filter=a", Live);

        Assert.Equal(ExitCode.Failed, await run.RunAsync("topic", "tail", "a", "-o", "json"));

        var lines = run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(["4\u001b[2J2", null], lines.Select(line => (string?)JsonNode.Parse(line)!["payload"]));
        Assert.Contains("try:   the same command again", run.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Usage, await run.RunAsync("topic", "tail", "a", "--count", "0"));
    }

    [Fact]
    public async Task Publish_sends_text_or_the_bytes_of_a_file()
    {
        using var run = new CliRun().Connected();
        run.Server.Answer("POST /api/v1/messages", """{"topic":"a","device":"pump-1","bytes":2,"qos":1,"retained":false,"note":"not JSON"}""");
        await File.WriteAllBytesAsync(Path.Combine(run.Directory, "frame"), [0xFF, 0]);

        Assert.Equal(ExitCode.Done, await run.RunAsync("topic", "publish", "a", "--message", "", "--qos", "0", "--retain"));
        Assert.Equal(ExitCode.Done, await run.RunAsync("topic", "publish", "a", "--file", "frame"));

        Assert.Equal("""{"topic":"a","qos":0,"retain":true,"payload":""}""", run.Server.Requests[0].Body);
        Assert.Equal("/wA=", (string?)JsonNode.Parse(run.Server.Requests[1].Body)!["payloadBase64"]);
        Assert.Contains("not JSON", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("topic", "publish", "a")]
    [InlineData("topic", "publish", "a", "--message", "1", "--file", "f")]
    [InlineData("topic", "publish", "a", "--file", "not-there")]
    [InlineData("topic", "publish", "a", "--message", "1", "--qos", "2")]
    [InlineData("topic", "publish", "a/b/_tele", "--message", "1", "--mqtt", "127.0.0.1:1")]
    [InlineData("topic", "publish", "a/b/_tele", "--message", "1", "--within", "1s")]
    [InlineData("topic", "publish", "a/b/_tele", "--message", "1", "--spool", "")]
    [InlineData("topic", "publish", "a/b/_tele", "--message", "1", "--spool", "s")]
    [InlineData("topic", "publish", "a/b/_tele", "--message", "1", "--spool", "s", "--mqtts", "127.0.0.1:1")]
    [InlineData("topic", "publish", "a/b/_tele", "--message", "1", "--spool", "s", "--mqtt", "127.0.0.1:0")]
    [InlineData("topic", "publish", "a/b/_tele", "--message", "1", "--spool", "s", "--mqtt", "127.0.0.1:1", "--mqtts", "127.0.0.1:1")]
    [InlineData("topic", "publish", "a/b/_tele", "--message", "1", "--spool", "s", "--mqtts", "127.0.0.1:1", "--identity", "token")]
    [InlineData("topic", "publish", "a/b/_tele", "--message", "1", "--spool", "s", "--mqtt", "127.0.0.1:1", "--qos", "0")]
    [InlineData("topic", "publish", "a/b/_tele", "--message", "1", "--spool", "s", "--mqtt", "127.0.0.1:1", "--within", "soon")]
    [InlineData("topic", "publish", "a/b/_tele", "--spool", "s", "--mqtt", "127.0.0.1:1")]
    [InlineData("topic", "publish", "a", "--message", "1", "--spool", "s", "--mqtt", "127.0.0.1:1")]
    [InlineData("topic", "flush", ".", "--mqtt", "127.0.0.1:1", "--device", "pump-1")]
    [InlineData("device", "trace", "a", "--for", "11m")]
    [InlineData("device", "trace", "a", "--for", "0s")]
    [InlineData("device", "trace", "a", "--for", "a while")]
    [InlineData("device", "trace", "a", "--for", "")]
    public async Task What_cannot_be_meant_is_refused_before_anything_is_sent(params string[] arguments)
    {
        using var run = new CliRun().Connected();
        Assert.Equal(ExitCode.Usage, await run.RunAsync(arguments));
        Assert.Contains("try:   ", run.Error, StringComparison.Ordinal);
        Assert.Empty(run.Server.Requests);
        Assert.Equal(["token"], Directory.GetFileSystemEntries(run.Directory).Select(Path.GetFileName));
    }

    [Fact]
    public async Task Publish_to_a_spool_shows_what_it_would_keep()
    {
        using var run = new CliRun();
        Assert.Equal(
            ExitCode.Done,
            await run.RunAsync("topic", "publish", "acme/pump-1/_tele", "--message", "{}", "--qos", "2", "--spool", "s", "--mqtt", "127.0.0.1:1883", "--dry-run"));
        Assert.Equal("PUBLISH acme/pump-1/_tele qos=2 retain=false bytes=2 device=pump-1 spool=s to=127.0.0.1:1883\n", run.Output);
        Assert.False(Directory.Exists(Path.Combine(run.Directory, "s")));
    }

    [Fact]
    public async Task A_refusal_that_names_a_command_has_it_as_what_to_try()
    {
        using var run = new CliRun().Connected();
        run.Server.Answer(
            "POST /api/v1/messages",
            """{"type":"https://pilotage.dev/problems/fabric.device.not_found","detail":"There is no device at acme/x. See what there is: pilotage device list"}""",
            HttpStatusCode.NotFound);

        Assert.Equal(ExitCode.NotFound, await run.RunAsync("topic", "publish", "acme/x/_tele", "--message", "1"));
        Assert.Contains("try:   pilotage device list", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Trace_prints_packets_until_its_time_is_over()
    {
        using var run = new CliRun().Connected();
        run.Server.Answer("GET /api/v1/devices/pump-1/trace?seconds=120", Trace);

        Assert.Equal(ExitCode.Done, await run.RunAsync("device", "trace", "pump-1", "--for", "2m"));

        Assert.Equal(
            "2026-01-01T00:00:01Z in  PUBLISH     120 B id=7 qos=1 retain  pump-1\n2026-01-01T00:00:02Z out PUBACK      4 B id=7 reason=Success  pump-1\n", run.Output);
        Assert.Equal("tracing pump-1 for 120 s\n3 packets were passed over: there were more than can be told\n", run.Error);
    }
}
