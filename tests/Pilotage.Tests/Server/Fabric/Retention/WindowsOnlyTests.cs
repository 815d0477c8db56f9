using System.Text;
using System.Text.Json.Nodes;
using Pilotage.Core;
using Pilotage.Server.Fabric.Retention;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Testing;
using Pilotage.TimeSeries;
using Xunit;

namespace Pilotage.Tests.Server.Fabric.Retention;

/// <summary>What answers out of points say where windows are all that retention left, and that they say nothing where all is told.</summary>
public sealed class WindowsOnlyTests : IAsyncLifetime
{
    private const long Hour = 3_600_000_000_000;
    private const string Before = "Before 2026-02-19T00:00:00Z windows are all that retention left of ";
    private const string Early = "2026-02-01T00:00:00Z";
    private const string Late = "2026-02-20T00:00:00Z";
    private static readonly TenantId Acme = new("acme");
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly long NowNs = (Now - DateTimeOffset.UnixEpoch).Ticks * 100;
    private readonly TestServerFolder _server;
    private readonly RequestPipeline _pipeline;

    public WindowsOnlyTests()
    {
        _server = new TestServerFolder(new ManualTime(Now));
        _pipeline = new RequestPipeline(_server);
    }

    public async Task InitializeAsync()
    {
        _server.Get<IFleet>().Declare(Acme, [new DeviceDeclaration("acme/lyon/pump-1", "pump") { Id = new DeviceId("p1") }, new DeviceDeclaration("acme/oslo/fan-1", "fan") { Id = new DeviceId("f1") }]);
        await FillAsync("p1", ["load", "temp", "days@rul/1"], -30, 0);
        await FillAsync("f1", ["speed"], -30, -20);
        Assert.Equal(200, (await _pipeline.AskAsync("PUT", "/api/v1/retention/all", """{"keep":"P10D","rollUp":"PT1H"}""")).Status);
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Theory]
    [InlineData("SELECT ts, load FROM pump", "1 series")]
    [InlineData("SELECT device, AVG(load) AS l, MAX(temp) AS t FROM pump WHERE ts < '2026-02-10T00:00:00Z' GROUP BY device", "2 series", "Before 2026-02-10T00:00:00Z")]
    [InlineData("SELECT COUNT(*) AS n FROM pump", "3 series")]
    [InlineData("SELECT ts, load FROM pump ORDER BY ts DESC LIMIT 1000", "1 series")]
    [InlineData("SELECT ts, load FROM pump ORDER BY ts DESC LIMIT 20", null)]
    [InlineData("SELECT ts, load FROM pump WHERE ts >= '2026-02-19T00:00:00Z'", null)]
    [InlineData("SELECT ts, load FROM pump WHERE ts >= '2026-02-18T23:59:59Z'", "1 series")]
    [InlineData("SELECT ts, load FROM pump WHERE ts < '2026-01-01T00:00:00Z'", null)]
    [InlineData("SELECT ts, speed FROM fan", "1 series")]
    public async Task Rows_of_SQL(string sql, string? says, string before = Before)
    {
        var body = new JsonObject { ["sql"] = sql }.ToJsonString();
        if (!sql.Contains("ORDER BY", StringComparison.Ordinal))
        {
            Assert.Null((await _pipeline.AskAsync("POST", "/api/v1/sql", body)).Json["note"]);
        }

        await SweepAsync();
        var answer = await _pipeline.AskAsync("POST", "/api/v1/sql", body);
        Assert.True(answer.Status == 200, $"{answer}");
        Says(says, before, (string?)answer.Json["note"]);
        var csv = await _pipeline.SendAsync("POST", "/api/v1/sql", Encoding.UTF8.GetBytes(body), "", "application/json", ("Accept", "text/csv"));
        Says(says, before, HeaderOf(csv));
    }

    [Theory]
    [InlineData("p1/load,p1/temp", Early, "2 series")]
    [InlineData("p1/load,p1/days@rul/1", Early, "2 series")]
    [InlineData("p1/load,f1/speed", Early, "2 series")]
    [InlineData("p1/load,p1/temp", Late, null)]
    public async Task Rows_of_a_join(string series, string from, string? says)
    {
        var query = $"?series={series}&from={from}";
        Assert.Null((await _pipeline.AskAsync("GET", "/api/v1/series/join", query: query)).Json["note"]);
        await SweepAsync();
        Says(says, Before, (string?)(await _pipeline.AskAsync("GET", "/api/v1/series/join", query: query)).Json["note"]);
    }

    [Theory]
    [InlineData("?property=load", "1 series")]
    [InlineData("?property=load&format=parquet", "1 series")]
    [InlineData("?device=p1", "2 series")]
    [InlineData("?device=f1", "1 series")]
    [InlineData("?path=**&format=parquet", "3 series")]
    [InlineData($"?device=p1&from={Late}", null)]
    [InlineData($"?device=p1&from={Late}&format=parquet", null)]
    public async Task Tables(string query, string? says)
    {
        Assert.Null(HeaderOf(await _pipeline.AskAsync("GET", "/api/v1/series/export", query: query)));
        await SweepAsync();
        var answer = await _pipeline.AskAsync("GET", "/api/v1/series/export", query: query);
        Assert.Equal(200, answer.Status);
        Says(says, Before, HeaderOf(answer));
    }

    [Theory]
    [InlineData("query_range", $"query=load&start={Early}&end=2026-03-01T00:00:00Z&step=1h", "1 series")]
    [InlineData("query_range", $"query={{device=\"p1\"}}&start={Early}&end=2026-03-01T00:00:00Z&step=1d", "3 series")]
    [InlineData("query_range", $"query=speed*2&start={Early}&end=2026-02-02T00:00:00Z&step=1h", "1 series", "Before 2026-02-02T00:00:00Z")]
    [InlineData("query", $"query=avg_over_time(load[20d])", "1 series")]
    [InlineData("query_range", $"query=load&start={Late}&end=2026-03-01T00:00:00Z&step=1h", null)]
    [InlineData("query_range", $"query=speed&start={Late}&end=2026-03-01T00:00:00Z&step=1h", null)]
    [InlineData("query", "query=load", null)]
    public async Task Charts(string route, string query, string? says, string before = Before)
    {
        Assert.Null((await _pipeline.AskAsync("GET", $"/prometheus/api/v1/{route}", query: $"?{query}")).Json["warnings"]);
        await SweepAsync();
        var answer = await _pipeline.AskAsync("GET", $"/prometheus/api/v1/{route}", query: $"?{query}");
        Assert.True(answer.Status == 200, $"{answer}");
        var warnings = answer.Json["warnings"]?.AsArray();
        Assert.Equal(says is null, warnings is null);
        Says(says, before, (string?)warnings?[0]);
    }

    [Theory]
    [InlineData("/api/v1/series/export", "?property=old")]
    [InlineData("/api/v1/series/join", "?series=p1/load,f1/old")]
    public async Task A_series_without_any_point_is_said_to_have_windows(string route, string query)
    {
        var (key, batch) = (new SeriesKey(Acme, new DeviceId("f1"), "old"), new PointBatch());
        RollUps.Add(batch, key, Hour, [new WindowAggregate(NowNs - (20 * Hour), 3, 1, 3, 6, null, null)], NowNs);
        await _server.Get<TimeSeriesStore>().AppendAsync(batch, null, default);
        _server.Get<RollUps>().Raise(key, NowNs);
        var answer = await _pipeline.AskAsync("GET", route, query: query);
        Assert.Equal(
            (404, "There are no points of \"old\" any more: windows are all that retention left. They answer GET /api/v1/series/aggregates: pilotage data query old"), (answer.Status, answer.Detail()));
    }

    [Fact]
    public async Task Where_nothing_is_left_nothing_is_said()
    {
        Assert.Equal(200, (await _pipeline.AskAsync("PUT", "/api/v1/retention/all", """{"keep":"P10D"}""")).Status);
        await SweepAsync();
        Assert.Null((await _pipeline.AskAsync("POST", "/api/v1/sql", """{"sql":"SELECT ts, load FROM pump"}""")).Json["note"]);
        Assert.Null(HeaderOf(await _pipeline.AskAsync("GET", "/api/v1/series/export", query: "?device=p1")));
    }

    /// <summary>What a model gave has a slash in its name.</summary>
    [Fact]
    public async Task Windows_of_what_a_model_gave_are_deleted_by_its_name()
    {
        await SweepAsync();
        var trial = (await _pipeline.AskAsync("DELETE", "/api/v1/devices/p1/series", query: "?property=days@rul/1&dryRun=true")).Json;
        Assert.Equal((240, 480), ((int)trial["points"]!, (int)trial["windows"]!));
    }

    private static void Says(string? says, string before, string? note)
    {
        if (says is null)
        {
            Assert.Null(note);
            return;
        }

        Assert.StartsWith(before, note, StringComparison.Ordinal);
        Assert.Contains($"windows are all that retention left of {says} that was asked for", note, StringComparison.Ordinal);
        Assert.True(Ascii.IsValid(note), note);
    }

    private static string? HeaderOf(RequestPipeline.Answer answer) => answer.Response.Headers.TryGetValue(WindowsOnly.Header, out var note) ? note.ToString() : null;

    private async Task SweepAsync() => Assert.NotEmpty((await _server.Get<RetentionSweep>().SweepAsync(null, force: false, default)).Cuts);

    private async Task FillAsync(string device, string[] properties, int fromDay, int toDay)
    {
        var batch = new PointBatch();
        for (var timeNs = NowNs + (fromDay * 24 * Hour); timeNs < NowNs + (toDay * 24 * Hour); timeNs += Hour)
        {
            batch.AddRow(Acme, new DeviceId(device), timeNs, 0, properties, Array.ConvertAll(properties, _ => timeNs / Hour % 97.0), Quality.Good);
        }

        await _server.Get<TimeSeriesStore>().AppendAsync(batch, null, default);
    }
}
