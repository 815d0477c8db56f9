using System.Diagnostics.Metrics;
using System.Text;
using Pilotage.Core;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fabric.Hierarchy;
using Pilotage.Server.Fabric.Meaning;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.TimeSeries;
using Xunit;

namespace Pilotage.Tests.Server.Fabric;

/// <summary>Assets and relations: what is told of a plant, what is refused, and what is found by it.</summary>
public sealed class AssetRouteTests : IAsyncLifetime
{
    private const string Plant = """
        format: pilotage.assets/1
        assets:
          lyon-works: {level: site}
          hall-1:     {level: area, part_of: lyon-works, title: Hall 1}
          line-2:     {level: line, part_of: hall-1}
          pump-7-unit: {level: unit, part_of: line-2}
          bearing-de: {level: component, part_of: pump-7-unit}
        relations:
          - gateway vibration measures bearing-de
          - motor part-of pump-7-unit
          - motor feeds pump-7-unit
        """;

    private static readonly TenantId Acme = new("acme");
    private readonly TestServerFolder _server = new();
    private readonly RequestPipeline _pipeline;

    public AssetRouteTests() => _pipeline = new RequestPipeline(_server);

    public async Task InitializeAsync()
    {
        _server.Get<IFleet>().Declare(Acme,
        [
            new DeviceDeclaration("acme/lyon/line-2/fan", "fan") { Id = new("fan") }, // by its path
            new DeviceDeclaration("acme/lyon/store/motor", "motor") { Id = new("motor") }, // by what it is part of
            new DeviceDeclaration("acme/lyon/store/gateway", "box") { Id = new("gateway") }, // by what one of its series measures
            new DeviceDeclaration("acme/lyon/line-3/other", "fan") { Id = new("other") },
        ]);
        var batch = new PointBatch();
        foreach (var device in new[] { "fan", "motor", "gateway", "other" })
        {
            batch.AddRow(Acme, new DeviceId(device), 1, 0, ["speed", "vibration"], [1, 2], Quality.Good);
        }

        await _server.Get<TimeSeriesStore>().AppendAsync(batch, null, default);
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task What_belongs_to_a_part_of_the_plant_is_found_by_path_part_and_measure()
    {
        Assert.Equal((5, 7), Counts(await ImportAsync(Plant)));
        Assert.Equal(["fan speed", "fan vibration", "gateway vibration", "motor speed", "motor vibration"], await FoundAsync("?in=line-2"));
        Assert.Equal(["fan speed", "fan vibration", "gateway vibration", "motor speed", "motor vibration"], await FoundAsync("?in=lyon-works"));
        Assert.Equal(["fan vibration", "gateway vibration", "motor vibration"], await FoundAsync("?in=hall-1&property=vibration"));
        Assert.Equal(["gateway vibration"], await FoundAsync("?in=bearing-de"));
        Assert.Equal(["motor speed", "motor vibration"], await FoundAsync("?in=motor"));
        Assert.Equal(["other speed", "other vibration"], await FoundAsync("?in=line-3"));
        Assert.Equal(["fan speed", "fan vibration"], await FoundAsync("?in=acme/lyon/line-2"));
        var unknown = await _pipeline.AskAsync("GET", "/api/v1/series", query: "?in=line-9");
        Assert.Equal((404, true), (unknown.Status, unknown.Detail().Contains("\"line-9\" is no asset, no device, and no level of a device's path", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task All_bearing_vibration_in_line_2_is_one_question()
    {
        const string Model = """{"@context":"https://www.w3.org/2022/wot/td/v1.1","title":"X","properties":{"vibration":{"type":"number","unit":"mm/s"},"speed":{"type":"number","unit":"m/s"}}}""";
        foreach (var thing in new[] { "fan", "box", "motor" })
        {
            Assert.Equal(200, (await _pipeline.AskAsync("PUT", $"/api/v1/things/{thing}/description", Model, mediaType: "application/td+json")).Status);
        }

        await ImportAsync(Plant);
        Assert.Equal(["fan vibration", "gateway vibration", "motor vibration"], await FoundAsync("?in=line-2&quantity=vibration"));
        Assert.Equal(["fan vibration", "motor vibration", "other vibration"], (await FoundAsync("?quantity=vibration")).Except(["gateway vibration"]));
    }

    [Fact]
    public async Task What_was_told_is_there_after_a_restart_and_changed_by_naming_it_again()
    {
        await ImportAsync(Plant);
        Assert.Equal(200, (await _pipeline.AskAsync("PUT", "/api/v1/assets/line-2", """{"title":"Line 2"}""")).Status);
        Assert.Equal((6, 8), Counts(await ImportAsync("format: pilotage.assets/1\nassets: {hall-2: {level: area, part_of: lyon-works}, line-2: {part_of: hall-2}}")));

        var again = new AssetBook(_server.Get<AssetStore>(), _server.Get<IFleet>(), _server.Get<TimeSeriesStore>(), _server.Get<ThingBook>(), _server.Get<IMeterFactory>()).Of(Acme);
        Assert.Equal(new Asset("line-2", AssetLevel.Line, "Line 2"), again.Assets["line-2"]);
        Assert.Equal(["hall-2", "lyon-works"], again.Above(AssetNode.OfAsset("line-2")).Select(node => node.Name));
        Assert.Equal(_server.Get<AssetBook>().Of(Acme).Relations.Order(Comparer<Relation>.Create((a, b) => string.CompareOrdinal($"{a}", $"{b}"))), again.Relations.OrderBy(one => $"{one}", StringComparer.Ordinal));
        Assert.DoesNotContain("bearing-de", await FoundAsync("?in=hall-1"));

        var shown = (await _pipeline.AskAsync("GET", "/api/v1/assets/line-2")).Json;
        Assert.Equal(("line", "Line 2", "[\"hall-2\",\"lyon-works\"]"), ((string?)shown["level"], (string?)shown["title"], shown["above"]!.ToJsonString()));
        Assert.Equal(["line-2"], (await _pipeline.AskAsync("GET", "/api/v1/assets", query: "?level=line")).Json["items"]!.AsArray().Select(row => (string?)row!["name"]));
        Assert.Equal(3, (await _pipeline.AskAsync("GET", "/api/v1/assets", query: "?limit=3")).Json["items"]!.AsArray().Count);
        Assert.Contains(_server.Get<IAudit>().Read(Acme, null, 20), record => record is { Action: "fabric.asset.import", Result: "done" });
    }

    [Theory]
    [InlineData("assets: {shelf: {level: component}}\nrelations: [line-2 part-of shelf]", "line-2 is a line, and stands above shelf, a component")]
    [InlineData("assets: {pump-8: {level: unit}}\nrelations: [pump-7-unit part-of pump-8, pump-8 part-of pump-7-unit]", "would be a part of itself")]
    [InlineData("relations: [motor part-of fan, fan part-of motor]", "would be a part of itself")]
    [InlineData("relations: [fan part-of fan]", "cannot be related to itself")]
    [InlineData("relations: [fan part-of line-9]", "assets:2:13: \"line-9\" is neither an asset nor a device; see pilotage asset list")]
    [InlineData("relations: [line-2 measures hall-1]", "is no device, and only devices measure")]
    [InlineData("relations: [fan speed feeds motor]", "a property belongs to measures alone")]
    [InlineData("relations: [fan eats motor]", "\"eats\" is no relation; known are part-of, feeds, measures")]
    [InlineData("relations: [fan]", "is no relation; write pump-7 part-of line-2")]
    [InlineData("assets: {cell-1: {}}", "cell-1 needs a level: enterprise, site, area, line, cell, unit, component")]
    [InlineData("assets: {cell-1: {level: shop}}", "\"shop\" is no level")]
    [InlineData("assets: {\"a b\": {level: line}}", "is not the name of an asset")]
    [InlineData("assets: {cell-1: {levl: line}}", "did you mean \"level\"?")]
    [InlineData("asets: {}", "did you mean \"assets\"?")]
    public async Task What_cannot_be_is_refused_whole_with_its_place(string more, string says)
    {
        await ImportAsync(Plant);
        var before = _server.Get<AssetBook>().Of(Acme);
        var answer = await _pipeline.AskAsync("POST", "/api/v1/assets/import", $"format: pilotage.assets/1\n{more}\n", mediaType: "application/yaml");
        Assert.Equal(422, answer.Status);
        Assert.Contains(says, answer.Detail(), StringComparison.Ordinal);
        Assert.Same(before, _server.Get<AssetBook>().Of(Acme));
    }

    [Fact]
    public async Task Relations_are_added_listed_and_taken_away_one_by_one_and_an_asset_that_is_needed_stays()
    {
        await ImportAsync(Plant);
        Assert.Equal((5, 8), Counts(await _pipeline.AskAsync("POST", "/api/v1/relations", """{"from":"fan","relation":"measures","to":"line-2","property":"speed"}""")));
        Assert.Equal((5, 8), Counts(await _pipeline.AskAsync("POST", "/api/v1/relations", """{"from":"acme/lyon/line-2/fan","relation":"measures","to":"line-2","property":"speed"}""")));
        var rows = (await _pipeline.AskAsync("GET", "/api/v1/relations", query: "?node=fan")).Json["items"]!.AsArray();
        Assert.Equal(("fan", "speed", "measures", "line-2", "acme/lyon/line-2/fan"), ((string?)rows[0]!["from"], (string?)rows[0]!["property"], (string?)rows[0]!["relation"], (string?)rows[0]!["to"], (string?)rows[0]!["fromPath"]));
        Assert.Equal(404, (await _pipeline.AskAsync("DELETE", "/api/v1/relations", query: "?from=fan&relation=measures&to=line-2")).Status);
        Assert.Equal(200, (await _pipeline.AskAsync("DELETE", "/api/v1/relations", query: "?from=fan&relation=measures&to=line-2&property=speed")).Status);
        Assert.Equal(422, (await _pipeline.AskAsync("DELETE", "/api/v1/relations", query: "?from=fan&relation=measures&to=line-9")).Status);

        var needed = await _pipeline.AskAsync("DELETE", "/api/v1/assets/line-2");
        Assert.Equal((409, true), (needed.Status, needed.Detail().EndsWith("pilotage asset unrelate pump-7-unit part-of line-2 --yes", StringComparison.Ordinal)));
        Assert.Equal(200, (await _pipeline.AskAsync("DELETE", "/api/v1/relations", query: "?from=pump-7-unit&relation=part-of&to=line-2")).Status);
        Assert.Equal(204, (await _pipeline.AskAsync("DELETE", "/api/v1/assets/line-2")).Status);
        Assert.Equal(404, (await _pipeline.AskAsync("DELETE", "/api/v1/assets/line-2")).Status);

        // A device that is taken away leaves its relations, which say so.
        Assert.Equal(200, (await _pipeline.AskAsync("DELETE", "/api/v1/devices/motor")).Status);
        Assert.All((await _pipeline.AskAsync("GET", "/api/v1/relations", query: "?node=motor")).Json["items"]!.AsArray(), row => Assert.Equal("there is no device motor any more", (string?)row!["note"]));
    }

    [Fact]
    public async Task What_was_changed_is_told_apart_from_what_there_is()
    {
        Assert.Equal("5 0 7 0 5 7", Changes(await ImportAsync(Plant)));
        Assert.Equal("0 0 0 0 5 7", Changes(await ImportAsync(Plant)));
        Assert.Equal("1 1 2 1 6 8", Changes(await ImportAsync("format: pilotage.assets/1\nassets: {hall-2: {level: area, part_of: lyon-works}, line-2: {title: Two, part_of: hall-2}}")));
        Assert.Equal("0 0 1 0 6 9", Changes(await _pipeline.AskAsync("POST", "/api/v1/relations", """{"from":"fan","relation":"feeds","to":"motor"}""")));
    }

    private static string Changes(RequestPipeline.Answer answer) =>
        string.Join(' ', new[] { "assetsAdded", "assetsChanged", "relationsAdded", "relationsReplaced", "assets", "relations" }.Select(name => (string)answer.Json[name]!.ToJsonString()));

    [Fact]
    public async Task A_series_that_a_device_does_not_have_measures_nothing()
    {
        await ImportAsync(Plant);
        var refused = await _pipeline.AskAsync("POST", "/api/v1/relations", """{"from":"fan","relation":"measures","to":"line-2","property":"nosuch"}""");
        Assert.Equal(422, refused.Status);
        Assert.Contains("fan has no series \"nosuch\", and its thing type describes none; it has speed, vibration", refused.Detail(), StringComparison.Ordinal);

        // What is described may come later, and of a device that is silent nobody knows.
        const string Model = """{"@context":"https://www.w3.org/2022/wot/td/v1.1","title":"X","properties":{"nosuch":{"type":"number"}}}""";
        Assert.Equal(200, (await _pipeline.AskAsync("PUT", "/api/v1/things/fan/description", Model, mediaType: "application/td+json")).Status);
        Assert.Equal(200, (await _pipeline.AskAsync("POST", "/api/v1/relations", """{"from":"fan","relation":"measures","to":"line-2","property":"nosuch"}""")).Status);
        _server.Get<IFleet>().Declare(Acme, [new DeviceDeclaration("acme/lyon/store/silent", "box") { Id = new("silent") }]);
        Assert.Equal(200, (await _pipeline.AskAsync("POST", "/api/v1/relations", """{"from":"silent","relation":"measures","to":"line-2","property":"any"}""")).Status);
    }

    [Theory]
    [InlineData("asset:bearing-de", "gateway vibration")]
    [InlineData("device:motor", "motor speed,motor vibration")]
    [InlineData("asset:motor", null)]
    [InlineData("device:line-2", null)]
    public async Task A_prefix_says_whether_an_asset_or_a_device_is_meant(string name, string? expected)
    {
        await ImportAsync(Plant);
        var found = await _pipeline.AskAsync("GET", "/api/v1/series", query: $"?in={name}");
        Assert.Equal(expected is null ? 404 : 200, found.Status);
        Assert.Equal(expected, expected is null ? null : string.Join(',', found.Json["items"]!.AsArray().Select(row => $"{row!["device"]} {row["property"]}")));
    }

    [Fact]
    public async Task An_asset_is_shown_and_its_relations_are_listed_by_its_name_with_or_without_the_prefix()
    {
        await ImportAsync(Plant);
        Assert.Equal("line-2", (string?)(await _pipeline.AskAsync("GET", "/api/v1/assets/asset:line-2")).Json["name"]);
        var plain = (await _pipeline.AskAsync("GET", "/api/v1/relations", query: "?node=line-2")).Text;
        Assert.Contains("pump-7-unit", plain, StringComparison.Ordinal);
        Assert.Equal(plain, (await _pipeline.AskAsync("GET", "/api/v1/relations", query: "?node=asset:line-2")).Text);
        Assert.Empty((await _pipeline.AskAsync("GET", "/api/v1/relations", query: "?node=device:line-2")).Json["items"]!.AsArray());

        // A slash inside of a name is one in what is said of it, too.
        Assert.StartsWith("There is no asset \"a/b\"", (await _pipeline.AskAsync("GET", "/api/v1/assets/a%2fb")).Detail(), StringComparison.Ordinal);
    }

    [Fact]
    public void Assets_of_a_tenant_are_bounded()
    {
        var book = _server.Get<AssetBook>();
        var all = Enumerable.Range(0, AssetBook.AssetsMax).Select(i => new AssetWish("x", $"a{i}", "unit", null, null)).ToList();
        Assert.True(book.Add(Acme, all, []).IsOk);
        var more = book.Add(Acme, [new AssetWish("x", "more", "unit", null, null)], []);
        Assert.Equal("fabric.asset.full", more.Refusal.Code);
        Assert.True(book.Add(Acme, [new AssetWish("x", "a1", "line", null, null)], []).IsOk);
        Assert.Equal(AssetBook.AssetsMax, book.Of(Acme).Assets.Count);
    }

    private static (int, int) Counts(RequestPipeline.Answer answer)
    {
        Assert.True(answer.Status == 200, answer.ToString());
        return ((int)answer.Json["assets"]!, (int)answer.Json["relations"]!);
    }

    private Task<RequestPipeline.Answer> ImportAsync(string yaml) => _pipeline.SendAsync("POST", "/api/v1/assets/import", Encoding.UTF8.GetBytes(yaml), "", "application/yaml");

    private async Task<IEnumerable<string>> FoundAsync(string query)
    {
        var answer = await _pipeline.AskAsync("GET", "/api/v1/series", query: query);
        Assert.True(answer.Status == 200, answer.ToString());
        return answer.Json["items"]!.AsArray().Select(row => $"{row!["device"]} {row["property"]}");
    }
}
