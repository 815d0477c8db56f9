using System.Text.Json.Nodes;
using Pilotage.Core;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.TimeSeries;
using Xunit;

namespace Pilotage.Tests.Server.Fabric;

/// <summary>Deleting over HTTP: what goes, what stays, what is refused, and that it is on record.</summary>
public sealed class SeriesDeletionTests : IAsyncLifetime
{
    private const long Second = 1_000_000_000;
    private const long Start = 1_767_225_600 * Second; // 2026-01-01T00:00:00Z
    private static readonly TenantId Acme = new("acme");
    private readonly TestServerFolder _server = new();
    private readonly RequestPipeline _pipeline;

    public SeriesDeletionTests() => _pipeline = new RequestPipeline(_server);

    private TimeSeriesStore Store => _server.Get<TimeSeriesStore>();

    public async Task InitializeAsync()
    {
        _server.Get<IFleet>().Declare(Acme, [new DeviceDeclaration("acme/lyon/pump-1", "pump") { Id = new DeviceId("p1") }]);
        var batch = new PointBatch();
        for (var second = 0; second < 60; second++)
        {
            batch.AddRow(Acme, new DeviceId("p1"), Start + (second * Second), 0, ["load", "temp", "speed"], [second, second, second], Quality.Good);
        }

        await Store.AppendAsync(batch, null, default);
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Theory]
    [InlineData("property=load", 0, 60, 60)]
    [InlineData("property=load,temp", 0, 0, 60)]
    [InlineData("property=load&from=2026-01-01T00:00:10Z&to=2026-01-01T00:00:20Z", 50, 60, 60)]
    [InlineData("from=2026-01-01T00:00:30Z", 30, 30, 30)]
    [InlineData("to=2026-01-01T00:00:30Z", 30, 30, 30)]
    [InlineData("all=true", 0, 0, 0)]
    public async Task Deletes_what_is_named_and_nothing_else(string query, int load, int temp, int speed)
    {
        var (status, _) = await DeleteAsync("p1", query);
        Assert.Equal(200, status);
        Assert.Equal((load, temp, speed), (Count("load"), Count("temp"), Count("speed")));
        var record = Assert.Single(_server.Get<IAudit>().Read(Acme, null, 10), record => record.Action == "fabric.series.delete");
        Assert.Equal(("p1", "done"), (record.Target, record.Result));
    }

    [Fact]
    public async Task It_says_how_many_points_of_which_series_would_go_and_how_many_went()
    {
        const string Query = "property=load,temp&from=2026-01-01T00:00:10Z&to=2026-01-01T00:00:20Z";
        var (status, trial) = await DeleteAsync("p1", Query + "&dryRun=true");
        Assert.Equal((200, false), (status, (bool)JsonNode.Parse(trial)!["isDone"]!));
        Assert.Equal((60, 60, 60), (Count("load"), Count("temp"), Count("speed")));
        Assert.DoesNotContain(_server.Get<IAudit>().Read(Acme, null, 10), record => record.Action == "fabric.series.delete");

        var (_, done) = await DeleteAsync("p1", Query);
        foreach (var told in new[] { trial, done })
        {
            Assert.Equal(20, (int)JsonNode.Parse(told)!["points"]!);
            Assert.Equal(["load 10", "temp 10"], JsonNode.Parse(told)!["series"]!.AsArray().Select(one => $"{one!["property"]} {one["points"]}"));
        }

        Assert.True((bool)JsonNode.Parse(done)!["isDone"]!);
        Assert.Equal(0, (int)JsonNode.Parse((await DeleteAsync("p1", Query)).Body)!["points"]!);
    }

    [Theory]
    [InlineData("p1", "", 400, "give property, from or to, or all=true")]
    [InlineData("p1", "all=false", 400, "give property, from or to, or all=true")]
    [InlineData("p1", "from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", 400, "give the earlier time as from")]
    [InlineData("p1", "property=lod", 404, "has no series \"lod\"; nothing was deleted")]
    [InlineData("p9", "all=true", 404, "There is no device p9")]
    [InlineData("p1", "properties=load", 400, "properties")]
    public async Task What_cannot_be_meant_is_refused_and_nothing_goes(string device, string query, int expected, string says)
    {
        var (status, body) = await DeleteAsync(device, query);
        Assert.Equal(expected, status);
        Assert.Contains(says, body, StringComparison.Ordinal);
        Assert.Equal((60, 60, 60), (Count("load"), Count("temp"), Count("speed")));
    }

    private int Count(string property) => Store.Read(new SeriesKey(Acme, new DeviceId("p1"), property), long.MinValue, long.MaxValue).Count();

    private async Task<(int Status, string Body)> DeleteAsync(string device, string query)
    {
        var answer = await _pipeline.AskAsync("DELETE", $"/api/v1/devices/{device}/series", query: query.Length == 0 ? "" : $"?{query}");
        return (answer.Status, answer.Status < 400 ? answer.Text : answer.Detail());
    }
}
