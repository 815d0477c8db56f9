using System.Text.Json.Nodes;
using Pilotage.Core;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.TimeSeries;
using Xunit;

namespace Pilotage.Tests.Server.Fabric;

/// <summary>The last values of many devices in one answer.</summary>
public sealed class LatestRouteTests : IAsyncLifetime
{
    private const string Route = "/api/v1/series/latest";
    private const long Ms = 1_000_000;
    private const long Start = 1_767_225_600_000 * Ms; // 2026-01-01T00:00:00Z
    private static readonly TenantId Acme = new("acme");
    private readonly TestServerFolder _server = new();
    private readonly RequestPipeline _pipeline;

    public LatestRouteTests() => _pipeline = new RequestPipeline(_server);

    public async Task InitializeAsync()
    {
        _server.Get<IFleet>().Declare(Acme, [.. Enumerable.Range(1, 5).Select(i => new DeviceDeclaration($"acme/lyon/pump-{i}", i == 5 ? "fan" : "pump") { Id = new DeviceId($"p{i}") })]);
        var batch = new PointBatch();
        for (var i = 1; i <= 4; i++)
        {
            batch.AddRow(Acme, new DeviceId($"p{i}"), Start, 0, ["load", "temp"], [i, 0.1 + i], Quality.Good);
            batch.AddRow(Acme, new DeviceId($"p{i}"), Start + (500 * Ms), 0, ["load", "temp"], [-i, 0.25], Quality.Good);
        }

        batch.AddRow(Acme, new DeviceId("p2"), Start + (700 * Ms), 0, ["load"], [double.NaN], Quality.Bad);
        batch.AddRow(Acme, new DeviceId("p3"), Start + (500 * Ms) + (Ms / 4), 0, ["on", "state"], [SeriesValue.OfTruth(true), SeriesValue.OfText("é\"")], Quality.Good);
        await _server.Get<TimeSeriesStore>().AppendAsync(batch, null, default);
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task What_came_together_stands_together_the_latest_first()
    {
        var items = (await _pipeline.AskAsync("GET", Route)).Json["items"]!.AsArray();
        Assert.Equal(["p1", "p2", "p3", "p4"], items.Select(item => (string?)item!["device"]));
        Same("""{"device":"p1","path":"acme/lyon/pump-1","thing":"pump","latest":[{"ms":1767225600500,"values":{"load":-1,"temp":0.25}}]}""", items[0]);
        Same("""{"device":"p2","path":"acme/lyon/pump-2","thing":"pump","latest":[{"ms":1767225600700,"values":{"load":null},"quality":{"load":"bad"}},{"ms":1767225600500,"values":{"temp":0.25}}]}""", items[1]);
        Same("""{"device":"p3","path":"acme/lyon/pump-3","thing":"pump","latest":[{"ms":1767225600500.25,"values":{"on":true,"state":"é\""}},{"ms":1767225600500,"values":{"load":-3,"temp":0.25}}]}""", items[2]);
    }

    [Fact]
    public async Task Times_are_told_to_the_last_nanosecond()
    {
        var batch = new PointBatch();
        batch.AddRow(Acme, new DeviceId("p1"), Start + (3002 * Ms), 0, ["load"], [1.0], Quality.Good);
        batch.AddRow(Acme, new DeviceId("p1"), Start + (3002 * Ms) + 1, 0, ["temp"], [2.0], Quality.Good);
        await _server.Get<TimeSeriesStore>().AppendAsync(batch, null, default);
        var answer = await _pipeline.AskAsync("GET", Route, query: "?path=acme/lyon/pump-1");

        // Of doubles the first would have been 1767225603001.9998.
        Assert.Contains("""
            "latest":[{"ms":1767225603002.000001,"values":{"temp":2}},{"ms":1767225603002,"values":{"load":1}}]
            """.Trim(), answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Devices_and_properties_are_chosen_and_pages_follow_one_another()
    {
        var answer = await _pipeline.AskAsync("GET", Route, query: "?property=temp&path=acme/lyon/pump-*&limit=3");
        Assert.Equal(["p1", "p2", "p3"], answer.Json["items"]!.AsArray().Select(item => (string?)item!["device"]));
        Assert.All(answer.Json["items"]!.AsArray(), item => Assert.Equal("temp", Assert.Single(item!["latest"]![0]!["values"]!.AsObject()).Key));
        var next = await _pipeline.AskAsync("GET", Route, query: $"?property=temp&limit=3&cursor={answer.Json["nextCursor"]}");
        Assert.Equal(["p4"], next.Json["items"]!.AsArray().Select(item => (string?)item!["device"]));
        Assert.Null(next.Json["nextCursor"]);
        var both = (await _pipeline.AskAsync("GET", Route, query: "?property=temp,load&path=acme/lyon/pump-1")).Json["items"]![0]!["latest"]![0]!["values"]!.AsObject();
        Assert.Equal(["load", "temp"], both.Select(value => value.Key));
        Assert.Empty((await _pipeline.AskAsync("GET", Route, query: "?thing=fan")).Json["items"]!.AsArray());
    }

    [Theory]
    [InlineData("?limit=0", "limit is 0")]
    [InlineData("?cursor=not%20a%20path", "cursor is")]
    [InlineData("?properties=load", "\"properties\" is no parameter here")]
    public async Task What_cannot_be_asked_is_refused(string query, string says)
    {
        var answer = await _pipeline.AskAsync("GET", Route, query: query);
        Assert.Equal(400, answer.Status);
        Assert.Contains(says, answer.Detail(), StringComparison.Ordinal);
    }

    private static void Same(string expected, JsonNode? actual) => Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), actual), $"{actual}");
}
