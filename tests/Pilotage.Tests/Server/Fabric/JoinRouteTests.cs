using Pilotage.Core;
using Pilotage.Server.Fabric.Query;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Testing;
using Pilotage.TimeSeries;
using Xunit;
using Xunit.Abstractions;

namespace Pilotage.Tests.Server.Fabric;

/// <summary>Several series at the times of the first one.</summary>
public sealed class JoinRouteTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const string Route = "/api/v1/series/join";
    private const long Second = 1_000_000_000;
    private const long Start = 1_767_225_600 * Second; // 2026-01-01T00:00:00Z
    private static readonly TenantId Acme = new("acme");
    private readonly TestServerFolder _server = new();
    private RequestPipeline? _pipeline;

    public async Task InitializeAsync()
    {
        _pipeline = new RequestPipeline(_server);
        _server.Get<IFleet>().Declare(Acme, [new DeviceDeclaration("acme/lyon/pump-1", "pump") { Id = new("p1") }, new DeviceDeclaration("acme/weather", "weather") { Id = new("w1") }]);
        var batch = new PointBatch();
        void Add(string device, string property, long second, SeriesValue value, Quality quality = Quality.Good) =>
            batch.Add(new SeriesKey(Acme, new DeviceId(device), property), Start + (second * Second), value, quality, 0);
        Add("p1", "vibration", 10, SeriesValue.Of(1));
        Add("p1", "vibration", 20, SeriesValue.Of(2));
        Add("p1", "vibration", 25, SeriesValue.Of(9), Quality.Bad);
        Add("p1", "vibration", 4_000, SeriesValue.Of(3));
        Add("p1", "state", 20, SeriesValue.OfText("on"));
        Add("p1", "days@rul/1", 15, SeriesValue.Of(7));
        Add("w1", "ambient", -86_400, SeriesValue.Of(4));
        Add("w1", "ambient", 19, SeriesValue.Of(5));
        Add("w1", "ambient", 21, SeriesValue.Of(double.NaN));
        await _server.Get<TimeSeriesStore>().AppendAsync(batch, null, default);
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Theory]
    [InlineData("?series=p1/vibration,w1/ambient", "10 1 4 | 20 2 5 | 4000 3 5")]
    [InlineData("?series=p1/vibration,w1/ambient&maxAge=PT5S", "10 1 - | 20 2 5 | 4000 3 -")]
    [InlineData("?series=acme/lyon/pump-1/vibration,acme/lyon/pump-1/state,acme/weather/ambient&from=2026-01-01T00:00:10.5Z", "20 2 on 5 | 4000 3 on 5")]
    [InlineData("?series=p1/vibration,w1/ambient&from=2026-01-01T00:00:05Z&to=2026-01-01T00:00:20Z", "10 1 4")]
    [InlineData("?series=p1/vibration,p1/days@rul/1&to=2026-01-01T00:10:00Z", "10 1 - | 20 2 7")]
    [InlineData("?series=p1/state,p1/vibration", "20 on 2")]
    [InlineData("?series=p1/vibration,w1/ambient&from=2027-01-01T00:00:00Z", "")]
    public async Task Each_has_its_latest_value_at_or_before(string query, string expected)
    {
        var answer = await _pipeline!.AskAsync("GET", Route, query: query);
        Assert.True(answer.Status == 200, $"{answer}");
        var rows = answer.Json["items"]!.AsArray().Select(row => string.Join(' ', row!.AsArray().Select((value, at) =>
            at == 0 ? $"{(value!.GetValue<double>() - (Start / 1e6)) / 1000}" : value is null ? "-" : $"{value}")));
        Assert.Equal(expected, string.Join(" | ", rows));
    }

    [Fact]
    public async Task Columns_bear_device_and_property_and_their_units()
    {
        var td = """{"@context":"https://www.w3.org/2022/wot/td/v1.1","@type":"tm:ThingModel","title":"Pump","properties":{"vibration":{"type":"number","unit":"mm/s"}}}""";
        await _pipeline!.AskAsync("PUT", "/api/v1/things/pump/description", td);
        var answer = (await _pipeline.AskAsync("GET", Route, query: "?series=pump-1/vibration,w1/ambient")).Json;
        Assert.Equal(("""["ms","p1/vibration","w1/ambient"]""", """[null,"mm/s",null]"""), (answer["columns"]!.ToJsonString(), answer["units"]!.ToJsonString()));
    }

    [Fact]
    public async Task A_series_that_is_named_twice_is_one_column()
    {
        var answer = (await _pipeline!.AskAsync("GET", Route, query: "?series=p1/vibration,w1/ambient,pump-1/vibration,w1/ambient")).Json;
        Assert.Equal("""["ms","p1/vibration","w1/ambient"]""", answer["columns"]!.ToJsonString());
        Assert.All(answer["items"]!.AsArray(), row => Assert.Equal(3, row!.AsArray().Count));
    }

    [Theory]
    [InlineData("?series=p1/vibration", 400, "names 1 series; give 2 to 20")]
    [InlineData("?series=p1/vibration,ambient", 400, "has \"ambient\"; give DEVICE/PROPERTY")]
    [InlineData("?series=p1/vibration,p9/load", 404, "no device p9")]
    [InlineData("?series=p1/vibration,p1/load", 404, "p1 has no series \"load\"")]
    [InlineData("?series=p1/vibration,w1/ambient&maxAge=soon", 400, "maxAge is \"soon\"; give an ISO 8601 duration")]
    [InlineData("?series=p1/vibration,w1/ambient&from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", 400, "the earlier time as from")]
    public async Task What_cannot_be_joined_is_said(string query, int status, string says)
    {
        var answer = await _pipeline!.AskAsync("GET", Route, query: query);
        Assert.Equal(status, answer.Status);
        Assert.Contains(says, answer.Detail(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Too_many_points_or_values_are_refused()
    {
        await using var store = new StoreFixture().Open(headPointsMax: 10_000);
        for (var i = 0; i < 100; i++)
        {
            await store.AppendAsync(StoreFixture.Row("p1", Start + (i * Second), ("a", i), ("b", i)), null, default);
        }

        var query = new JoinQuery([StoreFixture.Key("p1", "a"), StoreFixture.Key("p1", "b")], long.MinValue, long.MaxValue, null);
        Assert.Equal(100, JoinRun.Run(store, query, default, 200, 200).Value.Count);
        Assert.Contains("would read about 200 points", JoinRun.Run(store, query, default, 199, 200).Refusal.Message, StringComparison.Ordinal);
        Assert.Contains("more than 199 values", JoinRun.Run(store, query, default, 200, 199).Refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Random_series_are_joined_as_a_plain_search_joins_them()
    {
        output.WriteLine($"seed {TestSize.Seed}");
        var random = new Random(TestSize.Seed);
        await using var store = new StoreFixture().Open(headPointsMax: 200);
        var plain = new Dictionary<(string Device, string Property), SortedDictionary<long, double>>();
        (string Device, string Property)[] series = [("p1", "a"), ("p1", "b"), ("p2", "c")];
        foreach (var key in series)
        {
            plain[key] = [];
        }

        for (var i = 0; i < 3_000; i++)
        {
            var key = series[random.Next(series.Length)];
            var (time, value) = (Start + (random.Next(100_000) * Second), random.Next(20) == 0 ? double.NaN : random.Next(100));
            await store.AppendAsync(StoreFixture.Row(key.Device, time, (key.Property, value)), null, default);
            plain[key][time] = value;
            if (random.Next(300) == 0)
            {
                var from = Start + (random.Next(100_000) * Second);
                await store.DeleteAsync(new Deletion(Acme, new(key.Device), [key.Property], from, from + (500 * Second)), default);
                foreach (var gone in plain[key].Keys.Where(at => at >= from && at <= from + (500 * Second)).ToList())
                {
                    plain[key].Remove(gone);
                }
            }
        }

        List<(long Time, double Value)> Points((string, string) key) => [.. plain[key].Where(point => !double.IsNaN(point.Value)).Select(point => (point.Key, point.Value))];
        foreach (var maxAge in (long?[])[null, 30 * Second, 900 * Second])
        {
            var (from, to) = (Start + (40_000 * Second), Start + (90_000 * Second));
            var query = new JoinQuery([.. series.Select(key => StoreFixture.Key(key.Device, key.Property))], from, to, maxAge);
            double? At((string, string) key, long time) => Points(key).Where(point => point.Time <= time && (maxAge is null || time - point.Time <= maxAge)).Select(point => (double?)point.Value).LastOrDefault();
            var expected = Points(series[0]).Where(point => point.Time >= from && point.Time < to)
                .Select(point => $"{point.Time / 1e6} {point.Value} {At(series[1], point.Time)} {At(series[2], point.Time)}").ToList();
            Assert.True(expected.Count > 100);
            Assert.Equal(expected, JoinRun.Run(store, query, default).Value.Select(row => string.Join(' ', row)));
        }
    }
}
