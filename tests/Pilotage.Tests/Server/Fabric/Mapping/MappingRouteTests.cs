using Pilotage.Core;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fabric.Mapping;
using Pilotage.Server.Fleet.Contracts;
using Xunit;

namespace Pilotage.Tests.Server.Fabric.Mapping;

/// <summary>Mappings over HTTP: added in versions, shown, tried out, taken away.</summary>
public sealed class MappingRouteTests : IAsyncLifetime
{
    private const string Route = "/api/v1/mappings/factory/document";
    private static readonly TenantId Acme = new("acme");
    private readonly TestServerFolder _server = new();
    private readonly RequestPipeline _pipeline;

    public MappingRouteTests() => _pipeline = new RequestPipeline(_server);

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task A_mapping_is_added_shown_replaced_by_a_higher_version_and_taken_away_with_an_audit_of_it()
    {
        var added = await PutAsync(MappingReaderTests.Factory, ifNoneMatch: "*");
        Assert.Equal((200, "factory", 2, 2), (added.Status, (string?)added.Json["name"], (int)added.Json["version"]!, (int)added.Json["rules"]!));
        Assert.Contains("the thing type press is described by it from now on", added.Json["notes"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal("Cel", (string?)(await GetAsync("/api/v1/things/press")).Json["properties"]![0]!["unit"]);

        var shown = (await GetAsync("/api/v1/mappings/factory")).Json;
        Assert.Equal(["report", "status"], shown["rules"]!.AsArray().Select(rule => (string?)rule!["rule"]).Order());
        Assert.Equal(MappingReaderTests.Factory, (await GetAsync(Route)).Text);

        Assert.Equal((412, "fabric.mapping.precondition"), Told(await PutAsync(Version(3), ifNoneMatch: "*")));
        Assert.Equal(2, (int)(await PutAsync(MappingReaderTests.Factory)).Json["version"]!);
        Assert.Equal((409, "fabric.mapping.conflict"), Told(await PutAsync(MappingReaderTests.Factory + "\n# edited\n")));
        Assert.Equal(200, (await PutAsync(Version(3))).Status);
        Assert.Equal(MappingReaderTests.Factory, (await _pipeline.AskAsync("GET", Route, query: "?version=2")).Text);
        Assert.Equal([3, 2], (await GetAsync("/api/v1/mappings/factory")).Json["versions"]!.AsArray().Select(version => (int)version!));
        Assert.Equal(3, (int)(await GetAsync("/api/v1/mappings")).Json["items"]![0]!["version"]!);

        Assert.Equal(200, (await _pipeline.AskAsync("DELETE", "/api/v1/mappings/factory")).Status);
        Assert.Equal(404, (await _pipeline.AskAsync("DELETE", "/api/v1/mappings/factory")).Status);
        Assert.Equal((404, "fabric.mapping.not_found"), Told(await GetAsync("/api/v1/mappings/factory")));
        var audit = _server.Get<IAudit>().Read(Acme, null, 20).Where(record => record.Action.StartsWith("fabric.mapping", StringComparison.Ordinal)).Select(record => $"{record.Action[15..]} {record.Result}");
        Assert.Equal(["delete refused", "delete done", "write done", "write refused", "write done", "write refused", "write done"], audit);
    }

    [Fact]
    public async Task A_unit_of_a_rule_without_a_thing_type_is_kept_with_the_series_and_what_a_later_version_adds_too()
    {
        const string Mapping = "format: pilotage.mapping/1\nname: my-plant\nversion: 1\nrules:\n  a:\n    topic: f/{machine}/a\n    device: \"{tenant}/lyon/{machine}\"\n    property: a\n    unit: bar\n"
            + "  b:\n    topic: f/{machine}/b\n    device: \"{tenant}/lyon/{machine}\"\n    property: b\n";
        async Task<RequestPipeline.Answer> SendAsync(string text) => await _pipeline.AskAsync("PUT", "/api/v1/mappings/my-plant/document", text, mediaType: "application/yaml");

        var added = await SendAsync(Mapping);
        Assert.Contains("new devices of a, b are of the thing type my_plant; name another one with thing:", (string?)added.Json["notes"]![0], StringComparison.Ordinal);
        var table = new RuleTable(_server.Get<MappingBook>().Find(Acme, "my-plant")!, Acme, "plant");
        foreach (var topic in new[] { "f/m1/b", "f/m1/a" })
        {
            Assert.Equal(MappedFate.Stored, (await _server.Get<MappedMessages>().StoreAsync(table, new ForeignMessage(topic, "2"u8.ToArray(), null, false, 1_767_225_600_000_000_000))).Fate);
        }

        Assert.Equal(["a bar", "b "], await UnitsAsync());

        // The description was the mapping's own, so its next version goes on with it; one that a person gave stays.
        Assert.Equal(200, (await SendAsync(Mapping.Replace("version: 1", "version: 2", StringComparison.Ordinal) + "    unit: Cel\n")).Status);
        Assert.Equal(["a bar", "b Cel"], await UnitsAsync());
        const string Model = """{"@context":"https://www.w3.org/2022/wot/td/v1.1","title":"Press","properties":{"a":{"type":"number","unit":"bar"}}}""";
        Assert.Equal(200, (await _pipeline.AskAsync("PUT", "/api/v1/things/my_plant/description", Model, mediaType: "application/td+json")).Status);
        var third = await SendAsync(Mapping.Replace("version: 1", "version: 3", StringComparison.Ordinal) + "    unit: Cel\n");
        Assert.Contains("b of a my_plant has no unit in its description, so Cel of the rule b is not kept with the series", (string?)third.Json["notes"]!.AsArray()[^1], StringComparison.Ordinal);
        Assert.Equal(["a bar", "b "], await UnitsAsync());

        async Task<IEnumerable<string>> UnitsAsync() =>
            (await _pipeline.AskAsync("GET", "/api/v1/series", query: "?device=m1")).Json["items"]!.AsArray().Select(row => $"{row!["property"]} {row["unit"]}");
    }

    [Fact]
    public async Task Only_so_many_versions_are_kept()
    {
        for (var version = 1; version <= 23; version++)
        {
            Assert.Equal(200, (await PutAsync(Version(version))).Status);
        }

        Assert.Equal(Enumerable.Range(4, 20).Reverse(), (await GetAsync("/api/v1/mappings/factory")).Json["versions"]!.AsArray().Select(version => (int)version!));
        Assert.Equal(404, (await _pipeline.AskAsync("GET", Route, query: "?version=3")).Status);
    }

    [Theory]
    [InlineData("name: factory", "name: plant", 422, "it was sent as factory")]
    [InlineData("unit: Cel", "unit: Celsius", 422, "factory.yaml:14:")]
    [InlineData("\"{tenant}/lyon/{line}/{machine}\"", "other/lyon/{machine}", 422, "stands below \"other\"; devices of yours stand below {tenant}/")]
    public async Task What_is_wrong_is_told_with_its_line(string instead, string written, int status, string why)
    {
        var answer = await PutAsync(MappingReaderTests.Factory.Replace(instead, written, StringComparison.Ordinal));
        Assert.Equal(status, answer.Status);
        Assert.Contains(why, answer.Detail(), StringComparison.Ordinal);
        Assert.Equal(404, (await GetAsync("/api/v1/mappings/factory")).Status);
    }

    [Fact]
    public async Task A_unit_that_measures_something_else_than_is_described_is_refused()
    {
        const string Model = """{"@context":"https://www.w3.org/2022/wot/td/v1.1","title":"Press","properties":{"temperature":{"type":"number","unit":"bar"}}}""";
        Assert.Equal(200, (await _pipeline.AskAsync("PUT", "/api/v1/things/press/description", Model, mediaType: "application/td+json")).Status);

        var answer = await PutAsync(MappingReaderTests.Factory);
        Assert.Equal(422, answer.Status);
        Assert.Contains("temperature of a press is described in bar (pressure), and the rule status says Cel (temperature)", answer.Detail(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_preview_says_what_messages_would_become_and_stores_nothing()
    {
        _server.Get<IFleet>().Declare(Acme, [new DeviceDeclaration("acme/lyon/l1/press-1", "press")]);
        var answer = await PreviewAsync(
            """{"topic":"factory/l1/press-1/status/temp_c","payload":"21.5"},{"topic":"factory/l1/report","payload":"{\"machine\":\"p2\",\"at\":1767225600,\"env\":{\"temp\":70},\"count\":3}"},"""
            + """{"topic":"factory/l1/press-1/status/temp_c","payload":"NaN"},{"topic":"else/where","payload":"1"},{"topic":"factory/l1/press-1/status/x","payload":"1","retained":true}""");

        Assert.Equal(200, answer.Status);
        var items = answer.Json["items"]!.AsArray();
        Assert.Equal(["stored", "stored", "kept", "unmapped", "skipped"], items.Select(item => (string?)item!["fate"]));
        var first = items[0]!["rows"]![0]!;
        Assert.Equal(("status", "acme/lyon/l1/press-1", false, true), ((string?)items[0]!["rule"], (string?)first["device"], (bool)first["isNew"]!, (bool)first["timeIsOfArrival"]!));
        Assert.Equal("""{"property":"temperature","kind":"number","value":"21.5","unit":"Cel"}""", first["values"]![0]!.ToJsonString());
        var second = items[1]!["rows"]![0]!;
        Assert.Equal(("acme/lyon/l1/p2", true, "2026-01-01T00:00:00+00:00"), ((string?)second["device"], (bool)second["isNew"]!, (string?)second["ts"]));
        Assert.Equal(["temp=68 [degF]", "count=3 "], second["values"]!.AsArray().Select(value => $"{value!["property"]}={value["value"]} {value["unit"]}"));
        Assert.Single(_server.Get<IFleet>().List(Acme, new DeviceQuery()));
    }

    [Theory]
    [InlineData("""{"topic":"a/#","payload":"1"}""", "is no topic of a message")]
    [InlineData("""{"topic":"a"}""", "give either payload, as text, or payloadBase64")]
    [InlineData("""{"topic":"a","payloadBase64":"?"}""", "is no Base64")]
    public async Task A_sample_that_is_no_message_is_named(string sample, string why)
    {
        var answer = await PreviewAsync(sample);
        Assert.Equal(400, answer.Status);
        Assert.Contains(why, answer.Detail(), StringComparison.Ordinal);
        var many = await PreviewAsync(string.Join(',', Enumerable.Repeat("""{"topic":"a","payload":"1"}""", 1_001)));
        Assert.Contains("there are 1001; 1000 are the most", many.Detail(), StringComparison.Ordinal);
    }

    private static string Version(int version) => MappingReaderTests.Factory.Replace("version: 2", $"version: {version}", StringComparison.Ordinal);

    private static (int, string?) Told(RequestPipeline.Answer answer) => (answer.Status, ((string?)answer.Json["type"])?.Split('/')[^1]);

    private Task<RequestPipeline.Answer> PutAsync(string yaml, string? ifNoneMatch = null) => _pipeline.AskAsync("PUT", Route, yaml, mediaType: "application/yaml", ifNoneMatch: ifNoneMatch);

    private Task<RequestPipeline.Answer> GetAsync(string path) => _pipeline.AskAsync("GET", path);

    private Task<RequestPipeline.Answer> PreviewAsync(string samples) => _pipeline.AskAsync(
        "POST", "/api/v1/mappings/preview", $$"""{"mapping":{{System.Text.Json.JsonSerializer.Serialize(MappingReaderTests.Factory)}},"samples":[{{samples}}]}""");
}
