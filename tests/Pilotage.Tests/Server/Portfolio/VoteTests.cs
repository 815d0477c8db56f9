using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Pilotage.Tests.Server.Package;
using Xunit;

namespace Pilotage.Tests.Server.Portfolio;

/// <summary>Votes of people and roles that do not exist are refused with those that do.</summary>
public sealed class VoteTests : IAsyncLifetime
{
    private const string Sponsor = "sponsor";
    private readonly TestServerFolder _server = new();
    private readonly RequestPipeline _pipeline;
    private string _gate = "";

    public VoteTests() => _pipeline = new RequestPipeline(_server);

    public async Task InitializeAsync()
    {
        var files = new JsonObject(SamplePackage.Bytes(SamplePackage.Texts())
            .Select(file => KeyValuePair.Create(file.Key, (JsonNode?)Convert.ToBase64String(file.Value.Span))));
        var package = (await _pipeline.AskAsync("POST", "/api/v1/packages", new JsonObject { ["files"] = files }.ToJsonString())).Json;
        var useCase = await _pipeline.AskAsync("POST", "/api/v1/use-cases", new JsonObject { ["package"] = (string?)package["digest"] }.ToJsonString());
        Assert.True(useCase.Status == StatusCodes.Status200OK, $"{useCase}");
        _gate = $"/api/v1/use-cases/{useCase.Json["id"]}/gates/pilot";
        await _pipeline.AskAsync("PUT", "/api/v1/people/j.martin", """{"displayName":"J. Martin","roles":["sponsor"]}""");
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task ASponsor_the_gate_does_not_ask_for_is_refused_with_those_it_does() =>
        Assert.Contains("asks for sponsor, ot_lead", (await VoteAsync("gardener", "j.martin", StatusCodes.Status422UnprocessableEntity)).Detail(), StringComparison.Ordinal);

    [Fact]
    public async Task A_person_nobody_knows_is_refused_with_those_that_are_known() =>
        Assert.Contains("known are j.martin (sponsor)", (await VoteAsync(Sponsor, "nobody", StatusCodes.Status404NotFound)).Detail(), StringComparison.Ordinal);

    [Fact]
    public async Task A_vote_is_approve_or_reject_and_its_note_has_a_longest()
    {
        Assert.Contains("approve or reject", (await VoteAsync(Sponsor, "j.martin", StatusCodes.Status422UnprocessableEntity, vote: "abstain")).Detail(), StringComparison.Ordinal);
        Assert.StartsWith("note has 2001", (await VoteAsync(Sponsor, "j.martin", StatusCodes.Status422UnprocessableEntity, note: new string('x', 2_001))).Detail(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Votes_stay_when_the_person_is_taken_away()
    {
        await VoteAsync(Sponsor, "j.martin", StatusCodes.Status200OK);
        Assert.Equal(StatusCodes.Status204NoContent, (await _pipeline.AskAsync("DELETE", "/api/v1/people/j.martin")).Status);
        Assert.Equal(StatusCodes.Status404NotFound, (await _pipeline.AskAsync("DELETE", "/api/v1/people/j.martin")).Status);
        Assert.Equal("J. Martin", (string?)(await _pipeline.AskAsync("GET", _gate)).Json["votes"]![0]!["person"]);
        await VoteAsync(Sponsor, "j.martin", StatusCodes.Status404NotFound);
    }

    private async Task<RequestPipeline.Answer> VoteAsync(string role, string person, int status, string vote = "approve", string? note = null)
    {
        var body = new JsonObject { ["role"] = role, ["person"] = person, ["vote"] = vote, ["note"] = note };
        var answer = await _pipeline.AskAsync("POST", _gate + "/decide", body.ToJsonString());
        Assert.True(answer.Status == status, $"{answer}");
        return answer;
    }
}
