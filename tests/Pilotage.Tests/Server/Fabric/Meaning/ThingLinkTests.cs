using Pilotage.Cli.Frame;
using Pilotage.Core;
using Pilotage.Server.Fabric.Hierarchy;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Tests.Cli;
using Xunit;

namespace Pilotage.Tests.Server.Fabric.Meaning;

/// <summary>Links of thing descriptions become relations, and those that cannot are told.</summary>
public sealed class ThingLinkTests : IAsyncLifetime
{
    private const string Route = "/api/v1/things/pump/description";
    private static readonly TenantId Acme = new("acme");
    private readonly TestServerFolder _server = new();
    private readonly RequestPipeline _pipeline;

    public ThingLinkTests() => _pipeline = new RequestPipeline(_server);

    public async Task InitializeAsync()
    {
        _server.Get<IFleet>().Declare(Acme, [.. new[] { 7, 8 }.Select(i => new DeviceDeclaration($"acme/lyon/a/pump-{i}", "pump") { Id = new DeviceId($"pump-{i}") })]);
        var import = await _pipeline.AskAsync(
            "POST", "/api/v1/assets/import", "format: pilotage.assets/1\nassets:\n  line-2: {level: line}\n  tank: {level: unit}\n  bearing-de: {level: component}\n", mediaType: "application/yaml");
        Assert.True(import.Status == 200, $"{import}");
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Theory]
    [InlineData("""{"rel":"partOf","href":"line-2"}""", "pump-7 part-of line-2")]
    [InlineData("""{"rel":"collection","href":"https://plant.example/things/line-2.td.json"}""", "pump-7 part-of line-2")]
    [InlineData("""{"rel":"item","href":"urn:plant:bearing-de"}""", "bearing-de part-of pump-7")]
    [InlineData("""{"rel":"pilotage:feeds","href":"asset:tank"}""", "pump-7 feeds asset:tank")]
    [InlineData("""{"rel":"isFedBy","href":"../pump-8","anchor":"urn:dev:tank"}""", "pump-8 feeds tank")]
    [InlineData("""{"rel":"https://pilotage.dev/rel#measures","href":"bearing-de","anchor":"#/properties/vibration"}""", "pump-7 vibration measures bearing-de")]
    [InlineData("""{"rel":"measures","href":"bearing-de","anchor":"pump-8"}""", "pump-8 measures bearing-de")]
    public async Task A_link_between_things_becomes_the_relation_that_it_means(string link, string relation)
    {
        var put = await PutAsync(link);
        Assert.Equal(relation, (string?)put.Json["links"]![0]!["relation"]);
        var known = (await _pipeline.AskAsync("GET", "/api/v1/relations")).Json["items"]!.AsArray();
        var only = Assert.Single(known)!;
        Assert.Equal(relation.Replace("asset:", "", StringComparison.Ordinal), $"{only["from"]} {(only["property"] is { } property ? $"{property} " : "")}{only["relation"]} {only["to"]}");
        Assert.Equal(relation, (string?)(await _pipeline.AskAsync("GET", "/api/v1/things/pump")).Json["links"]![0]!["relation"]);
    }

    [Theory]
    [InlineData("""{"rel":"icon","href":"pump.png"}""", "the relation \"icon\" is none of ours; known are partOf")]
    [InlineData("""{"href":"line-2"}""", "the relation is missing")]
    [InlineData("""{"rel":"partOf","href":"line-9"}""", "\"line-9\" is neither an asset nor a device here; add it with: pilotage asset add")]
    [InlineData("""{"rel":"partOf"}""", "href is missing; write the asset or device that the link leads to")]
    [InlineData("""{"rel":"partOf","href":"line-2","anchor":"pump-9"}""", "who it is about is not known: \"pump-9\" is no asset or device here")]
    [InlineData("""{"rel":"partOf","href":"pump-7"}""", "device:pump-7 cannot be related to itself")]
    [InlineData("""{"rel":"feeds","href":"line-2","anchor":"#/properties/vibration"}""", "a property belongs to measures alone")]
    [InlineData("""{"rel":"item","href":"line-2","anchor":"tank"}""", "line-2 is a line, and stands above tank")]
    [InlineData("5", "it is a number; a link is an object such as {\"rel\"")]
    [InlineData("null", "it is null; a link is an object")]
    [InlineData("""{"rel":5,"href":"line-2"}""", "rel is a number; write one text")]
    [InlineData("""{"rel":["feeds"],"href":"line-2"}""", "rel is a list; write one text")]
    [InlineData("""{"rel":"","href":"line-2"}""", "rel is empty; write one text")]
    [InlineData("""{"rel":"partOf","href":"line-2","anchor":7}""", "anchor is a number; write one text")]
    [InlineData("""{"rel":"partOf","href":""}""", "href is empty; write one text")]
    [InlineData("""{"rel":"partOf","href":{}}""", "href is an object; write one text")]
    public async Task A_link_that_is_no_relation_says_why_and_stays_in_the_description(string link, string says)
    {
        var put = await PutAsync(link);
        Assert.Contains(says, (string?)put.Json["links"]![0]!["note"], StringComparison.Ordinal);
        Assert.Empty((await _pipeline.AskAsync("GET", "/api/v1/relations")).Json["items"]!.AsArray());
        Assert.Contains(link, (await _pipeline.AskAsync("GET", Route)).Text, StringComparison.Ordinal);
        Assert.NotNull((await _pipeline.AskAsync("GET", "/api/v1/things/pump")).Json["links"]![0]!["note"]);
    }

    [Fact]
    public async Task Of_several_links_each_that_can_be_is_a_relation_and_of_too_many_the_rest_is_told()
    {
        var put = await PutAsync("""{"rel":"feeds","href":"tank"},{"rel":"item","href":"line-2","anchor":"tank"},{"rel":"partOf","href":"line-2"}""");
        Assert.Equal(["pump-7 feeds tank", null, "pump-7 part-of line-2"], put.Json["links"]!.AsArray().Select(link => (string?)link!["relation"]));
        Assert.Equal(2, (await _pipeline.AskAsync("GET", "/api/v1/relations")).Json["items"]!.AsArray().Count);

        put = await PutAsync(string.Join(',', Enumerable.Repeat("""{"rel":"icon","href":"a"}""", LinkRelations.LinksMax + 1)));
        Assert.Equal(LinkRelations.LinksMax + 1, put.Json["links"]!.AsArray().Count);
        Assert.StartsWith("there are 101 links, and the first 100 are looked at", (string?)put.Json["links"]!.AsArray()[^1]!["note"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Links_that_are_no_list_are_told_where_they_stand()
    {
        var put = await _pipeline.AskAsync("PUT", Route, Document("").Replace("\"links\":[]", "\"links\":\"nope\"", StringComparison.Ordinal), mediaType: "application/td+json");
        var told = Assert.Single(put.Json["links"]!.AsArray())!;
        Assert.Equal("/links", (string?)told["at"]);
        Assert.StartsWith("links is text; write a list of links", (string?)told["note"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_two_wholes_the_last_one_counts_and_what_is_replaced_is_told()
    {
        const string Both = """{"rel":"collection","href":"line-2"},{"rel":"partOf","href":"line-3"}""";
        const string Why = ", for what is part of one thing is part of no other";
        Assert.Equal(200, (await _pipeline.AskAsync("POST", "/api/v1/assets/import", "format: pilotage.assets/1\nassets:\n  line-3: {level: line}\n", mediaType: "application/yaml")).Status);
        var put = await PutAsync(Both);
        Assert.Equal([(null, "replaced by /links/1" + Why), ("pump-7 part-of line-3", null)], Told(put));
        Assert.Equal(Told(put), Told(await _pipeline.AskAsync("GET", "/api/v1/things/pump")));
        Assert.Equal("line-3", (string?)Assert.Single((await _pipeline.AskAsync("GET", "/api/v1/relations")).Json["items"]!.AsArray())!["to"]);

        Assert.Equal([("pump-7 part-of line-2", "replaced device:pump-7 part-of asset:line-3" + Why)], Told(await PutAsync("""{"rel":"partOf","href":"line-2"}""")));
        Assert.Equal([("pump-7 part-of line-2", null)], Told(await PutAsync("""{"rel":"partOf","href":"line-2"}""")));
        Assert.Equal([(null, "replaced by /links/1" + Why), ("pump-7 part-of line-3", "replaced device:pump-7 part-of asset:line-2" + Why)], Told(await PutAsync(Both)));
    }

    [Fact]
    public async Task The_command_line_tells_what_became_of_links()
    {
        using var run = new CliRun { Http = new PipelineHandler(_pipeline) }.Connected();
        await File.WriteAllTextAsync(Path.Combine(run.Directory, "token"), await File.ReadAllTextAsync(Path.Combine(_server.Path, "admin.token")));
        await File.WriteAllTextAsync(Path.Combine(run.Directory, "pump.td.json"), Document("""{"rel":"partOf","href":"line-2"},{"rel":"icon","href":"pump.png"}"""));
        Assert.Equal(ExitCode.Done, await run.RunAsync("thing", "import", "pump.td.json"));
        Assert.Equal(
            "relation: pump-7 part-of line-2 (/links/0, partOf)\nnote: /links/1 stays in the description and is no relation: the relation \"icon\" is none of ours; known are partOf, part-of, isPartOf, "
            + "collection, item, hasPart, feeds, isFedBy, measures, isMeasuredBy\n",
            run.Error);
        Assert.Equal(ExitCode.Done, await run.RunAsync("thing", "show", "pump"));
        Assert.Equal(3, run.Error.Split("relation: pump-7 part-of line-2 (/links/0, partOf)\n").Length);
    }

    [Fact]
    public async Task What_a_later_version_has_no_link_for_goes_and_what_somebody_said_stays()
    {
        const string Feeds = """{"rel":"feeds","href":"tank"}""";
        const string Part = """{"rel":"partOf","href":"line-2"}""";
        const string Measures = """{"rel":"measures","href":"bearing-de"}""";
        await RelateAsync("pump-7", "measures", "bearing-de");
        Assert.Null((await PutAsync($"{Feeds},{Part},{Measures}")).Json["relationsRemoved"]);
        Assert.Equal(3, (await KnownAsync()).Count);

        var put = await PutAsync(Part);
        Assert.Equal(["device:pump-7 feeds asset:tank"], put.Json["relationsRemoved"]!.AsArray().Select(one => (string?)one));
        Assert.Equal(["pump-7 measures bearing-de", "pump-7 part-of line-2"], await KnownAsync());

        // Somebody says it too: from then on it is theirs.
        await RelateAsync("pump-7", "part-of", "line-2");
        Assert.Null((await PutAsync("")).Json["relationsRemoved"]);
        Assert.Equal(["pump-7 measures bearing-de", "pump-7 part-of line-2"], await KnownAsync());
    }

    [Fact]
    public async Task What_another_description_says_too_stays_until_neither_does()
    {
        const string Link = """{"rel":"feeds","href":"tank","anchor":"pump-8"}""";
        await PutAsync(Link);
        Assert.Equal(200, (await _pipeline.AskAsync("PUT", "/api/v1/things/fan/description", Document(Link), mediaType: "application/td+json")).Status);
        Assert.Null((await PutAsync("")).Json["relationsRemoved"]);
        Assert.Equal(["pump-8 feeds tank"], await KnownAsync());
        var last = await _pipeline.AskAsync("PUT", "/api/v1/things/fan/description", Document(""), mediaType: "application/td+json");
        Assert.Equal("device:pump-8 feeds asset:tank", (string?)Assert.Single(last.Json["relationsRemoved"]!.AsArray()));
        Assert.Empty(await KnownAsync());
    }

    [Fact]
    public async Task What_turns_round_is_made_anew_and_the_command_line_tells_what_went()
    {
        await PutAsync("""{"rel":"partOf","href":"pump-8"}""");
        using var run = new CliRun { Http = new PipelineHandler(_pipeline) }.Connected();
        await File.WriteAllTextAsync(Path.Combine(run.Directory, "token"), await File.ReadAllTextAsync(Path.Combine(_server.Path, "admin.token")));
        await File.WriteAllTextAsync(Path.Combine(run.Directory, "pump.td.json"), Document("""{"rel":"item","href":"pump-8"}"""));
        Assert.Equal(ExitCode.Done, await run.RunAsync("thing", "import", "pump.td.json", "--replace"));
        Assert.Equal("relation: pump-8 part-of pump-7 (/links/0, item)\nremoved: device:pump-7 part-of device:pump-8; the description has its link no more\n", run.Error);
        Assert.Equal(["pump-8 part-of pump-7"], await KnownAsync());
    }

    private async Task RelateAsync(string from, string relation, string to) =>
        Assert.Equal(200, (await _pipeline.AskAsync("POST", "/api/v1/relations", $$"""{"from":"{{from}}","relation":"{{relation}}","to":"{{to}}"}""")).Status);

    private async Task<List<string>> KnownAsync() =>
        [.. (await _pipeline.AskAsync("GET", "/api/v1/relations")).Json["items"]!.AsArray().Select(one => $"{one!["from"]} {one["relation"]} {one["to"]}").Order(StringComparer.Ordinal)];

    private static IEnumerable<(string? Relation, string? Note)> Told(RequestPipeline.Answer answer) => answer.Json["links"]!.AsArray().Select(link => ((string?)link!["relation"], (string?)link["note"]));

    private async Task<RequestPipeline.Answer> PutAsync(string link)
    {
        var put = await _pipeline.AskAsync("PUT", Route, Document(link), mediaType: "application/td+json");
        Assert.True(put.Status is 200 or 201, $"{put}");
        return put;
    }

    private static string Document(string links) =>
        $$$"""{"@context":"https://www.w3.org/2022/wot/td/v1.1","id":"urn:dev:pump-7","title":"Pump","properties":{"vibration":{"type":"number","unit":"mm/s"}},"links":[{{{links}}}]}""";
}
