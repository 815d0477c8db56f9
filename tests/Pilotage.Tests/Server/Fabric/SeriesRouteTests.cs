using System.Text.Json;
using System.Text.Json.Nodes;
using Pilotage.Core;
using Pilotage.Server.Fabric;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.TimeSeries;
using Xunit;

namespace Pilotage.Tests.Server.Fabric;

/// <summary>Series over HTTP have the types their values have.</summary>
public sealed class SeriesRouteTests : IAsyncLifetime
{
    private const long NsPerMs = 1_000_000;
    private static readonly TenantId Acme = new("acme");
    private static readonly DeviceId Pump = new("pump-7");
    private static readonly string[] Properties = ["document", "number", "on", "state", "turns"];
    private readonly TestServerFolder _server = new();
    private readonly RequestPipeline _pipeline;

    public SeriesRouteTests() => _pipeline = new RequestPipeline(_server);

    public async Task InitializeAsync()
    {
        Assert.True(_server.Get<IFleet>().Declare(Acme, [new DeviceDeclaration("acme/lyon/pump-7", "pump") { Id = Pump }]).IsOk);
        for (var i = 1; i <= 3; i++)
        {
            SeriesValue[] values =
            [
                SeriesValue.OfJson($$"""{"code":{{i}},"why":["ü"]}"""),
                SeriesValue.Of(i == 2 ? double.NaN : i / 2.0),
                SeriesValue.OfTruth(i > 1),
                SeriesValue.OfText($"\"<{i}>\""),
                SeriesValue.OfWhole(long.MaxValue - 3 + i),
            ];
            var batch = new PointBatch();
            batch.AddRow(Acme, Pump, i * NsPerMs, 0, Properties, values, Quality.Good);
            await _server.Get<TimeSeriesStore>().AppendAsync(batch, null, CancellationToken.None);
        }
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task The_last_value_of_each_has_its_type()
    {
        var items = (await _pipeline.AskAsync("GET", "/api/v1/devices/pump-7/series")).Json["items"]!.AsArray();
        Assert.Equal(Properties, items.Select(item => (string?)item!["property"]));
        Assert.Equal(["json", "number", "truth", "text", "whole"], items.Select(item => (string?)item!["kind"]));
        Assert.Equal(
            ["""{"code":3,"why":["ü"]}""", "1.5", "true", "\"\\\"<3>\\\"\"", "9223372036854775807"],
            items.Select(item => item!["lastValue"]!.ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping })));
    }

    [Fact]
    public async Task Series_of_one_device_are_listed_by_its_id_path_or_name()
    {
        _server.Get<IFleet>().Declare(Acme, [new DeviceDeclaration("acme/lyon/pump-8", "pump") { Id = new DeviceId("pump-8") }]);
        var batch = new PointBatch();
        batch.AddRow(Acme, new DeviceId("pump-8"), NsPerMs, 0, ["number"], [1], Quality.Good);
        await _server.Get<TimeSeriesStore>().AppendAsync(batch, null, CancellationToken.None);

        Assert.Equal(6, (await _pipeline.AskAsync("GET", "/api/v1/series")).Json["items"]!.AsArray().Count);
        Assert.Equal(5, (await _pipeline.AskAsync("GET", "/api/v1/series", query: "?device=pump-7")).Json["items"]!.AsArray().Count);
        Assert.Single((await _pipeline.AskAsync("GET", "/api/v1/series", query: "?device=acme/lyon/pump-7&property=on")).Json["items"]!.AsArray());
        Assert.Empty((await _pipeline.AskAsync("GET", "/api/v1/series", query: "?device=pump-7&thing=press")).Json["items"]!.AsArray());
        Assert.Equal(404, (await _pipeline.AskAsync("GET", "/api/v1/series", query: "?device=nosuch")).Status);
    }

    [Theory]
    [InlineData("number", "number", "[[1,0.5],[3,1.5]]")]
    [InlineData("on", "truth", "[[1,false],[2,true],[3,true]]")]
    [InlineData("turns", "whole", "[[1,9223372036854775805],[2,9223372036854775806],[3,9223372036854775807]]")]
    public async Task Points_have_the_type_of_their_series(string property, string kind, string points)
    {
        var answer = await _pipeline.AskAsync("GET", $"/api/v1/devices/pump-7/series/{property}");
        var series = answer.Json;

        // Written by hand, and what the document of the API says all the same.
        Assert.Equal(answer.Text, JsonSerializer.Serialize(JsonSerializer.Deserialize<SeriesEndpoints.SeriesData>(answer.Text, Json.Web), Json.Web));
        Assert.Equal((kind, 3), ((string?)series["kind"], (int)series["total"]!));
        Assert.Equal(points, series["points"]!.ToJsonString());
    }

    [Fact]
    public async Task Text_and_documents_come_as_they_are()
    {
        var texts = (await _pipeline.AskAsync("GET", "/api/v1/devices/pump-7/series/state")).Json["points"]!.AsArray();
        Assert.Equal(["\"<1>\"", "\"<2>\"", "\"<3>\""], texts.Select(point => (string?)point![1]));
        var documents = (await _pipeline.AskAsync("GET", "/api/v1/devices/pump-7/series/document")).Json["points"]!.AsArray();
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse("""{"code":2,"why":["ü"]}"""), documents[1]![1]));
    }

    [Fact]
    public async Task The_account_covers_values_of_every_kind()
    {
        var account = _server.Get<MessageAccount>();
        var device = _server.Get<IFleet>().Find(Acme, Pump)!;
        var before = account.Of(device);
        Assert.Equal((3, 14), (before.Messages, before.Points));

        var batch = new PointBatch();
        batch.Add(new SeriesKey(Acme, Pump, "state"), 2 * NsPerMs, SeriesValue.OfText("altered"), Quality.Good, 0);
        await _server.Get<TimeSeriesStore>().AppendAsync(batch, null, CancellationToken.None);
        var after = account.Of(device);
        Assert.Equal((3, 14, 1), (after.Messages, after.Points, after.Overwritten));
        Assert.NotEqual(before.Digest, after.Digest);
    }
}
