using System.Diagnostics.Metrics;
using System.Text;
using Pilotage.Core;
using Pilotage.Core.Contracts;
using Pilotage.Core.Contracts.Forwarding;
using Pilotage.Server.Fabric;
using Pilotage.Server.Fabric.Agreements;
using Pilotage.Server.Fabric.Ingest;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Testing;
using Pilotage.TimeSeries;
using Xunit;

namespace Pilotage.Tests.Server.Fabric.Agreements;

/// <summary>Contracts from the document to what becomes of a value, through the whole pipeline.</summary>
public sealed class ContractRouteTests : IAsyncLifetime
{
    private const string Contract = "/api/v1/things/pump/contract";
    private const string Telemetry = "/api/v1/devices/p1/telemetry";
    private const string Yaml = "application/yaml";
    private const long T0 = 1_767_225_600_000;
    private static readonly TenantId Acme = new("acme");
    private readonly ManualTime _time = new();
    private readonly TestServerFolder _server;
    private readonly RequestPipeline _pipeline;
    private long _sent;

    public ContractRouteTests()
    {
        _server = new TestServerFolder(_time);
        _pipeline = new RequestPipeline(_server);
    }

    private TimeSeriesStore Store => _server.Get<TimeSeriesStore>();

    public Task InitializeAsync()
    {
        var fleet = _server.Get<IFleet>();
        fleet.Declare(Acme, [new DeviceDeclaration("acme/lyon/edge-1", Things.Edge) { Id = new("e1") }]);
        fleet.Declare(Acme, [new DeviceDeclaration("acme/lyon/pump-1", "pump", new DeviceId("e1")) { Id = new("p1") }, new DeviceDeclaration("acme/lyon/motor-1", "motor") { Id = new("m1") }]);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task What_is_counted_is_stored_and_told_with_the_last_example()
    {
        await PutAsync("vibration: {maximum: 50}");
        Assert.Equal(200, (await SendAsync("""{"vibration":60,"load":1}""")).Status);
        Assert.Equal(200, (await SendAsync("""{"vibration":70.5}""")).Status);
        Assert.Equal([60, 70.5], Values("vibration"));
        var row = Assert.Single((await _pipeline.AskAsync("GET", "/api/v1/contracts/violations", query: "?device=p1")).Json["items"]!.AsArray())!;
        Assert.Equal(("vibration", "range", 2, "count"), ((string?)row["property"], (string?)row["rule"], (int)row["count"]!, (string?)row["violation"]));
        Assert.Equal("vibration is 70.5, at most 50 is agreed", (string?)row["says"]);
    }

    [Fact]
    public async Task What_is_kept_apart_is_acknowledged_listed_and_released_into_its_series()
    {
        await PutAsync("vibration: {minimum: 0, maximum: 50, violation: quarantine}");
        Assert.Equal(200, (await SendAsync("""{"vibration":-1.5,"load":1}""")).Status);
        Assert.Equal(200, (await SendAsync("""{"vibration":7}""")).Status);
        Assert.Equal([7.0], Values("vibration"));
        Assert.Equal([1.0], Values("load"));

        var held = (await _pipeline.AskAsync("GET", "/api/v1/quarantine", query: "?device=p1")).Json;
        Assert.Equal(1, (int)held["total"]!);
        Assert.Equal((-1.5, "vibration.range", "vibration is -1.5, at least 0 and at most 50 is agreed"), ((double)held["items"]![0]!["value"]!, (string?)held["items"]![0]!["rule"], (string?)held["items"]![0]!["reason"]));

        Assert.Equal(400, (await _pipeline.AskAsync("POST", "/api/v1/quarantine/release")).Status);
        var released = await _pipeline.AskAsync("POST", "/api/v1/quarantine/release", query: "?device=p1");
        Assert.Equal((1, 0), ((int)released.Json["points"]!, (int)released.Json["kept"]!));
        Assert.Equal([-1.5, 7], Values("vibration"));
        Assert.Equal(0, (int)(await _pipeline.AskAsync("GET", "/api/v1/quarantine")).Json["total"]!);
    }

    [Fact]
    public async Task A_point_that_fits_its_series_no_more_stays_with_the_reason()
    {
        await PutAsync("state: {values: [on, off], violation: quarantine}");
        await SendAsync("""{"state":"broken"}""");
        var batch = new PointBatch();
        batch.AddRow(Acme, new DeviceId("p1"), 1, 0, ["state"], [1.0], Quality.Good);
        await Store.AppendAsync(batch, null, default);
        var released = (await _pipeline.AskAsync("POST", "/api/v1/quarantine/release", query: "?all=true")).Json;
        Assert.Equal((0, 1), ((int)released["points"]!, (int)released["kept"]!));
        Assert.StartsWith("p1/state: ", (string?)Assert.Single(released["reasons"]!.AsArray())!["why"], StringComparison.Ordinal);
        Assert.Equal(1, _server.Get<Quarantine>().CountOf(Acme));
    }

    [Fact]
    public async Task What_is_discarded_is_gone_and_never_was_in_its_series()
    {
        await PutAsync("state: {values: [on, off], violation: quarantine}");
        await SendAsync("""{"state":"broken"}""");
        await SendAsync("""{"state":"on"}""");
        Assert.Equal(1, (int)(await _pipeline.AskAsync("DELETE", "/api/v1/quarantine", query: "?all=true")).Json["points"]!);
        Assert.Equal(["on"], Store.ReadTyped(new SeriesKey(Acme, new DeviceId("p1"), "state"), long.MinValue, long.MaxValue).Select(point => point.Value.Text));
        Assert.Equal(0, _server.Get<Quarantine>().CountOf(Acme));
    }

    [Fact]
    public async Task What_is_rejected_is_refused_whole_with_the_rule()
    {
        await PutAsync("vibration: {required: true, violation: reject}\n  load: {maximum: 1}");
        var answer = await SendAsync("""{"load":5}""");
        Assert.Equal((422, "Nothing was stored, because the contract of pump is broken: vibration is missing (rule vibration.required)."), (answer.Status, answer.Detail()));
        Assert.Equal("vibration.required", (string?)answer.Json["errors"]![0]!["where"]);
        Assert.Empty(Store.Lasts(Acme, new DeviceId("p1")));

        // Another thing type has no contract.
        Assert.Equal(200, (await _pipeline.AskAsync("POST", "/api/v1/devices/m1/telemetry", $$"""{"ts":{{T0}},"load":5}""")).Status);
    }

    [Fact]
    public async Task A_message_of_the_gateway_goes_the_way_on_which_it_is_judged()
    {
        var ingestion = _server.Get<Ingestion>();
        var device = _server.Get<IFleet>().Find(Acme, new DeviceId("p1"))!;
        Assert.True(TopicPath.TryParse("acme/lyon/pump-1/_tele", out var path));
        await ingestion.StoreAsync(device, path, Message("""{"vibration":1}"""));
        var topic = _server.Get<TopicBook>().Find("acme/lyon/pump-1/_tele")!;
        Assert.NotNull(ingestion.TryStore(device, topic, """{"vibration":2}"""u8, T0 * 1_000_000));

        await PutAsync("vibration: {maximum: 50, violation: reject}");
        Assert.Null(ingestion.TryStore(device, topic, """{"vibration":60}"""u8, T0 * 1_000_000));
        var taken = await ingestion.StoreAsync(device, path, Message("""{"vibration":60}"""));
        Assert.Equal("fabric.contract.violated", taken.Rejected?.Code);
        Assert.DoesNotContain(60, Values("vibration"));
    }

    [Fact]
    public async Task What_an_edge_had_acknowledged_is_kept_aside_where_it_would_be_rejected()
    {
        await PutAsync("vibration: {maximum: 50, violation: reject}");
        var edge = _server.Get<IFleet>().Find(Acme, new DeviceId("e1"))!;
        var forwarded = new ForwardedMessage(0, T0 * 1_000_000, "acme/lyon/pump-1/_tele", Encoding.UTF8.GetBytes("""{"vibration":60}"""));
        await _server.Get<Ingestion>().StoreAsync(edge, new ForwardBatch("e1", "log", 1, [forwarded]), T0 * 1_000_000);
        var kept = Assert.Single(_server.Get<EventStore>().Bad(Acme, new DeviceId("p1"), 10));
        Assert.Contains("vibration is 60, at most 50 is agreed", kept.Reason, StringComparison.Ordinal);
        Assert.Empty(Values("vibration"));
    }

    [Fact]
    public async Task Bounds_in_another_unit_are_held_in_that_unit()
    {
        const string Description = """
            {"@context":"https://www.w3.org/2022/wot/td/v1.1","title":"P","security":"n","securityDefinitions":{"n":{"scheme":"nosec"}},"properties":{"temp":{"unit":"Cel"}}}
            """;
        Assert.Equal(200, (await _pipeline.AskAsync("PUT", "/api/v1/things/pump/description", Description, mediaType: "application/td+json")).Status);
        await PutAsync("temp: {maximum: 100, unit: '[degF]', violation: reject}");
        Assert.Equal(200, (await SendAsync("""{"temp":37}""")).Status);
        var refused = await SendAsync("""{"temp":40}""");
        Assert.Contains("temp is 104 [degF], at most 100 is agreed", refused.Detail(), StringComparison.Ordinal);
        var misfit = await _pipeline.AskAsync("PUT", Contract, "format: pilotage.contract/1\nthing: pump\nproperties: {temp: {maximum: 1, unit: bar}}", mediaType: Yaml);
        Assert.Contains("temp: unit: bar does not convert to Cel", misfit.Detail(), StringComparison.Ordinal);
        Assert.StartsWith("contract:3:", (string?)misfit.Json["errors"]![0]!["where"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bounds_of_a_contract_count_for_the_quality_of_the_series_too()
    {
        await SendAsync("""{"load":5}""");
        await PutAsync("load: {maximum: 1}");
        await SendAsync("""{"load":6}""");
        var finding = (await _pipeline.AskAsync("GET", "/api/v1/series/quality", query: "?device=p1")).Json["items"]![0]!["findings"]![0]!;
        Assert.Equal(("out-of-range", 1, 1.0), ((string?)finding["kind"], (int)finding["count"]!, (double)finding["usual"]!));
    }

    [Fact]
    public async Task Too_many_points_of_a_stretch_break_the_rate_and_too_few_are_counted_with_the_next()
    {
        await PutAsync("load: {rate: {min: 2, max: 3, per: PT1M}, violation: quarantine}");
        for (var second = 0; second < 5; second++)
        {
            await SendAsync("""{"load":1}""", second * 1_000);
        }

        await SendAsync("""{"load":1}""", 60_000);
        await SendAsync("""{"load":1}""", 120_000);
        Assert.Equal(5, Values("load").Count);
        Assert.Equal(2, (int)(await _pipeline.AskAsync("GET", "/api/v1/quarantine")).Json["total"]!);
        var says = (await _pipeline.AskAsync("GET", "/api/v1/contracts/violations", query: "?thing=pump")).Json["items"]!.AsArray().Select(row => (string?)row!["says"]);
        Assert.Contains("load had 1 points within 00:01:00, at least 2 are agreed", says);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Text_where_a_number_is_asked_is_said_to_be_text_and_blames_no_other_value(bool isKnown)
    {
        if (isKnown)
        {
            await SendAsync("""{"vibration":1}""");
        }

        await PutAsync("vibration: {required: true, minimum: 0, violation: quarantine}");
        var answer = await SendAsync("""{"vibration":"high","load":1}""");
        Assert.Equal((200, 1, 1), (answer.Status, (int)answer.Json["values"]!, (int)answer.Json["held"]!));
        Assert.Equal([1.0], Values("load"));
        var held = (await _pipeline.AskAsync("GET", "/api/v1/quarantine")).Json["items"]!.AsArray();
        Assert.Equal(("vibration", "vibration.type", "vibration is text, and a number is asked"), ((string?)held[0]!["property"], (string?)held[0]!["rule"], (string?)held[0]!["reason"]));
        Assert.Single(held);

        // A text that is kept apart has not made the series one of texts.
        Assert.Equal(200, (await SendAsync("""{"vibration":7}""")).Status);
        Assert.Equal(7, Values("vibration")[^1]);

        await PutAsync("vibration: {required: true, minimum: 0, violation: reject}");
        var refused = await SendAsync("""{"vibration":"high","load":2}""");
        Assert.Equal((422, true), (refused.Status, refused.Detail().Contains("vibration is text, and a number is asked (rule vibration.type)", StringComparison.Ordinal)));
        await PutAsync("vibration: {minimum: 0, violation: count}");
        Assert.Contains("vibration is text, and a number is asked", (await SendAsync("""{"vibration":"high"}""")).Detail(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_does_not_fit_its_series_breaks_a_contract_that_only_wants_it_to_be_there()
    {
        await SendAsync("""{"vibration":1}""");
        await PutAsync("vibration: {required: true, violation: reject}");
        Assert.Contains("vibration is text, and a number is asked, as its series holds", (await SendAsync("""{"vibration":"high"}""")).Detail(), StringComparison.Ordinal);
        Assert.Equal(200, (await SendAsync("""{"vibration":true}""")).Status);
    }

    [Fact]
    public async Task Points_of_a_message_that_is_rejected_count_in_no_rate()
    {
        await PutAsync("load: {rate: {min: 1, max: 3, per: PT1M}, violation: reject}\n  vibration: {maximum: 50, violation: reject}");
        for (var second = 0; second < 5; second++)
        {
            Assert.Equal(422, (await SendAsync("""{"load":1,"vibration":60}""", second * 1_000)).Status);
        }

        for (var second = 5; second < 8; second++)
        {
            Assert.Equal(200, (await SendAsync("""{"load":1,"vibration":1}""", second * 1_000)).Status);
        }

        // The fourth is too many however often it is sent, and none of them takes the place of the next stretch.
        Assert.Equal(422, (await SendAsync("""{"load":1}""", 8_000)).Status);
        Assert.Equal(422, (await SendAsync("""{"load":1}""", 8_000)).Status);
        Assert.Equal(422, (await SendAsync("""{"load":1,"vibration":60}""", 600_000)).Status);
        Assert.Equal(200, (await SendAsync("""{"load":1}""", 60_000)).Status);
        Assert.DoesNotContain((await _pipeline.AskAsync("GET", "/api/v1/contracts/violations")).Json["items"]!.AsArray(), row => ((string?)row!["says"])!.Contains("at least", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Single_points_are_decided_by_their_numbers()
    {
        await PutAsync("load: {maximum: 1, violation: quarantine}");
        foreach (var load in new[] { 2, 3, 4 })
        {
            await SendAsync($$"""{"load":{{load}}}""");
        }

        var ids = (await _pipeline.AskAsync("GET", "/api/v1/quarantine")).Json["items"]!.AsArray().Select(row => (long)row!["id"]!).ToList();
        Assert.Equal(1, (int)(await _pipeline.AskAsync("POST", "/api/v1/quarantine/release", query: $"?id={ids[1]}")).Json["points"]!);
        Assert.Equal([3.0], Values("load"));
        var discarded = (await _pipeline.AskAsync("DELETE", "/api/v1/quarantine", query: $"?id={ids[2]},{ids[1]}")).Json;
        Assert.Equal((1, $"[{ids[1]}]"), ((int)discarded["points"]!, discarded["notFound"]!.ToJsonString()));
        var none = await _pipeline.AskAsync("POST", "/api/v1/quarantine/release", query: "?id=998,997");
        Assert.Equal(404, none.Status);
        Assert.StartsWith("No point that is kept apart has the id 997 or 998; nothing was done", none.Detail(), StringComparison.Ordinal);
        Assert.Equal(1, _server.Get<Quarantine>().CountOf(Acme));
        Assert.Equal(404, (await _pipeline.AskAsync("DELETE", "/api/v1/quarantine", query: $"?id={ids[0]}&device=m1")).Status);
        Assert.Contains("holds \"x\"; give the id of the list", (await _pipeline.AskAsync("POST", "/api/v1/quarantine/release", query: "?id=1,x")).Detail(), StringComparison.Ordinal);
        Assert.Equal(400, (await _pipeline.AskAsync("DELETE", "/api/v1/quarantine", query: "?id=" + string.Join(',', Enumerable.Range(1, 501)))).Status);
    }

    [Theory]
    [InlineData("vibration: {maximum: 50, violation: reject}", "pump,device=p1 vibration=1 1700000000000000000\npump,device=p1 vibration=99 1700000001000000000\n", 2)]
    [InlineData("vibration: {maximum: 50, violation: reject}", "pump,device=p1 vibration=99 1700000000000000000\npump,device=p1 vibration=1 1700000001000000000\n", 1)]
    [InlineData("vibration: {maximum: 50, violation: reject}", "pump,device=p1 speed=1 1700000000000000000\n# no point\npump,device=p1 vibration=99 1700000000000000000\npump,device=p1 speed=1 1700000002000000000\n", 3)]
    [InlineData("vibration: {required: true, violation: reject}", "pump,device=p1 vibration=1 1700000000000000000\npump,device=p1 speed=99 1700000001000000000\n", 2)]
    public async Task Line_protocol_names_the_line_that_broke_the_contract(string rules, string lines, int line)
    {
        await PutAsync(rules);
        var written = await _pipeline.AskAsync("POST", "/api/v2/write", lines, mediaType: "text/plain");
        Assert.Equal((400, line, $"line {line}"), (written.Status, (int)written.Json["line"]!, (string?)written.Json["errors"]![0]!["where"]));
    }

    [Fact]
    public async Task Line_protocol_says_how_many_values_are_kept_apart()
    {
        await PutAsync("load: {maximum: 1, violation: quarantine}");
        var written = await _pipeline.AskAsync("POST", "/api/v2/write", "pump,device=p1 load=5,speed=2\n", mediaType: "text/plain");
        Assert.Equal((204, "1"), (written.Status, (string?)written.Response.Headers["X-Pilotage-Held"]));
    }

    [Fact]
    public void Rates_of_more_series_than_are_judged_are_counted_and_so_are_violations_that_no_list_shows()
    {
        var meters = _server.Get<IMeterFactory>();
        using var counted = new CountedMetrics("pilotage.contracts.rate.unjudged", "pilotage.contracts.violations.unlisted");
        var (rates, violations) = (new RateWindows(meters), new Violations(_time, meters));
        for (var i = 0; i < RateWindows.SeriesMax; i++)
        {
            rates.Take(new SeriesKey(Acme, new DeviceId("p1"), $"s{i}"), 0, TimeSpan.FromMinutes(1), new RateWindows.Taking());
        }

        Assert.Equal(0, counted.Of("pilotage.contracts.rate.unjudged"));
        Assert.Equal((1, null), rates.Take(new SeriesKey(Acme, new DeviceId("p1"), "more"), 0, TimeSpan.FromMinutes(1), new RateWindows.Taking()));
        Assert.Equal((1, null), rates.Take(new SeriesKey(Acme, new DeviceId("p1"), "more"), 0, TimeSpan.FromMinutes(1), new RateWindows.Taking()));
        Assert.Equal((2, null), rates.Take(new SeriesKey(Acme, new DeviceId("p1"), "s0"), 0, TimeSpan.FromMinutes(1), new RateWindows.Taking()));
        Assert.Equal(2, counted.Of("pilotage.contracts.rate.unjudged"));

        for (var i = 0; i < Violations.CountedMax; i++)
        {
            violations.Add(Acme, new DeviceId("p1"), $"s{i}", "range", "x", OnViolation.Count);
        }

        Assert.Equal(0, counted.Of("pilotage.contracts.violations.unlisted"));
        violations.Add(Acme, new DeviceId("p1"), "more", "range", "x", OnViolation.Count);
        violations.Add(Acme, new DeviceId("p1"), "s0", "range", "x", OnViolation.Count);
        Assert.Equal((1, Violations.CountedMax), (counted.Of("pilotage.contracts.violations.unlisted"), violations.Of(Acme, new DeviceId("p1")).Count));
    }

    [Fact]
    public async Task A_series_that_is_too_old_is_told_until_it_is_not()
    {
        await PutAsync("load: {fresh: PT5M}");
        Assert.Equal("load has no point yet", await FirstAsync());
        Assert.Null((await _pipeline.AskAsync("GET", "/api/v1/contracts/violations")).Json["items"]![0]!["last"]);
        await SendAsync("""{"load":1}""");
        Assert.Null(await FirstAsync());
        _time.Advance(TimeSpan.FromMinutes(6));
        Assert.StartsWith("load is 0.00:06:", await FirstAsync(), StringComparison.Ordinal);

        async Task<string?> FirstAsync() => (string?)(await _pipeline.AskAsync("GET", "/api/v1/contracts/violations")).Json["items"]!.AsArray().FirstOrDefault()?["says"];
    }

    [Fact]
    public async Task A_contract_is_listed_shown_as_it_came_and_removed()
    {
        await PutAsync("load: {maximum: 1}");
        var again = await _pipeline.AskAsync("PUT", Contract, "format: pilotage.contract/1\nthing: pump\nproperties: {load: {maximum: 2}}", mediaType: Yaml, ifNoneMatch: "*");
        Assert.Equal((412, true), (again.Status, again.Detail().Contains("--replace", StringComparison.Ordinal)));
        var row = Assert.Single((await _pipeline.AskAsync("GET", "/api/v1/contracts")).Json["items"]!.AsArray())!;
        Assert.Equal(("pump", 1, 1), ((string?)row["thing"], (int)row["properties"]!, (int)row["devices"]!));
        Assert.EndsWith("load: {maximum: 1}", (await _pipeline.AskAsync("GET", Contract)).Text.TrimEnd(), StringComparison.Ordinal);
        Assert.Equal(204, (await _pipeline.AskAsync("DELETE", Contract)).Status);
        Assert.Equal(404, (await _pipeline.AskAsync("DELETE", Contract)).Status);
        Assert.Equal(404, (await _pipeline.AskAsync("GET", Contract)).Status);
        await SendAsync("""{"load":5}""");
        Assert.Empty((await _pipeline.AskAsync("GET", "/api/v1/contracts/violations")).Json["items"]!.AsArray());
    }

    [Fact]
    public async Task A_quarantine_that_is_full_refuses_before_anything_is_acknowledged()
    {
        await PutAsync("load: {maximum: 1, violation: quarantine}");
        var quarantine = _server.Get<Quarantine>();
        for (var i = 0; i < Quarantine.PointsMax; i += 10_000)
        {
            var from = i;
            await quarantine.KeepAsync([.. Enumerable.Range(from, 10_000).Select(at => new HeldPoint(0, Acme, new DeviceId("p1"), "load", at, at, SeriesValue.Of(2), "load.range", "x"))]);
        }

        var refused = await SendAsync("""{"load":5}""");
        Assert.Equal(422, refused.Status);
        Assert.Contains("the quarantine holds 100000 points already; release or discard some", refused.Detail(), StringComparison.Ordinal);
        Assert.Equal(200, (await SendAsync("""{"load":1}""")).Status);
    }

    private static IngestMessage Message(string payload) =>
        new("acme/lyon/pump-1/_tele", Encoding.UTF8.GetBytes(payload), [], T0 * 1_000_000, T0 * 1_000_000, null);

    private async Task PutAsync(string rules)
    {
        var put = await _pipeline.AskAsync("PUT", Contract, $"format: pilotage.contract/1\nthing: pump\nproperties:\n  {rules}", mediaType: Yaml);
        Assert.True(put.Status == 200, put.ToString());
    }

    private Task<RequestPipeline.Answer> SendAsync(string values, long? atMs = null) =>
        _pipeline.AskAsync("POST", Telemetry, $$"""{"ts":{{T0 + (atMs ?? _sent++)}},"values":{{values}}}""");

    private List<double> Values(string property) => [.. Store.Read(new SeriesKey(Acme, new DeviceId("p1"), property), long.MinValue, long.MaxValue).Select(point => point.Value)];
}
