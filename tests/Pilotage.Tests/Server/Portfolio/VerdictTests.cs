using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Pilotage.Core;
using Pilotage.Server.Fabric.Contracts;
using Pilotage.Server.Portfolio;
using Xunit;

namespace Pilotage.Tests.Server.Portfolio;

/// <summary>A person may change their mind about an alert, and everybody can see that they did.</summary>
public sealed class VerdictTests : IAsyncLifetime
{
    private const string Verdict = "/api/v1/alerts/al_1/verdict";
    private static readonly TenantId Acme = new("acme");
    private readonly TestServerFolder _server = new();
    private readonly RequestPipeline _pipeline;

    public VerdictTests() => _pipeline = new RequestPipeline(_server);

    public async Task InitializeAsync()
    {
        var raised = JsonSerializer.SerializeToElement(new { id = "al_1", kind = "wear", score = 0.9 });
        await _server.Get<IDomainEvents>().RecordAsync(new DomainEvent(0, Acme, new DeviceId("pump"), "edge", "al_1", "alert", 1, 2, raised), CancellationToken.None);
        await _pipeline.AskAsync("PUT", "/api/v1/people/j.martin", """{"displayName":"J. Martin","roles":["maintenance"]}""");
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task A_second_verdict_counts_and_the_first_one_stays()
    {
        var first = await JudgeAsync(new() { ["answer"] = "right", ["cause"] = "bearing", ["person"] = "j.martin" });
        Assert.Equal("J. Martin", (string?)first["verdict"]!["person"]);
        Assert.Null(first["previous"]);

        var second = await JudgeAsync(new() { ["answer"] = "wrong", ["note"] = "sensor loose", ["person"] = "J. Martin" });
        Assert.Equal("wrong", (string?)second["verdict"]!["answer"]);
        Assert.Equal("right", (string?)second["previous"]!["answer"]);
        await JudgeAsync(new() { ["answer"] = "unsure" });

        var shown = (await _pipeline.AskAsync("GET", "/api/v1/alerts/al_1")).Json;
        Assert.Equal(("unsure", "wrong"), ((string?)shown["verdict"]!["answer"], (string?)shown["previous"]!["answer"]));
        Assert.Equal("administrator", (string?)shown["verdict"]!["person"]);
        var all = (await _pipeline.AskAsync("GET", "/api/v1/alerts/al_1/verdicts")).Json["items"]!.AsArray();
        Assert.Equal(["unsure", "wrong", "right"], all.Select(one => (string?)one!["answer"]));
        Assert.Equal(3, _server.Get<ILineage>().Down(Acme, new(NodeKind.Alert, "al_1"), 10).Edges.Count(edge => edge.Type == "judged"));
        Assert.Equal(3, _server.Get<IDomainEvents>().Read(Acme, "verdict").Count);
    }

    [Fact]
    public async Task What_a_pipeline_on_the_server_raises_says_nothing_of_a_use_case()
    {
        var raised = JsonSerializer.SerializeToElement(new { id = "al_2", kind = "hot", pipeline = "hot" });
        await _server.Get<IDomainEvents>().RecordAsync(new DomainEvent(0, Acme, new DeviceId("pump"), "pipelines/hot", "al_2", "alert", 1, 2, raised), CancellationToken.None);
        await JudgeAsync(new() { ["answer"] = "right" });
        Assert.Equal(200, (await _pipeline.AskAsync("POST", "/api/v1/alerts/al_2/verdict", """{"answer":"wrong"}""")).Status);
        var evidence = _server.Get<IEnumerable<IEvidenceSource>>().OfType<FieldEvidence>().Single();
        Assert.Equal(100, evidence.Read(new UseCase(Acme, null!, default, 0), "alerts.right_pct").Figure);
        Assert.Equal("hot", (string?)(await _pipeline.AskAsync("GET", "/api/v1/alerts/al_2")).Json["pipeline"]);
        Assert.Equal("1 of 1 alerts were judged right or wrong", evidence.Read(new UseCase(Acme, null!, default, 0), "verdicts").Why);
    }

    [Theory]
    [InlineData("""{"answer":"maybe"}""", "/answer", "right, wrong or unsure")]
    [InlineData("""{"answer":"right","person":"nobody"}""", null, "known are j.martin (maintenance)")]
    [InlineData("""{"answer":"right","person":""}""", null, "There is no person \"\"")]
    public async Task A_verdict_that_cannot_be_is_refused_and_leaves_nothing(string body, string? where, string says)
    {
        var answer = await _pipeline.AskAsync("POST", Verdict, body);
        Assert.InRange(answer.Status, 400, 499);
        Assert.Contains(says, answer.Detail(), StringComparison.Ordinal);
        Assert.Equal(where, (string?)answer.Json["errors"]?[0]!["where"]);
        Assert.Empty(_server.Get<IDomainEvents>().Read(Acme, "verdict"));
    }

    [Theory]
    [InlineData("note", 2_000)]
    [InlineData("cause", 200)]
    public async Task Words_have_a_longest(string part, int most)
    {
        var answer = await _pipeline.AskAsync("POST", Verdict, new JsonObject { ["answer"] = "right", [part] = new string('x', most + 1) }.ToJsonString());
        Assert.Equal(StatusCodes.Status422UnprocessableEntity, answer.Status);
        Assert.Equal($"{part} has {most + 1} characters; give at most {most}.", answer.Detail());
        await JudgeAsync(new() { ["answer"] = "right", [part] = new string('x', most) });
    }

    private async Task<JsonNode> JudgeAsync(JsonObject body)
    {
        var answer = await _pipeline.AskAsync("POST", Verdict, body.ToJsonString());
        Assert.True(answer.Status == StatusCodes.Status200OK, $"{answer}");
        return answer.Json;
    }
}
