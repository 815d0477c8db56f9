using System.Text;
using Pilotage.Core;
using Pilotage.Server.Fabric.Export;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Testing;
using Pilotage.TimeSeries;
using Xunit;

namespace Pilotage.Tests.Server.Fabric;

/// <summary>Series as a table of CSV over HTTP.</summary>
public sealed class ExportRouteTests : IAsyncLifetime
{
    private const string Route = "/api/v1/series/export";
    private const long Second = 1_000_000_000;
    private const long Start = 1_767_225_600 * Second; // 2026-01-01T00:00:00Z
    private static readonly TenantId Acme = new("acme");
    private readonly TestServerFolder _server = new();
    private readonly RequestPipeline _pipeline;

    public ExportRouteTests() => _pipeline = new RequestPipeline(_server);

    public async Task InitializeAsync()
    {
        _server.Get<IFleet>().Declare(Acme, [
            new DeviceDeclaration("acme/lyon/pump-1", "pump") { Id = new("p1") }, new DeviceDeclaration("acme/lyon/pump-2", "pump") { Id = new("p2") },
            new DeviceDeclaration("acme/nancy/fan-1", "fan") { Id = new("f1") }]);
        var batch = new PointBatch();
        void Add(string device, string property, long timeNs, SeriesValue value, Quality quality = Quality.Good) =>
            batch.Add(new SeriesKey(Acme, new DeviceId(device), property), timeNs, value, quality, 0);
        Add("p1", "load", Start + Second, SeriesValue.Of(2.5));
        Add("p1", "load", Start, SeriesValue.Of(0.1));
        Add("p1", "state", Start + 1, SeriesValue.OfText("say \"hi\",\nnow"));
        Add("p1", "on", Start, SeriesValue.OfTruth(true));
        Add("p1", "count", Start + Second, SeriesValue.OfWhole(long.MaxValue));
        Add("p1", "load", Start + (2 * Second), SeriesValue.Of(9), Quality.Bad);
        Add("p1", "load", Start + (3 * Second), SeriesValue.Of(double.NaN));
        Add("p1", "days@rul/1", Start, SeriesValue.Of(7));
        Add("p2", "load", Start + 100, SeriesValue.Of(1e300), Quality.Uncertain);
        await _server.Get<TimeSeriesStore>().AppendAsync(batch, null, default);
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Theory]
    [InlineData(
        "?device=p1",
        "ts,device,count,load,on,state\r\n2026-01-01T00:00:00Z,p1,,0.1,true,\r\n2026-01-01T00:00:00.000000001Z,p1,,,,\"say \"\"hi\"\",\nnow\"\r\n2026-01-01T00:00:01Z,p1,9223372036854775807,2.5,,\r\n")]
    [InlineData("?property=load", "ts,device,load\r\n2026-01-01T00:00:00Z,p1,0.1\r\n2026-01-01T00:00:01Z,p1,2.5\r\n2026-01-01T00:00:00.0000001Z,p2,1E+300\r\n")]
    [InlineData("?property=load,on&path=acme/lyon/pump-1&from=2026-01-01T00:00:00Z&to=2026-01-01T00:00:01Z", "ts,device,load,on\r\n2026-01-01T00:00:00Z,p1,0.1,true\r\n")]
    [InlineData("?property=days@rul/1&thing=pump", "ts,device,days@rul/1\r\n2026-01-01T00:00:00Z,p1,7\r\n")]
    [InlineData("?device=f1", "ts,device\r\n")]
    [InlineData("?path=**&from=2027-01-01T00:00:00Z", "ts,device,count,load,on,state\r\n")]
    public async Task A_table_has_a_row_for_each_device_and_time(string query, string expected)
    {
        var answer = await _pipeline.AskAsync("GET", Route, query: query);
        Assert.Equal((200, expected), (answer.Status, answer.Text));
        Assert.Equal("text/csv; charset=utf-8; header=present", answer.Response.ContentType);
    }

    [Theory]
    [InlineData("?device=p1&format=parquet", null)]
    [InlineData("?device=p1", "application/vnd.apache.parquet")]
    public async Task Parquet_is_asked_for_by_name_or_media_type(string query, string? accept)
    {
        var answer = await _pipeline.SendAsync("GET", Route, null, query, null, ("Accept", accept));
        Assert.Equal((200, "application/vnd.apache.parquet"), (answer.Status, answer.Response.ContentType));
        Assert.Equal("PAR1 PAR1", $"{Encoding.ASCII.GetString(answer.Bytes[..4])} {Encoding.ASCII.GetString(answer.Bytes[^4..])}");
        Assert.Equal("text/csv; charset=utf-8; header=present", (await _pipeline.SendAsync("GET", Route, null, "?device=p1&format=csv", null, ("Accept", accept))).Response.ContentType);
    }

    [Theory]
    [InlineData("?device=p1&format=xlsx", 400, "give one of csv, parquet")]
    [InlineData("", 400, "path=** for everything")]
    [InlineData("?device=p9", 404, "no device p9")]
    [InlineData("?device=p1&thing=pump", 400, "one or the other")]
    [InlineData("?property=speed", 404, "None of these devices has a series \"speed\"")]
    [InlineData("?property=,", 400, "names 0")]
    [InlineData("?device=p1&from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", 400, "the earlier time as from")]
    public async Task What_cannot_be_exported_is_said(string query, int status, string says)
    {
        var answer = await _pipeline.AskAsync("GET", Route, query: query);
        Assert.Equal(status, answer.Status);
        Assert.Contains(says, answer.Detail(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task So_many_run_at_once_and_each_leaves()
    {
        var limits = _server.Get<ExportLimits>();
        var places = Enumerable.Range(0, 4).Select(_ => limits.Enter().Value).ToList();
        var answer = await _pipeline.AskAsync("GET", Route, query: "?device=p1");
        Assert.Equal(429, answer.Status);
        Assert.Contains("4 exports are running already", answer.Detail(), StringComparison.Ordinal);
        places[0].Dispose();
        places[0].Dispose();
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(200, (await _pipeline.AskAsync("GET", Route, query: "?device=p1")).Status);
            Assert.Equal(404, (await _pipeline.AskAsync("GET", Route, query: "?device=p9")).Status);
        }
    }

    [Fact]
    public async Task A_table_of_random_series_is_that_of_reading_each_by_itself()
    {
        var random = new Random(TestSize.Seed);
        await using var store = new StoreFixture().Open();
        string[] properties = ["a", "b", "c", "d"];
        for (var i = 0; i < 2_000; i++)
        {
            var values = properties.Where(_ => random.Next(3) > 0).Select(property => (property, (double)random.Next(100))).ToArray();
            await store.AppendAsync(StoreFixture.Row(random.Next(2) == 0 ? "p1" : "p2", Start + (random.Next(1_000) * Second), values), null, default);
        }

        var devices = _server.Get<IFleet>().List(Acme, new DeviceQuery { Thing = "pump" });
        var (from, to) = (Start + (100 * Second), Start + (900 * Second));
        var table = new SeriesExport(devices, properties, from, to).Rows(store)
            .SelectMany(row => row.Values.Select((value, column) => (row.Device.Value, properties[column], row.TimeNs, value)).Where(cell => cell.value is not null).Select(cell => $"{cell}")).ToHashSet();
        var expected = devices.SelectMany(device => properties.SelectMany(property => store.ReadTyped(StoreFixture.Key(device.Id.Value, property), from, to - 1)
            .Select(point => $"{(device.Id.Value, property, point.TimeNs, (SeriesValue?)point.Value)}"))).ToHashSet();
        Assert.True(expected.Count > 1_000);
        Assert.Equal(expected, table);
    }
}
