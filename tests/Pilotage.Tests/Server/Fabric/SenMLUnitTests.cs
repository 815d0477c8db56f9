using System.Globalization;
using System.Text;
using Pilotage.Core;
using Pilotage.Core.Contracts;
using Pilotage.Server.Fabric.Ingest;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.TimeSeries;
using Xunit;

namespace Pilotage.Tests.Server.Fabric;

/// <summary>Units that values of SenML come in, held against those of their series.</summary>
public sealed class SenMLUnitTests : IAsyncLifetime
{
    private static readonly TenantId Acme = new("acme");
    private readonly TestServerFolder _server = new();
    private readonly RequestPipeline _pipeline;

    public SenMLUnitTests() => _pipeline = new RequestPipeline(_server);

    public async Task InitializeAsync()
    {
        _server.Get<IFleet>().Declare(Acme, [new DeviceDeclaration("acme/lyon/a/pump-7", "pump") { Id = new DeviceId("pump-7") }]);
        var put = await _pipeline.AskAsync(
            "PUT", "/api/v1/things/pump/description",
            """
            {"@context":"https://www.w3.org/2022/wot/td/v1.1","title":"pump","properties":{"temperature":{"type":"number","unit":"[degF]"},"pressure":{"type":"number","unit":"bar"},
            "load":{"type":"number","unit":"%"},"power":{"type":"number","unit":"kW"},"power.sum":{"type":"number","unit":"kW.h"},"signal":{"type":"number","unit":"dB[W]"},"gain":{"type":"number"}}}
            """);
        Assert.True(put.Status is 200 or 201, $"{put}");
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Theory]
    [InlineData("""{"n":"temperature","u":"Cel","v":100}""", "temperature", 212)]
    [InlineData("""{"n":"temperature","u":"K","v":273.15}""", "temperature", 32)]
    [InlineData("""{"bn":"","bu":"hPa","n":"pressure","v":1500}""", "pressure", 1.5)]
    [InlineData("""{"n":"load","u":"/","v":0.25}""", "load", 25)]
    [InlineData("""{"n":"load","u":"%","v":0.25}""", "load", 25)]
    [InlineData("""{"n":"load","u":"/100","v":25}""", "load", 25)]
    [InlineData("""{"n":"load","v":25}""", "load", 25)]
    [InlineData("""{"n":"power","u":"W","v":1500}""", "power", 1.5)]
    [InlineData("""{"n":"power","u":"W","s":7200000}""", "power.sum", 2)]
    [InlineData("""{"n":"signal","u":"dBm","v":10}""", "signal", -20)]
    [InlineData("""{"n":"gain","u":"V","v":3}""", "gain", 3)]
    [InlineData("""{"n":"other","u":"nosuch","v":3}""", "other", 3)]
    public async Task A_value_is_stored_in_the_unit_of_its_series(string record, string property, double stored)
    {
        var answer = await PostAsync($"[{record}]");
        Assert.True(answer.Status == 200, $"{answer}");
        Assert.True(_server.Get<TimeSeriesStore>().TryGetLast(new SeriesKey(Acme, new DeviceId("pump-7"), property), out var last));
        Assert.Equal(stored, last.Value, 1e-9);
    }

    [Theory]
    [InlineData("""{"n":"pressure","u":"Cel","v":20}""", "pressure: it is in \"Cel\" (temperature), and the series is in bar (pressure); send it in a unit of the same quantity, or under a name of its own")]
    [InlineData("""{"n":"pressure","u":"psi","v":20}""", "pressure: \"psi\" is no unit of SenML (RFC 8428, RFC 8798) that is known here, and the series is in bar; send it in a registered unit, or without one")]
    public async Task A_unit_that_does_not_fit_is_refused_over_http_and_kept_over_mqtt(string record, string says)
    {
        var answer = await PostAsync($"""[{record},"""+"""{"n":"gain","v":1}]""");
        Assert.Equal(422, answer.Status);
        Assert.Contains(says, answer.Detail(), StringComparison.Ordinal);
        Assert.False(_server.Get<TimeSeriesStore>().TryGetLast(new SeriesKey(Acme, new DeviceId("pump-7"), "gain"), out _));

        var payload = Encoding.UTF8.GetBytes($"""[{record},"""+"""{"n":"gain","v":1}]""");
        var device = _server.Get<IFleet>().Find(Acme, new DeviceId("pump-7"))!;
        Assert.True(TopicPath.TryParse($"{device.Path}/_tele", out var path));
        await _server.Get<Ingestion>().StoreAsync(device, path, new IngestMessage(path.ToString(), payload, [], Now, Now, null));
        Assert.True(_server.Get<TimeSeriesStore>().TryGetLast(new SeriesKey(Acme, new DeviceId("pump-7"), "gain"), out _));
        Assert.False(_server.Get<TimeSeriesStore>().TryGetLast(new SeriesKey(Acme, new DeviceId("pump-7"), "pressure"), out _));
        var bad = (await _pipeline.AskAsync("GET", "/api/v1/messages/bad")).Json["items"]!.AsArray();
        Assert.Equal(says, (string?)Assert.Single(bad)!["reason"]);
    }

    [Fact]
    public async Task The_bounds_of_a_contract_are_in_the_unit_of_the_series()
    {
        const string Contract = "format: pilotage.contract/1\nthing: pump\nproperties:\n  pressure: {maximum: 2, violation: quarantine}\n";
        var put = await _pipeline.AskAsync("PUT", "/api/v1/things/pump/contract", Contract, mediaType: "application/yaml");
        Assert.True(put.Status is 200 or 201, $"{put}");
        Assert.Equal("0", (await PostAsync("""[{"n":"pressure","u":"hPa","v":1500}]""")).Json["held"]!.ToString());
        Assert.True(_server.Get<TimeSeriesStore>().TryGetLast(new SeriesKey(Acme, new DeviceId("pump-7"), "pressure"), out var last));
        Assert.Equal("1.5", last.Value.ToString(CultureInfo.InvariantCulture));
    }

    private static long Now { get; } = Clock.ToNs(DateTimeOffset.UtcNow);

    private Task<RequestPipeline.Answer> PostAsync(string pack) => _pipeline.AskAsync("POST", "/api/v1/devices/pump-7/telemetry", pack, mediaType: "application/senml+json");
}
