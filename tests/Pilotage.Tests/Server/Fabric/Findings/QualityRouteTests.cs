using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Pilotage.Core;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Testing;
using Xunit;

namespace Pilotage.Tests.Server.Fabric.Findings;

/// <summary>The quality of series, from telemetry over HTTP to the answer, through the whole pipeline.</summary>
public sealed class QualityRouteTests : IAsyncLifetime
{
    private const string Route = "/api/v1/series/quality";
    private const int Points = 300;
    private const int StuckPoints = 60;
    private static readonly TenantId Acme = new("acme");
    private readonly ManualTime _time = new();
    private readonly TestServerFolder _server;
    private readonly RequestPipeline _pipeline;
    private readonly Random _random = new(5);

    public QualityRouteTests()
    {
        _server = new TestServerFolder(_time);
        _pipeline = new RequestPipeline(_server);
    }

    public Task InitializeAsync()
    {
        _server.Get<IFleet>().Declare(Acme, [new DeviceDeclaration("acme/lyon/pump-1", "pump") { Id = new("p1") }, new DeviceDeclaration("acme/metz/pump-2", "pump") { Id = new("p2") }]);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task What_was_acknowledged_is_in_the_answer_with_the_reason_and_since_when()
    {
        await SendAsync("p1", 0, Points, isStuck: false);
        await SendAsync("p1", Points, StuckPoints, isStuck: true);
        var answer = await _pipeline.AskAsync("GET", Route, query: "?device=p1");
        var row = Assert.Single(answer.Json["items"]!.AsArray(), one => (string?)one!["property"] == "vibration")!;
        Assert.Equal((20.0, false, Points + StuckPoints), ((double)row["score"]!, (bool)row["learning"]!, (int)row["points"]!));
        var finding = Assert.Single(row["findings"]!.AsArray())!;
        Assert.Equal(("stuck", true, 1), ((string?)finding["kind"], (bool)finding["active"]!, (int)finding["count"]!));
        Assert.Equal(At(Points - 1), (DateTimeOffset)finding["since"]!);
        Assert.StartsWith("the same value 50, since 2025-12-31T23:", (string?)row["reason"], StringComparison.Ordinal);
        Assert.Equal((2, 100_000, 0), ((int)answer.Json["watched"]!, (int)answer.Json["watchedMax"]!, (int)answer.Json["pointsSkipped"]!));
    }

    [Fact]
    public async Task The_worst_come_first_and_a_finding_can_be_asked_for()
    {
        await SendAsync("p1", 0, Points, isStuck: false);
        await SendAsync("p2", 0, Points, isStuck: false);
        await SendAsync("p2", Points, StuckPoints, isStuck: true);
        Assert.Equal(["p2 vibration", "p1 temperature"], Names(await _pipeline.AskAsync("GET", Route, query: "?worst=2")));
        Assert.Equal(["p2 vibration"], Names(await _pipeline.AskAsync("GET", Route, query: "?finding=stuck")));
        Assert.Equal(["p1 temperature", "p1 vibration"], Names(await _pipeline.AskAsync("GET", Route, query: "?path=acme/lyon/*")));
        var first = await _pipeline.AskAsync("GET", Route, query: "?limit=3");
        Assert.Equal(["p1 temperature", "p1 vibration", "p2 temperature"], Names(first));
        Assert.Equal(["p2 vibration"], Names(await _pipeline.AskAsync("GET", Route, query: $"?limit=3&cursor={Uri.EscapeDataString((string)first.Json["nextCursor"]!)}")));
    }

    [Theory]
    [InlineData("?worst=0", 400, "worst is 0; give 1 to 1000")]
    [InlineData("?worst=5&limit=5", 400, "worst cannot be given beside cursor or limit")]
    [InlineData("?finding=broken", 400, "finding is \"broken\"; give one of stuck, flatline")]
    [InlineData("?device=p9", 404, "p9")]
    [InlineData("?device=p1&path=a/*", 400, "device cannot be given beside path")]
    [InlineData("?worse=3", 400, "\"worse\" is no parameter here")]
    public async Task A_wrong_parameter_is_refused_by_name(string query, int status, string says)
    {
        var answer = await _pipeline.AskAsync("GET", Route, query: query);
        Assert.Equal(status, answer.Status);
        Assert.Contains(says, answer.Detail(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Series_are_listed_with_their_score_and_readiness_counts_it()
    {
        await SendAsync("p1", 0, Points, isStuck: false);
        Assert.Equal("100 100", await ScoresAsync());
        Assert.Equal(100, await ReadinessAsync());
        await SendAsync("p1", Points, StuckPoints, isStuck: true);
        Assert.Equal("100 20", await ScoresAsync());
        var readiness = (await _pipeline.AskAsync("GET", "/api/v1/devices/p1/readiness")).Json;
        Assert.Equal(60, (double)readiness["score"]!, 0.5);
        Assert.StartsWith("vibration stuck: the same value 50", (string?)readiness["devices"]![0]!["reasons"]!.AsArray()[^1], StringComparison.Ordinal);

        async Task<string> ScoresAsync() => string.Join(' ', (await _pipeline.AskAsync("GET", "/api/v1/series")).Json["items"]!.AsArray().Select(row => row!["score"]!.ToJsonString()));
        async Task<double> ReadinessAsync() => Math.Round((double)(await _pipeline.AskAsync("GET", "/api/v1/devices/p1/readiness")).Json["score"]!);
    }

    [Fact]
    public async Task The_bounds_of_the_thing_description_hold_from_the_moment_it_is_imported()
    {
        await SendAsync("p1", 0, Points, isStuck: false);

        // What waits to be looked at would be held to bounds that came later.
        await _pipeline.AskAsync("GET", Route, query: "?device=p1");
        const string Description = """
            {"@context":"https://www.w3.org/2022/wot/td/v1.1","title":"Pump","security":"n","securityDefinitions":{"n":{"scheme":"nosec"}},
            "properties":{"temperature":{"type":"number","unit":"Cel","maximum":19}}}
            """;
        var put = await _pipeline.AskAsync("PUT", "/api/v1/things/pump/description", Description, mediaType: "application/td+json");
        Assert.True(put.Status == 200, put.Text);
        await SendAsync("p1", Points, 10, isStuck: false);
        var row = (await _pipeline.AskAsync("GET", Route, query: "?device=p1&property=temperature")).Json["items"]![0]!;
        Assert.Equal("Cel", (string?)row["unit"]);
        var finding = Assert.Single(row["findings"]!.AsArray())!;
        Assert.Equal(("out-of-range", 10, 19.0), ((string?)finding["kind"], (int)finding["count"]!, (double)finding["usual"]!));
    }

    [Fact]
    public async Task A_live_series_that_falls_silent_says_so_before_its_next_point()
    {
        _time.Jump(At(Points));
        await SendAsync("p1", 0, Points, isStuck: false);
        Assert.Equal(100, (double)(await RowAsync())["score"]!);
        _time.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(50, (double)(await RowAsync())["score"]!);
        Assert.StartsWith("silent since 2025-12-31T23:", (string?)(await RowAsync())["reason"], StringComparison.Ordinal);

        async Task<JsonNode> RowAsync() => (await _pipeline.AskAsync("GET", Route, query: "?device=p1&property=vibration")).Json["items"]![0]!;
    }

    private static DateTimeOffset At(int point) => new DateTimeOffset(2025, 12, 31, 23, 0, 0, TimeSpan.Zero).AddSeconds(point);

    private static List<string> Names(RequestPipeline.Answer answer) =>
        [.. answer.Json["items"]!.AsArray().Select(row => $"{row!["device"]} {row["property"]}")];

    private async Task SendAsync(string device, int from, int points, bool isStuck)
    {
        var lines = new StringBuilder("ts,temperature,vibration\n");
        for (var i = from; i < from + points; i++)
        {
            var vibration = isStuck || i == Points - 1 ? 50 : Math.Round(50 + Signals.Noise(_random), 4);
            lines.Append(CultureInfo.InvariantCulture, $"{At(i):O},{20 + Math.Round(0.1 * Math.Abs(Signals.Noise(_random)), 4)},{vibration}\n");
        }

        var answer = await _pipeline.AskAsync("POST", $"/api/v1/devices/{device}/telemetry", lines.ToString(), mediaType: "text/csv");
        Assert.True(answer.Status == 200, answer.Text);
    }
}
