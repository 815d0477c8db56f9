using Pilotage.Core;
using Pilotage.Server.Fabric.Query;
using Pilotage.Server.Fabric.Retention;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Testing;
using Pilotage.TimeSeries;
using Xunit;
using Xunit.Abstractions;

namespace Pilotage.Tests.Server.Fabric;

/// <summary>How series go together, at which lag.</summary>
public sealed class CorrelationRouteTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const string Route = "/api/v1/series/correlation";
    private const long Minute = 60_000_000_000;
    private const long Start = 1_767_225_600_000_000_000; // 2026-01-01T00:00:00Z
    private static readonly TenantId Acme = new("acme");
    private readonly TestServerFolder _server = new();
    private RequestPipeline? _pipeline;

    public async Task InitializeAsync()
    {
        _pipeline = new RequestPipeline(_server);
        _server.Get<IFleet>().Declare(Acme, [
            new DeviceDeclaration("acme/lyon/pump-1", "pump") { Id = new("p1") }, new DeviceDeclaration("acme/lyon/pump-2", "pump") { Id = new("p2") },
            new DeviceDeclaration("acme/nancy/fan-1", "fan") { Id = new("f1") }]);
        var random = new Random(7);
        var load = Enumerable.Range(0, 400).Select(_ => random.NextDouble()).ToArray();
        var batch = new PointBatch();
        for (var i = 20; i < 380; i++)
        {
            void Add(string device, string property, double value) => batch.Add(new SeriesKey(Acme, new DeviceId(device), property), Start + (i * Minute), value, Quality.Good, 0);
            Add("p1", "load", 1e9 + load[i]);
            Add("p1", "temp", 20 + (3 * load[i - 5]));
            Add("p2", "flow", -load[i + 10] + (0.2 * random.NextDouble()));
            Add("p2", "noise", random.NextDouble());
            Add("f1", "still", 4);
        }

        batch.Add(new SeriesKey(Acme, new("p1"), "state"), Start, SeriesValue.OfText("run"), Quality.Good, 0);
        await _server.Get<TimeSeriesStore>().AppendAsync(batch, null, default);
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task A_series_that_follows_has_a_positive_lag_and_one_that_goes_before_a_negative_one()
    {
        var answer = (await _pipeline!.AskAsync("GET", Route, query: "?series=p1/load,p1/temp&window=PT1M&lags=15")).Json;
        var item = answer["items"]![0]!;
        Assert.Equal((60, 300, 355, 31), ((int)answer["windowSeconds"]!, (int)item["lagSeconds"]!, (int)item["pairs"]!, item["lags"]!.AsArray().Count));
        Assert.Equal(1, (double)item["r"]!, 6);
        Assert.Equal("p1/temp follows p1/load by 5 min: it rises when the first rises (r 1.00, 355 windows)", (string)item["says"]!);
        Assert.True(Math.Abs((double)item["lags"]![0]!["r"]!) < 0.3);

        item = (await _pipeline.AskAsync("GET", Route, query: "?series=pump-1/load,pump-2/flow&lags=15")).Json["items"]![0]!;
        Assert.Equal(-600, (int)item["lagSeconds"]!);
        Assert.InRange((double)item["r"]!, -1, -0.9);
        Assert.StartsWith("p2/flow goes 10 min before p1/load: it falls when the first rises", (string)item["says"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_hardly_goes_together_is_not_said_to()
    {
        var item = (await _pipeline!.AskAsync("GET", Route, query: "?series=p1/load,p2/noise&lags=15")).Json["items"]![0]!;
        Assert.True(Math.Abs((double)item["r"]!) < 0.3);
        Assert.StartsWith("p2/noise hardly goes with p1/load: the strongest is r ", (string)item["says"]!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("?series=p1/load&lags=15", "p1/temp p2/flow p2/noise", 4)]
    [InlineData("?series=p1/load&lags=15&top=1", "p1/temp", 4)]
    [InlineData("?series=p1/load&lags=15&path=acme/*/pump-2", "p2/flow p2/noise", 2)]
    [InlineData("?series=p1/load&lags=15&thing=fan", "", 1)]
    [InlineData("?series=p1/load&lags=15&property=flow&from=2026-01-01T01:00:00Z&to=2026-01-01T05:00:00Z", "p2/flow", 1)]
    [InlineData("?series=p1/load,f1/still&lags=2", "", 1)]
    [InlineData("?series=p1/load,p1/temp&from=2027-01-01T00:00:00Z", "", 1)]
    public async Task One_is_held_against_all_of_a_search_the_strongest_first(string query, string expected, int compared)
    {
        var answer = await _pipeline!.AskAsync("GET", Route, query: query);
        Assert.True(answer.Status == 200, $"{answer}");
        Assert.Equal((expected, compared), (string.Join(' ', answer.Json["items"]!.AsArray().Select(item => $"{item!["series"]}")), (int)answer.Json["compared"]!));
    }

    [Theory]
    [InlineData("?series=p1/load,p1/temp,p2/flow", 400, "names 3 series; give 1 to 2")]
    [InlineData("?series=p1/load,p1/temp&thing=pump", 400, "one or the other")]
    [InlineData("?series=p1/load,p1/state", 400, "series names p1/state, which holds text; only numbers, and true and false, can go with one another")]
    [InlineData("?series=p1/state", 400, "series names p1/state, which holds text")]
    [InlineData("?series=p1/lod", 404, "p1 has no series \"lod\"")]
    [InlineData("?series=p1/load,p1/temp&lags=1001", 400, "give 0 to 1000")]
    [InlineData("?series=p1/load,p1/temp&lags=-1", 400, "give 0 to 1000")]
    [InlineData("?series=p1/load,p1/temp&window=P1M", 400, "an ISO 8601 duration")]
    [InlineData("?series=p1/load&quantity=warmth", 400, "quantity")]
    [InlineData("?series=p1/load,p1/temp&from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", 400, "the earlier time as from")]
    public async Task What_cannot_be_asked_is_said(string query, int status, string says)
    {
        var answer = await _pipeline!.AskAsync("GET", Route, query: query);
        Assert.Equal(status, answer.Status);
        Assert.Contains(says, answer.Detail(), StringComparison.Ordinal);
    }

    [Fact]
    public void Too_much_is_refused_before_it_is_done()
    {
        var store = _server.Get<TimeSeriesStore>();
        var query = Query("p1", "load", "temp", Minute, 10);
        Assert.Contains("would read about 720 points", CorrelationRun.Run(store, _server.Get<RollUps>(), query, default, pointsMax: 719).Refusal.Message, StringComparison.Ordinal);
        Assert.Contains("pairs of windows", CorrelationRun.Run(store, _server.Get<RollUps>(), query, default, pairsMax: (360 * 21) - 1).Refusal.Message, StringComparison.Ordinal);
        Assert.Contains("more than 359 windows from the first to the last of p1/load", CorrelationRun.Run(store, _server.Get<RollUps>(), query, default, windowsMax: 359).Refusal.Message, StringComparison.Ordinal);
        Assert.True(CorrelationRun.Run(store, _server.Get<RollUps>(), query, default, 720, 360 * 21, 360).IsOk);
    }

    [Fact]
    public void A_lag_with_few_pairs_does_not_win_and_equal_ones_go_to_the_shortest()
    {
        LagRow?[] best =
        [
            CorrelationRun.Best([new(-9, 1, 40), new(0, 0.5, 100), new(1, -0.6, 99)]),
            CorrelationRun.Best([new(-3, 0.9, 50), new(2, -0.9, 50), new(3, 0.9, 50)]),
            CorrelationRun.Best([new(-2, 0.9, 50), new(2, -0.9, 50)]),
            CorrelationRun.Best([new(0, null, 2)]),
        ];
        Assert.Equal("1 2 2 -", string.Join(' ', best.Select(row => row is { } there ? $"{there.Lag}" : "-")));
    }

    [Fact]
    public async Task Random_series_go_together_as_a_plain_count_says()
    {
        output.WriteLine($"seed {TestSize.Seed}");
        var random = new Random(TestSize.Seed);
        await using var store = new StoreFixture().Open(headPointsMax: 200);
        var plain = new Dictionary<(string Property, long Time), double>();
        for (var i = 0; i < 4_000; i++)
        {
            var (property, time) = (random.Next(2) == 0 ? "a" : "b", Start + (random.Next(30_000) * 1_000_000_000L));
            var value = random.Next(30) == 0 ? double.NaN : (100 * Math.Sin(time / 1e12)) + random.Next(20);
            await store.AppendAsync(StoreFixture.Row("p1", time, (property, value)), null, default);
            plain[(property, time)] = value;
            if (random.Next(400) == 0)
            {
                var from = Start + (random.Next(30_000) * 1_000_000_000L);
                await store.DeleteAsync(new Deletion(Acme, new("p1"), [property], from, from + (10 * Minute)), default);
                foreach (var gone in plain.Keys.Where(key => key.Property == property && key.Time >= from && key.Time <= from + (10 * Minute)).ToList())
                {
                    plain.Remove(gone);
                }
            }
        }

        Dictionary<long, double> Means(string property) => plain.Where(point => point.Key.Property == property && !double.IsNaN(point.Value))
            .GroupBy(point => point.Key.Time / Minute).ToDictionary(group => group.Key, group => group.Average(point => point.Value));
        var (left, right) = (Means("a"), Means("b"));
        var found = Assert.Single(CorrelationRun.Run(store, new RollUps(store, _server.Get<RetentionStore>()), Query("p1", "a", "b", Minute, 12), default).Value);
        Assert.Equal(25, found.Lags.Count);
        foreach (var lag in found.Lags)
        {
            var pairs = left.Where(window => right.ContainsKey(window.Key + lag.Lag)).Select(window => (X: window.Value, Y: right[window.Key + lag.Lag])).ToList();
            var (x, y) = (pairs.Average(pair => pair.X), pairs.Average(pair => pair.Y));
            var r = pairs.Sum(pair => (pair.X - x) * (pair.Y - y)) / Math.Sqrt(pairs.Sum(pair => (pair.X - x) * (pair.X - x)) * pairs.Sum(pair => (pair.Y - y) * (pair.Y - y)));
            Assert.Equal(pairs.Count, lag.Pairs);
            Assert.Equal(r, lag.R!.Value, 9);
        }
    }

    private static CorrelationQuery Query(string device, string first, string second, long windowNs, int lags)
    {
        var known = new Device(Acme, new(device), $"acme/{device}", device, "pump", null, DeviceStatus.Declared, 0, null);
        return new(new(known, StoreFixture.Key(device, first)), [new(known, StoreFixture.Key(device, second))], long.MinValue, long.MaxValue, windowNs, lags);
    }
}
