using System.Globalization;
using System.Text.Json.Nodes;
using Pilotage.Core;
using Pilotage.Server.Fabric.Query;
using Pilotage.Server.Fabric.Retention;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.TimeSeries;
using Xunit;

namespace Pilotage.Tests.Server.Fabric;

/// <summary>Questions about windows and groups, as they are asked over HTTP.</summary>
public sealed class AggregateRouteTests : IAsyncLifetime
{
    private const string Route = "/api/v1/series/aggregates";
    private const long Second = 1_000_000_000;
    private const long Start = 1_767_225_600 * Second; // 2026-01-01T00:00:00Z
    private static readonly TenantId Acme = new("acme");
    private readonly TestServerFolder _server = new();
    private readonly RequestPipeline _pipeline;

    public AggregateRouteTests() => _pipeline = new RequestPipeline(_server);

    public async Task InitializeAsync()
    {
        var fleet = _server.Get<IFleet>();
        fleet.Declare(Acme, [
            new DeviceDeclaration("acme/lyon/hall/pump-1", "pump") { Id = new DeviceId("p1") },
            new DeviceDeclaration("acme/lyon/yard/pump-2", "pump") { Id = new DeviceId("p2") },
            new DeviceDeclaration("acme/nancy/hall/fan-1", "fan") { Id = new DeviceId("f1") }]);
        var batch = new PointBatch();
        for (var second = 0; second < 60; second++)
        {
            if (second is >= 20 and < 40)
            {
                continue;
            }

            batch.Add(new SeriesKey(Acme, new DeviceId("p1"), "load"), Start + (second * Second), second, Quality.Good, 0);
            batch.Add(new SeriesKey(Acme, new DeviceId("p2"), "load"), Start + (second * Second), 100 + second, Quality.Good, 0);
            batch.Add(new SeriesKey(Acme, new DeviceId("f1"), "load"), Start + (second * Second), -second, Quality.Good, 0);
        }

        await _server.Get<TimeSeriesStore>().AppendAsync(batch, null, default);
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Theory]
    [InlineData("load,load")]
    [InlineData(" load ")]
    [InlineData("load, load,load")]
    public async Task A_property_that_is_named_twice_is_asked_for_once(string property)
    {
        var answer = await _pipeline.AskAsync("GET", Route, query: $"?property={Uri.EscapeDataString(property)}&thing=pump&fn=count");
        Assert.Equal("""{"property":"load","unit":null,"columns":["ms","count"],"items":[{"group":"p1","points":[[null,40]]},{"group":"p2","points":[[null,40]]}]}""", answer.Text);
    }

    [Theory]
    [InlineData("", "f1: -29.5 | p1: 29.5 | p2: 129.5")]
    [InlineData("&fn=min,max,count,first,last,sum", "f1: -59 0 40 0 -59 -1180 | p1: 0 59 40 0 59 1180 | p2: 100 159 40 100 159 5180")]
    [InlineData("&thing=pump", "p1: 29.5 | p2: 129.5")]
    [InlineData("&path=acme/*/hall/*", "f1: -29.5 | p1: 29.5")]
    [InlineData("&groupBy=all&fn=count,max", ": 120 159")]
    [InlineData("&groupBy=level:1&fn=max", "acme/lyon: 159 | acme/nancy: 0")]
    [InlineData("&groupBy=level:2&fn=max&thing=pump", "acme/lyon/hall: 59 | acme/lyon/yard: 159")]
    [InlineData("&top=2&by=max", "p2: 129.5 | p1: 29.5")]
    [InlineData("&top=1&by=max&order=asc", "f1: -29.5")]
    [InlineData("&thing=fan&window=PT20S", "f1: -9.5, -49.5")]
    [InlineData("&thing=fan&window=PT20S&fill=null", "f1: -9.5, -, -49.5")]
    [InlineData("&thing=fan&window=PT20S&fill=previous", "f1: -9.5, -9.5, -49.5")]
    [InlineData("&thing=fan&window=PT20S&fill=linear", "f1: -9.5, -29.5, -49.5")]
    [InlineData("&thing=fan&window=PT20S&fill=null&from=2025-12-31T23:59:40Z&to=2026-01-01T00:01:10Z", "f1: -, -9.5, -, -49.5, -")]
    [InlineData("&thing=fan&window=PT10S&from=2026-01-01T00:00:05Z&to=2026-01-01T00:00:15Z", "f1: -7, -12")]
    [InlineData("&thing=nothing", "")]
    public async Task Windows_groups_ranks_and_fills(string parameters, string expected)
    {
        var answer = await _pipeline.AskAsync("GET", Route, query: $"?property=load{parameters}");
        Assert.True(answer.Status == 200, $"{answer}");
        Assert.Equal(expected, string.Join(" | ", answer.Json["items"]!.AsArray().Select(item =>
            $"{item!["group"]}: {string.Join(", ", item["points"]!.AsArray().Select(point => string.Join(' ', point!.AsArray().Skip(1).Select(Shown))))}")));
    }

    private static string Shown(JsonNode? value) => value is null ? "-" : value.GetValue<double>().ToString("0.##", CultureInfo.InvariantCulture);

    [Theory]
    [InlineData("fn=median", "fn", "known are avg, min")]
    [InlineData("window=5m", "window", "ISO 8601")]
    [InlineData("window=PT0S", "window", "ISO 8601")]
    [InlineData("window=P1Y", "window", "ISO 8601")]
    [InlineData("groupBy=site", "groupBy", "level:1")]
    [InlineData("groupBy=level:0", "groupBy", "level:1")]
    [InlineData("groupBy=level:7", "groupBy", "level:6")]
    [InlineData("fill=zero", "fill", "linear")]
    [InlineData("fill=previous", "fill", "give window too")]
    [InlineData("top=0", "top", "leave it out for all groups")]
    [InlineData("top=1&by=min,max", "by", "ranked by one")]
    [InlineData("top=1&order=up", "order", "asc")]
    [InlineData("from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "from", "earlier")]
    public async Task A_parameter_that_cannot_be_is_named(string parameters, string name, string says)
    {
        var answer = await _pipeline.AskAsync("GET", Route, query: $"?property=load&{parameters}");
        Assert.Equal(400, answer.Status);
        Assert.Contains(says, answer.Detail(), StringComparison.Ordinal);
        Assert.Equal(name, (string?)answer.Json["errors"]![0]!["where"]);
    }

    [Fact]
    public async Task A_query_that_gives_too_much_is_refused_with_its_size()
    {
        var answer = await _pipeline.AskAsync("GET", Route, query: "?property=load&window=PT0.0001S&fill=null");
        Assert.Equal(422, answer.Status);
        Assert.Contains($"would give 1,770,003 values; {AggregateRun.ValuesMax:N0} are the most", answer.Detail(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_span_of_all_time_is_counted_and_refused()
    {
        // From the first nanosecond that there is to the last: more windows than 64 bits count.
        var answer = await _pipeline.AskAsync("GET", Route, query: "?property=load&window=PT0.0000001S&fill=null&from=1600-01-01T00:00:00Z&to=9999-01-01T00:00:00Z");
        Assert.Equal(422, answer.Status);
        answer = await _pipeline.AskAsync("GET", Route, query: "?property=load&window=PT1S&fill=null&from=1600-01-01T00:00:00Z&to=9999-01-01T00:00:00Z");
        Assert.Equal(422, answer.Status);
        Assert.Contains("values; 500,000 are the most", answer.Detail(), StringComparison.Ordinal);

        // Few windows of all time are told, and the telling ends.
        answer = await _pipeline.AskAsync("GET", Route, query: "?property=load&window=P366D&fill=null&thing=fan&from=1600-01-01T00:00:00Z&to=9999-01-01T00:00:00Z");
        Assert.Equal(200, answer.Status);
        var points = answer.Json["items"]![0]!["points"]!.AsArray();
        Assert.InRange(points.Count, 580, 585);
        Assert.Equal(-29.5, (double?)Assert.Single(points, point => point![1] is not null)![1]);
    }

    [Fact]
    public void A_query_that_reads_too_much_is_refused_before_it_reads_and_one_that_nobody_waits_for_ends()
    {
        var devices = _server.Get<IFleet>().List(Acme, new DeviceQuery());
        var query = new AggregateQuery { Property = "load", Sources = [.. devices.Select(device => new AggregateSource(device, "load", device.Id.Value))] };
        var (store, rollUps) = (_server.Get<TimeSeriesStore>(), _server.Get<RollUps>());
        Assert.Contains("would hold more than 2 windows", AggregateRun.Run(store, rollUps, query with { WindowNs = 1_000_000_000 }, default, windowsMax: 2).Refusal.Message, StringComparison.Ordinal);
        Assert.Contains("would read about 120 points; 119 are the most", AggregateRun.Run(store, rollUps, query, default, pointsMax: 119).Refusal.Message, StringComparison.Ordinal);
        Assert.True(AggregateRun.Run(store, rollUps, query, default, pointsMax: 120).IsOk);
        Assert.Throws<OperationCanceledException>(() => AggregateRun.Run(store, rollUps, query, new CancellationToken(canceled: true)));
    }

    [Fact]
    public async Task Series_are_listed_with_their_last_values_page_by_page()
    {
        var seen = new List<string>();
        var query = "?limit=2&path=acme/**";
        for (var pages = 0; pages < 2; pages++)
        {
            var answer = await _pipeline.AskAsync("GET", "/api/v1/series", query: query);
            Assert.Equal(200, answer.Status);
            seen.AddRange(answer.Json["items"]!.AsArray().Select(row => $"{row!["device"]} {row["property"]} {row["lastValue"]} {row["quality"]} {row["lastTime"]}"));
            query = $"?limit=2&path=acme/**&cursor={Uri.EscapeDataString((string?)answer.Json["nextCursor"] ?? "none")}";
        }

        Assert.EndsWith("=none", query, StringComparison.Ordinal);
        Assert.Equal(
            ["f1 load -59 good 2026-01-01T00:00:59+00:00", "p1 load 59 good 2026-01-01T00:00:59+00:00", "p2 load 159 good 2026-01-01T00:00:59+00:00"], seen);
        Assert.Empty((await _pipeline.AskAsync("GET", "/api/v1/series", query: "?property=nothing")).Json["items"]!.AsArray());
        Assert.Equal(400, (await _pipeline.AskAsync("GET", "/api/v1/series", query: "?limit=50001")).Status);
    }

    [Fact]
    public async Task A_property_must_be_named_and_a_parameter_known()
    {
        Assert.Equal(400, (await _pipeline.AskAsync("GET", Route)).Status);
        var unknown = await _pipeline.AskAsync("GET", Route, query: "?property=load&widow=PT5M");
        Assert.Equal(400, unknown.Status);
        Assert.Contains("window, fn, groupBy", unknown.Detail(), StringComparison.Ordinal);
    }
}
