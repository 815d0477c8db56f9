using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Pilotage.Cli.Frame;
using Pilotage.Core;
using Pilotage.Server.Fabric.Contracts;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Server.Hosting;
using Pilotage.Testing;
using Pilotage.Tests.Cli;
using Pilotage.Tests.Server.Package;
using Pilotage.TimeSeries;
using Xunit;

namespace Pilotage.Tests.Server.Models;

/// <summary>Datasets over HTTP and on the command line: the same cut gives the same digest, and every column says where it comes from.</summary>
public sealed class DatasetRouteTests : IAsyncLifetime
{
    private const string Route = "/api/v1/datasets";
    private const long Minute = 60_000_000_000;
    private static readonly TenantId Acme = new("acme");
    private readonly ManualTime _time = new();
    private readonly TestServerFolder _server;
    private readonly RequestPipeline _pipeline;

    public DatasetRouteTests()
    {
        _server = new TestServerFolder(_time);
        _pipeline = new RequestPipeline(_server);
    }

    private long Now => _time.NowNs();

    public async Task InitializeAsync()
    {
        _server.Get<IFleet>().Declare(Acme, [.. new[] { 1, 2 }.Select(i => new DeviceDeclaration($"acme/lyon/a/pump-{i}", "pump") { Id = new DeviceId($"pump-{i}") })]);
        await InstallAsync(SamplePackage.Texts());
        for (var minute = 0; minute < 10; minute++)
        {
            await StoreAsync("pump-1", minute, ("vibration", 1 + minute), ("load", 50));
            await StoreAsync("pump-2", minute, ("vibration", 2 + minute));
        }

        // The value of the first minute again, and another one.
        await StoreAsync("pump-1", 0, ("vibration", 1));
        await StoreAsync("pump-1", 0, ("vibration", 7));
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task The_same_cut_gives_the_same_digest_and_a_late_point_counts_only_within_the_cut()
    {
        var all = await CutAsync("");
        Assert.Equal(all, await CutAsync(""));
        var bounded = await CutAsync(""","to":"2026-01-01T00:05:00Z" """);
        _time.Advance(TimeSpan.FromHours(1));
        var known = $"""","asOf":"{_time.GetUtcNow():O}" """";
        var asOf = await CutAsync(known);
        Assert.Equal(3, new[] { all.Digest, bounded.Digest, asOf.Digest }.Distinct().Count());

        // Late, and after the time that one of them ends at: that one stays as it is, and so does what was known before.
        _time.Advance(TimeSpan.FromSeconds(1));
        await StoreAsync("pump-1", 7.5, ("vibration", 99));
        Assert.Equal(bounded, await CutAsync(""","to":"2026-01-01T00:05:00Z" """));
        Assert.Equal(asOf, await CutAsync(known));
        var later = await CutAsync("");
        Assert.NotEqual(all.Digest, later.Digest);

        // Late, and within it; of what was known before, nothing changes, whatever arrives.
        await StoreAsync("pump-1", 2.5, ("vibration", 98));
        await _server.Get<IDomainEvents>().RecordAsync(new DomainEvent(0, Acme, new DeviceId("pump-1"), "/s", "1", "stop", Now, Now, JsonDocument.Parse("{}").RootElement), default);
        _server.Get<IFleet>().Declare(Acme, [new DeviceDeclaration("acme/lyon/a/pump-0", "pump") { Id = new DeviceId("pump-0") }]);
        Assert.NotEqual(bounded.Digest, (await CutAsync(""","to":"2026-01-01T00:05:00Z" """)).Digest);
        Assert.Equal(asOf, await CutAsync(known));
    }

    [Fact]
    public async Task Every_column_says_where_it_comes_from()
    {
        await CutAsync("");
        var retention = await _pipeline.AskAsync("PUT", "/api/v1/retention/raw", """{"keep":"P30D"}""");
        Assert.True(retention.Status is 200 or 201, $"{retention}");
        var answer = await _pipeline.AskAsync("GET", $"{Route}/pumps@1/columns");
        Assert.True(answer.Status == 200, $"{answer}");
        var columns = answer.Json["columns"]!.AsArray().ToDictionary(column => $"{column!["kind"]} {column["model"]}{(column["model"] is null ? "" : ".")}{column["name"]}", column => column!);

        // Two pumps, of which eight of ten are fitted on: both.
        var vibration = columns["property vibration"];
        Assert.Equal("mm/s", (string?)vibration["unit"]);
        Assert.StartsWith("property pump.vibration (things/pump.td.json:", (string?)vibration["origin"], StringComparison.Ordinal);
        Assert.Equal("21 0 1", $"{vibration["values"]} {vibration["missing"]} {vibration["overwritten"]}");
        Assert.Equal(["acme/lyon/a/pump-1/vibration", "acme/lyon/a/pump-2/vibration"], vibration["series"]!.AsArray().Select(one => (string?)one));
        Assert.Equal("raw: points stay 30 days (2 series)", (string?)Assert.Single(vibration["retention"]!.AsArray()));
        Assert.Equal("acme/lyon/a/pump-1/load", (string?)Assert.Single(columns["property load"]["series"]!.AsArray()));

        var rms = columns["feature bearing_rul.vib_rms"];
        Assert.Equal("RMS(vibration) OVER (PARTITION BY device ORDER BY ts RANGE BETWEEN INTERVAL '1' HOUR PRECEDING AND CURRENT ROW)", (string?)rms["origin"]);
        Assert.Equal("mm/s features pump.vibration", $"{rms["unit"]} {rms["through"]![0]} {rms["properties"]![0]}");
        Assert.Equal(["pump.ambient", "pump.bearing_temp"], columns["feature bearing_rul.temp_rise"]["properties"]!.AsArray().Select(one => (string?)one));
        Assert.Equal("property pump.load as it is", (string?)columns["feature bearing_rul.load"]["origin"]);
        Assert.Equal("d", (string?)columns["label bearing_rul.rul_days"]["unit"]);
    }

    [Fact]
    public async Task Doors_that_are_open_to_a_series_are_named()
    {
        const string Mapping =
            """
            format: pilotage.mapping/1
            name: plant
            version: 1
            rules:
              pumps:
                topic: "plc/{site}/{line}/{machine}/{property}"
                device: "{tenant}/{site}/{line}/{machine}"
                property: "{property}"
                thing: pump
            """;
        var put = await _pipeline.AskAsync("PUT", "/api/v1/mappings/plant/document", Mapping, mediaType: "application/yaml");
        Assert.True(put.Status is 200 or 201, $"{put}");
        await CutAsync("");
        var columns = (await _pipeline.AskAsync("GET", $"{Route}/pumps/columns")).Json["columns"]!.AsArray();
        Assert.Equal("mapping plant 1, rule pumps (2 series)", (string?)columns.First(column => (string?)column!["name"] == "vibration")!["doors"]![0]);
    }

    [Fact]
    public async Task What_differs_between_two_digests_is_named_values_that_are_gone_and_what_each_was_cut_by()
    {
        await CutAsync("");
        Assert.Equal(200, (await _pipeline.AskAsync("DELETE", "/api/v1/devices/pump-1/series", query: "?property=vibration")).Status);
        await CutAsync("");
        var gone = await DiffAsync(1, 2);
        Assert.False((bool)gone["same"]!);
        Assert.Equal("acme/lyon/a/pump-1", (string?)Assert.Single(gone["unitsChanged"]!.AsArray()));
        Assert.Contains("vibration values 21 10", Words(gone["columnsChanged"]));
        Assert.DoesNotContain(Words(gone["columnsChanged"]), change => change.StartsWith("load values", StringComparison.Ordinal));
        Assert.Empty(gone["cutChanged"]!.AsArray());

        _time.Advance(TimeSpan.FromHours(1));
        await CutAsync(""","lastHoursBeforeStop":20,"from":"2026-01-01T00:00:00Z","to":"2026-01-02T00:00:00Z","asOf":"2026-01-01T00:59:00Z" """);
        var bounds = await DiffAsync(2, 3);
        Assert.Equal(
            ["from  2026-01-01T00:00:00Z", "to  2026-01-02T00:00:00Z", "asOf  2026-01-01T00:59:00Z", "lastHoursBeforeStop  20"],
            bounds["cutChanged"]!.AsArray().Select(change => $"{change!["what"]} {change["before"]} {change["after"]}"));
        await CutAsync(""","lastHoursBeforeStop":30""");
        Assert.Contains("lastHoursBeforeStop 20 30", (await DiffAsync(3, 4))["cutChanged"]!.AsArray().Select(change => $"{change!["what"]} {change["before"]} {change["after"]}"));

        using var run = await ConnectedAsync();
        Assert.Equal(ExitCode.Done, await run.RunAsync("dataset", "diff", "pumps", "2", "4", "-o", "csv"));
        Assert.EndsWith("what,change,name,before,after\ncut,changed,lastHoursBeforeStop,,30\n", run.Output, StringComparison.Ordinal);
        Assert.EndsWith("pumps@2 to pumps@4: 1 changes\n", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cut_prints_a_name_to_go_on_with_and_says_which_columns_have_no_value()
    {
        using var run = await ConnectedAsync();
        Assert.Equal(ExitCode.Done, await run.RunAsync("dataset", "cut", "pumps", "--package", "pump-bearings", "-o", "name"));
        Assert.Equal("pumps@1\n", run.Output);
        Assert.DoesNotContain("load", run.Error, StringComparison.Ordinal);
        Assert.Equal(200, (await _pipeline.AskAsync("DELETE", "/api/v1/devices/pump-1/series", query: "?property=load")).Status);
        Assert.Equal(ExitCode.Done, await run.RunAsync("dataset", "cut", "pumps", "--package", "pump-bearings", "-o", "name"));
        Assert.EndsWith("\npumps@2\n", run.Output, StringComparison.Ordinal);
        Assert.Matches(@"note: no row has a value of [\w, ]*\bload\b[\w, ]*; where each column comes from: pilotage dataset show pumps@2\n$", run.Error);
    }

    [Theory]
    [InlineData("-5")]
    [InlineData("0")]
    [InlineData("1e300")]
    [InlineData("1e400")]
    [InlineData("NaN")]
    [InlineData("Infinity")]
    public async Task Hours_before_a_stop_that_are_none_are_refused_with_the_range(string hours)
    {
        using var run = await ConnectedAsync();
        Assert.Equal(ExitCode.Usage, await run.RunAsync("dataset", "cut", "pumps", "--package", "pump-bearings", "--last-hours-before-stop", hours));
        Assert.Contains($"--last-hours-before-stop: {hours} is out of range: hours above 0 and at most 876000", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dataset_that_is_not_there_names_the_versions_that_are()
    {
        Assert.Contains("there is none yet. One is cut with: pilotage dataset cut", (await _pipeline.AskAsync("GET", $"{Route}/pumps/columns")).Detail(), StringComparison.Ordinal);
        await CutAsync("");
        await CutAsync(""","lastHoursBeforeStop":20""");
        var answer = await _pipeline.AskAsync("GET", $"{Route}/pumps@9/columns");
        Assert.Equal(404, answer.Status);
        Assert.Contains("There is no dataset 'pumps@9'; there are pumps@1, pumps@2.", answer.Detail(), StringComparison.Ordinal);
        Assert.Contains("there is pumps.", (await _pipeline.AskAsync("GET", $"{Route}/fans")).Detail(), StringComparison.Ordinal);
        Assert.Contains("there are pumps@1, pumps@2", (await _pipeline.AskAsync("GET", $"{Route}/pumps/diff", query: "?from=1&to=3")).Detail(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(""" {"name":"a/b","package":"pump-bearings"} """, "is not the name of a dataset")]
    [InlineData(""" {"name":"a","package":"nosuch"} """, "neither the digest of a package nor a use case")]
    [InlineData(""" {"name":"a","package":"pump-bearings","from":"2026-02-01T00:00:00Z","to":"2026-01-01T00:00:00Z"} """, "give the earlier time as from")]
    [InlineData(""" {"name":"a","package":"pump-bearings","asOf":"2030-01-01T00:00:00Z"} """, "nobody knows")]
    [InlineData(""" {"name":"a","package":"pump-bearings","asOf":"2025-01-01T00:00:00Z"} """, "No device of type pump was there at 2025")]
    [InlineData(""" {"name":"a","package":"pump-bearings","from":"2026-01-02T00:00:00Z"} """, "of the time and arrival asked for")]
    [InlineData(""" {"name":"a","package":"pump-bearings","lastHoursBeforeStop":-5} """, "lastHoursBeforeStop is -5; give hours above 0 and at most 876000")]
    [InlineData(""" {"name":"a","package":"pump-bearings","lastHoursBeforeStop":0} """, "give hours above 0")]
    [InlineData(""" {"name":"a","package":"pump-bearings","lastHoursBeforeStop":1e300} """, "at most 876000")]
    public async Task What_cannot_be_cut_says_why(string body, string says)
    {
        var answer = await _pipeline.AskAsync("POST", Route, body);
        Assert.InRange(answer.Status, 400, 422);
        Assert.Contains(says, answer.Detail(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_command_line_cuts_lists_shows_and_compares()
    {
        using var run = await ConnectedAsync();
        Assert.Equal(ExitCode.Done, await run.RunAsync("dataset", "cut", "pumps", "--package", "pump-bearings"));
        var texts = SamplePackage.Texts();
        texts["usecase.yaml"] = texts["usecase.yaml"].Replace("version: 1.2.0", "version: 1.3.0", StringComparison.Ordinal);
        texts["pipeline.sql"] = texts["pipeline.sql"].Replace("RMS(vibration)", "AVG(vibration)", StringComparison.Ordinal);
        texts["models/bearing_rul.yaml"] = texts["models/bearing_rul.yaml"].Replace("rul_days: d", "rul_days: h", StringComparison.Ordinal);
        texts["things/pump.td.json"] = texts["things/pump.td.json"].Replace("\"ambient\": {", "\"oil\": {\"type\": \"number\"}, \"ambient\": {", StringComparison.Ordinal);
        await InstallAsync(texts);
        await StoreAsync("pump-1", 11, ("vibration", 1));
        Assert.Equal(ExitCode.Done, await run.RunAsync("dataset", "cut", "pumps", "--package", "pump-bearings"));

        Assert.Equal(ExitCode.Done, await run.RunAsync("dataset", "list", "-o", "name"));
        Assert.EndsWith("pumps@1\npumps@2\n", run.Output, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Done, await run.RunAsync("dataset", "show", "pumps@2", "-o", "csv"));
        Assert.Contains("vibration,property,mm/s,property pump.vibration (things/pump.td.json:", run.Output, StringComparison.Ordinal);
        Assert.Contains("vib_rms,feature,mm/s,AVG(vibration) OVER (", run.Output, StringComparison.Ordinal);
        Assert.Contains("pumps@2: 22 rows of 2 devices of the type pump, cut 2026-01-01T", run.Error, StringComparison.Ordinal);

        Assert.Equal(ExitCode.Done, await run.RunAsync("dataset", "diff", "pumps", "1", "2", "-o", "csv"));
        Assert.Contains("rows,added,1,,\ndevice,changed,acme/lyon/a/pump-1,,\ncolumn,added,oil,,\n", run.Output, StringComparison.Ordinal);
        Assert.Contains("column origin,changed,bearing_rul.vib_rms,RMS(vibration) OVER (PARTITION BY device", run.Output, StringComparison.Ordinal);
        Assert.Contains("column unit,changed,bearing_rul.rul_days,d,h\n", run.Output, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Done, await run.RunAsync("dataset", "diff", "pumps", "1", "1", "-o", "json"));
        Assert.EndsWith("pumps@1 and pumps@1 are the same data: one digest\n", run.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Usage, await run.RunAsync("dataset", "diff", "pumps", "one", "2"));
        Assert.Equal(ExitCode.NotFound, await run.RunAsync("dataset", "show", "pumps@7"));
        Assert.Contains("there are pumps@1, pumps@2", run.Error, StringComparison.Ordinal);
    }

    private async Task<CliRun> ConnectedAsync()
    {
        var run = new CliRun { Http = new PipelineHandler(_pipeline), Time = _time }.Connected();
        await File.WriteAllTextAsync(Path.Combine(run.Directory, "token"), await File.ReadAllTextAsync(Path.Combine(_server.Path, "admin.token")));
        return run;
    }

    private async Task<JsonNode> DiffAsync(int from, int to)
    {
        var answer = await _pipeline.AskAsync("GET", $"{Route}/pumps/diff", query: $"?from={from}&to={to}");
        Assert.True(answer.Status == 200, $"{answer}");
        return answer.Json;
    }

    private static List<string> Words(JsonNode? changes) => [.. changes!.AsArray().Select(change => $"{change!["column"]} {change["what"]} {change["before"]} {change["after"]}")];

    private async Task<(int Version, string Digest)> CutAsync(string more)
    {
        var answer = await _pipeline.AskAsync("POST", Route, $$"""{"name":"pumps","package":"pump-bearings"{{more}}}""");
        Assert.True(answer.Status == 200, $"{answer}");
        return ((int)answer.Json["version"]!, (string)answer.Json["digest"]!);
    }

    private async Task InstallAsync(Dictionary<string, string> texts)
    {
        var files = new JsonObject(texts.Select(text => KeyValuePair.Create(text.Key, (JsonNode?)Convert.ToBase64String(Encoding.UTF8.GetBytes(text.Value)))));
        var answer = await _pipeline.AskAsync("POST", "/api/v1/packages", new JsonObject { ["files"] = files }.ToJsonString());
        Assert.True(answer.Status == 200, $"{answer}");
    }

    private async Task StoreAsync(string device, double minute, params (string Property, double Value)[] values)
    {
        var start = Clock.ToNs(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        var batch = new PointBatch();
        batch.AddRow(Acme, new DeviceId(device), start + (long)(minute * Minute), Now, [.. values.Select(one => one.Property)], [.. values.Select(one => one.Value)], Quality.Good);
        await _server.Get<TimeSeriesStore>().AppendAsync(batch, null, default);
    }
}
