using System.Text;
using Pilotage.Cli.Frame;
using Pilotage.Core;
using Pilotage.Server.Fabric.Mapping;
using Pilotage.Server.Fabric.Unmapped;
using Pilotage.Tests.Cli;
using Xunit;

namespace Pilotage.Tests.Server.Fabric.Unmapped;

/// <summary>Topics that nothing maps, over HTTP and on the command line.</summary>
public sealed class UnmappedRouteTests : IAsyncLifetime
{
    private static readonly TenantId Acme = new("acme");
    private readonly TestServerFolder _server = new();
    private readonly RequestPipeline _pipeline;

    public UnmappedRouteTests() => _pipeline = new RequestPipeline(_server);

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task A_topic_is_shown_with_samples_and_what_they_seem_to_be()
    {
        Add("plant", "f/press-1/temp_c", "21.5");
        Add("plant", "f/press-1/raw", "\u0000\u00ff");
        Add("plant", "g/x", "1", hasRule: true);

        var items = (await _pipeline.AskAsync("GET", "/api/v1/unmapped")).Json["items"]!.AsArray();
        Assert.Equal(["f/press-1/raw", "f/press-1/temp_c", "g/x"], items.Select(item => (string?)item!["topic"]));
        Assert.Equal(("AP8=", "its messages are bytes, and neither JSON nor text"), ((string?)items[0]!["samples"]![0]!["payloadBase64"], (string?)items[0]!["problem"]));
        Assert.Equal(("21.5", "number"), ((string?)items[1]!["samples"]![0]!["payload"], (string?)items[1]!["payload"]));
        Assert.Equal("""{"field":"","kind":"number","unit":"Cel","confidence":"high","why":"the name ends in c"}""", items[1]!["guesses"]![0]!.ToJsonString());
    }

    [Fact]
    public async Task Pages_end_and_other_sources_are_left_out()
    {
        for (var i = 0; i < 25; i++)
        {
            Add(i % 2 == 0 ? "plant" : "site", $"t/{i:00}", "1");
        }

        var first = (await _pipeline.AskAsync("GET", "/api/v1/unmapped", query: "?source=plant&limit=10")).Json;
        var second = (await _pipeline.AskAsync("GET", "/api/v1/unmapped", query: $"?source=plant&limit=10&cursor={first["nextCursor"]}")).Json;
        Assert.Equal((10, 3, null), (first["items"]!.AsArray().Count, second["items"]!.AsArray().Count, (long?)second["nextCursor"]));
        Assert.Equal(400, (await _pipeline.AskAsync("GET", "/api/v1/unmapped", query: "?limit=0")).Status);
    }

    [Fact]
    public async Task A_proposal_is_printed_ready_to_be_edited_and_added()
    {
        Add("plant", "f/press-1/temp_c", "21.5");
        Add("plant", "f/press-2/temp_c", "22");
        Add("plant", "f/press-2/raw", "\u0000\u00ff");
        using var http = new PipelineHandler(_pipeline);
        using var run = new CliRun { Http = http }.Connected();

        Assert.Equal(ExitCode.Done, await run.RunAsync("mapping", "propose"));
        Assert.Contains("left out: f/press-2/raw: its messages are bytes", run.Error, StringComparison.Ordinal);
        Assert.Contains("    topic: \"f/{machine}/{property}\"\n", run.Output, StringComparison.Ordinal);
        Assert.Contains("      \"temp_c\": {unit: \"Cel\", type: number}  # high: the name ends in c\n", run.Output, StringComparison.Ordinal);
        await File.WriteAllTextAsync(Path.Combine(run.Directory, "p.yaml"), run.Output);
        Assert.Equal(ExitCode.Done, await run.RunAsync("mapping", "add", "p.yaml"));
        Assert.Equal(ExitCode.Done, await run.RunAsync("mapping", "unmapped", "-o", "name"));
    }

    [Fact]
    public async Task Nothing_or_too_much_to_propose_says_what_to_do()
    {
        Assert.Contains("There is no topic that nothing maps", await DetailAsync(404, ""), StringComparison.Ordinal);
        Add("plant", "a/b", "1");
        Add("site", "a/b", "1");
        Assert.Contains("topics of plant, site are unmapped; give one of them", await DetailAsync(400, ""), StringComparison.Ordinal);
        Assert.Contains("Nothing unmapped came to x/y", await DetailAsync(404, "?topic=x/y"), StringComparison.Ordinal);
        Add("bytes", "a/b", "\u00ff\u00fe");
        Assert.Contains("Nothing is proposed: of a/b, its messages are bytes", await DetailAsync(422, "?source=bytes"), StringComparison.Ordinal);
    }

    private async Task<string> DetailAsync(int status, string query)
    {
        var answer = await _pipeline.AskAsync("GET", "/api/v1/unmapped/proposal", query: query);
        Assert.Equal(status, answer.Status);
        return answer.Detail();
    }

    private void Add(string source, string topic, string payload, bool hasRule = false) =>
        _server.Get<UnmappedBook>().Add(Acme, source, new ForeignMessage(topic, Encoding.Latin1.GetBytes(payload), null, false, 1_767_225_600_000_000_000), hasRule, "no rule");
}
