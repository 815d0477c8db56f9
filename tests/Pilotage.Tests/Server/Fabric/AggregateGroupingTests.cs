using System.Globalization;
using System.Text.Json.Nodes;
using Pilotage.Cli.Frame;
using Pilotage.Core;
using Pilotage.Core.Units;
using Pilotage.Server.Fabric.Hierarchy;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Testing;
using Pilotage.Tests.Cli;
using Pilotage.TimeSeries;
using Xunit;

namespace Pilotage.Tests.Server.Fabric;

/// <summary>Windows of groups that the catalogue knows of: assets, thing types, properties and units.</summary>
public sealed class AggregateGroupingTests : IAsyncLifetime
{
    private const string Route = "/api/v1/series/aggregates";
    private const long Second = 1_000_000_000;
    private const long Start = 1_767_225_600 * Second; // 2026-01-01T00:00:00Z
    private static readonly TenantId Acme = new("acme");
    private static readonly Dictionary<(string Thing, string Property), string> Units = new()
    {
        [("pump", "pressure")] = "bar", [("fan", "pressure")] = "kPa", [("valve", "pressure")] = "[psi]", [("pump", "temp")] = "Cel", [("fan", "temp")] = "K", [("valve", "temp")] = "[degF]",
    };

    private readonly TestServerFolder _server = new();
    private readonly RequestPipeline _pipeline;
    private readonly List<(Device Device, string Property, long TimeNs, double Value)> _points = [];

    public AggregateGroupingTests() => _pipeline = new RequestPipeline(_server);

    public async Task InitializeAsync()
    {
        foreach (var thing in new[] { "pump", "fan", "valve" })
        {
            var put = await _pipeline.AskAsync(
                "PUT", $"/api/v1/things/{thing}/description",
                $$$"""
                {"@context":"https://www.w3.org/2022/wot/td/v1.1","title":"{{{thing}}}","properties":{
                "pressure":{"type":"number","unit":"{{{Units[(thing, "pressure")]}}}"},"temp":{"type":"number","unit":"{{{Units[(thing, "temp")]}}}"},"gain":{"type":"number"} } }
                """);
            Assert.True(put.Status is 200 or 201, $"{put}");
        }

        var fleet = _server.Get<IFleet>();
        string[] types = ["pump", "fan", "valve"];
        fleet.Declare(Acme, [.. Enumerable.Range(0, 12).Select(i => new DeviceDeclaration($"acme/{(i < 6 ? "lyon" : "nancy")}/{(i % 4 == 3 ? "line-3" : "hall")}/d{i}", types[i % 3]) { Id = new DeviceId($"d{i}") })]);
        var import = await _pipeline.AskAsync("POST", "/api/v1/assets/import", Plant, mediaType: "application/yaml");
        Assert.True(import.Status == 200, $"{import}");

        var random = new Random(TestSize.Seed);
        var batch = new PointBatch();
        var times = Enumerable.Range(0, 12 * 2 * 40).Select(i => Start + (i * Second / 8)).ToArray();
        random.Shuffle(times);
        foreach (var (at, timeNs) in times.Index())
        {
            var device = fleet.Find(Acme, new DeviceId($"d{at % 12}"))!;
            var (property, value) = (at / 12 % 2 == 0 ? "pressure" : "temp", Math.Round(random.NextDouble() * 100, 3));
            batch.Add(new SeriesKey(Acme, device.Id, property), timeNs, value, Quality.Good, 0);
            _points.Add((device, property, timeNs, value));
        }

        await _server.Get<TimeSeriesStore>().AppendAsync(batch, null, default);
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task Every_group_and_window_is_what_a_naive_evaluator_comes_to()
    {
        var random = new Random(TestSize.Seed);
        string?[] groupings = ["all", "device", "level:1", "level:2", "asset:line", "asset:cell", "asset:unit", "thing", "property", "unit", "asset:line,property", "thing,unit", "asset:cell,thing"];
        string?[] windows = [null, "PT10S", "PT7S", "PT1M"];
        string?[] units = [null, null, "bar", "Cel"];
        string[] properties = ["pressure", "temp", "pressure,temp"];
        for (var trial = 0; trial < TestSize.Count(150, 5_000); trial++)
        {
            var asked = new Question(properties[random.Next(3)], groupings[random.Next(groupings.Length)]!, windows[random.Next(4)], units[random.Next(4)], random.Next(4) == 0 ? "line-1" : null);
            var answer = await _pipeline.AskAsync("GET", Route, query: asked.ToString());
            var expected = Naive(asked, answer.Status == 200 ? answer.Json : null);
            if (expected is null)
            {
                Assert.True(answer.Status == 422, $"seed {TestSize.Seed}, {asked}: expected a refusal: {answer}");
                continue;
            }

            Assert.True(answer.Status == 200, $"seed {TestSize.Seed}: {answer}");
            var told = Told(answer.Json);
            Assert.True(expected.Keys.Order(StringComparer.Ordinal).SequenceEqual(told.Keys.Order(StringComparer.Ordinal)), $"seed {TestSize.Seed}, {asked}: {string.Join(' ', expected.Keys)} and not {string.Join(' ', told.Keys)}");
            foreach (var (key, values) in expected)
            {
                Assert.True(
                    values.Zip(told[key]).All(pair => Math.Abs(pair.First - pair.Second) <= 1e-9 * Math.Max(1, Math.Abs(pair.First))),
                    $"seed {TestSize.Seed}, {asked}, {key}: {string.Join(' ', values)} and not {string.Join(' ', told[key])}");
            }
        }
    }

    [Fact]
    public async Task An_average_of_a_group_is_that_of_its_points_and_not_of_its_averages()
    {
        var batch = new PointBatch();
        for (var i = 0; i < 9; i++)
        {
            batch.Add(new SeriesKey(Acme, new DeviceId("d0"), "gain"), Start + (i * Second), 0, Quality.Good, 0);
        }

        batch.Add(new SeriesKey(Acme, new DeviceId("d1"), "gain"), Start, 10, Quality.Good, 0);
        await _server.Get<TimeSeriesStore>().AppendAsync(batch, null, default);
        var answer = await _pipeline.AskAsync("GET", Route, query: "?property=gain&groupBy=asset:line&fn=avg,count");
        Assert.Equal("line-1 1 10", string.Join(" | ", answer.Json["items"]!.AsArray().Select(item => $"{item!["group"]} {item["points"]![0]![1]} {item["points"]![0]![2]}")));
    }

    [Fact]
    public async Task The_nearest_asset_is_what_a_series_measures_before_what_its_device_is_part_of()
    {
        var answer = await _pipeline.AskAsync("GET", Route, query: "?property=temp&path=acme/lyon/**&groupBy=asset&fn=count");
        Assert.True(answer.Status == 200, $"{answer}");
        Assert.Equal("cell-1 40 | cell-2 40 | line-3 40 | motor 80", string.Join(" | ", answer.Json["items"]!.AsArray().Select(item => $"{item!["group"]} {item["points"]![0]![1]}")));
        Assert.Equal("1 series belong to no asset, and are in no group: pilotage asset relate says what belongs to what.", (string?)answer.Json["note"]);
    }

    [Theory]
    [InlineData("property=pressure,temp&groupBy=thing", 422, "The group pump would put values in Cel (pump.temp) and bar (pump.pressure) together, which are not the same and cannot be converted. Group by thing,unit to have them apart")]
    [InlineData("property=pressure,gain&groupBy=all", 422, "All together would put values in no unit")]
    [InlineData("property=pressure&groupBy=asset:floor", 400, "asset:LEVEL (enterprise, site, area, line, cell, unit, component)")]
    [InlineData("property=pressure&groupBy=thing,unit,all,property,asset", 400, "names 5 things to group by; 4 are the most")]
    [InlineData("property=pressure,,temp", 400, "has an empty name in it")]
    [InlineData("property=pressure&in=nosuch", 404, "\"nosuch\" is no asset, no device")]
    public async Task What_cannot_be_put_together_says_why_and_what_to_do(string query, int status, string says)
    {
        if (query.Contains("gain", StringComparison.Ordinal))
        {
            var batch = new PointBatch();
            batch.Add(new SeriesKey(Acme, new DeviceId("d0"), "gain"), Start, 1, Quality.Good, 0);
            await _server.Get<TimeSeriesStore>().AppendAsync(batch, null, default);
        }

        var answer = await _pipeline.AskAsync("GET", Route, query: $"?{query}");
        Assert.True(answer.Status == status, $"{answer}");
        Assert.Contains(says, answer.Detail(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_command_line_groups_by_assets_with_their_units()
    {
        using var run = new CliRun { Http = new PipelineHandler(_pipeline) }.Connected();
        await File.WriteAllTextAsync(Path.Combine(run.Directory, "token"), await File.ReadAllTextAsync(Path.Combine(_server.Path, "admin.token")));
        Assert.Equal(ExitCode.Done, await run.RunAsync("data", "query", "pressure,temp", "--by", "asset:line,property", "--in", "line-1", "--fn", "count", "-o", "csv"));
        Assert.Equal("group,from,count,unit,rank\nline-1 pressure,,200,bar,\nline-1 temp,,240,Cel,\n", run.Output);
    }

    private const string Plant =
        """
        format: pilotage.assets/1
        assets:
          hall-1: {level: area}
          line-1: {level: line, part_of: hall-1}
          line-3: {level: line, part_of: hall-1}
          cell-1: {level: cell, part_of: line-1}
          cell-2: {level: cell, part_of: line-1}
          motor: {level: unit, part_of: cell-2}
        relations:
          - d0 part-of cell-1
          - d1 part-of cell-2
          - d6 part-of line-1
          - d9 part-of motor
          - d4 measures motor
          - d5 temp measures motor
        """;

    /// <summary>Point by point; null where a group would have units that do not convert.</summary>
    private Dictionary<string, double[]>? Naive(Question asked, JsonNode? answer)
    {
        var graph = _server.Get<AssetBook>().Of(Acme);
        var within = AssetScope.Of(graph, _server.Get<IFleet>(), Acme, asked.In).Value;
        var groups = new Dictionary<string, List<(Unit Own, long TimeNs, double Value)>>(StringComparer.Ordinal);
        foreach (var (device, property, timeNs, value) in _points.OrderBy(point => point.TimeNs))
        {
            if (!asked.Properties.Split(',').Contains(property) || within?.Holds(device, property) == false)
            {
                continue;
            }

            var own = Ucum.Parse(Units[(device.Thing, property)]).Value;
            foreach (var name in Names(asked, graph, device, property, own))
            {
                groups.TryAdd(name, []);
                groups[name].Add((own, timeNs, value));
            }
        }

        var unit = asked.Unit is null ? null : Ucum.Parse(asked.Unit).Value;
        if (groups.Values.Any(of => of.Any(one => !one.Own.ConvertsTo(unit ?? of[0].Own))))
        {
            return null;
        }

        var length = asked.Window is null ? 0 : (long)System.Xml.XmlConvert.ToTimeSpan(asked.Window).TotalSeconds * Second;
        return groups.SelectMany(group => group.Value.GroupBy(one => length == 0 ? 0 : one.TimeNs / length * length).Select(window =>
        {
            var told = unit ?? Ucum.Parse((string)(answer!["items"]!.AsArray().First(item => (string)item!["group"]! == group.Key)!["unit"] ?? answer["unit"])!).Value;
            var values = window.Select(one => one.Own.To(told, one.Value)).ToList();
            return KeyValuePair.Create(Key(group.Key, length == 0 ? null : window.Key / 1e6), (double[])[values.Average(), values.Min(), values.Max(), values.Sum(), values.Count, values[0], values[^1]]);
        })).ToDictionary();
    }

    /// <summary>Groups of assets by asking of every asset whether it holds the series.</summary>
    private IEnumerable<string> Names(Question asked, AssetGraph graph, Device device, string property, Unit own)
    {
        IEnumerable<string> names = [""];
        foreach (var by in asked.GroupBy.Split(','))
        {
            IEnumerable<string> parts = by.Split(':') switch
            {
                ["asset", var level] => graph.Assets.Values
                    .Where(asset => asset.Level.Word() == level && AssetScope.Of(graph, _server.Get<IFleet>(), Acme, asset.Name).Value!.Holds(device, property)).Select(asset => asset.Name),
                ["level", var levels] => [string.Join('/', device.Path.Split('/')[..(int.Parse(levels, CultureInfo.InvariantCulture) + 1)])],
                ["thing"] => [device.Thing],
                ["property"] => [property],
                ["unit"] => [asked.Unit ?? own.Code],
                ["device"] => [device.Id.Value],
                _ => [""],
            };
            names = names.SelectMany(name => parts.Select(part => $"{name} {part}".Trim())).ToList();
        }

        return names;
    }

    private static Dictionary<string, double[]> Told(JsonNode answer) => answer["items"]!.AsArray().SelectMany(item => item!["points"]!.AsArray().Select(point => KeyValuePair.Create(
        Key((string)item["group"]!, (double?)point![0]), point.AsArray().Skip(1).Select(value => (double)value!).ToArray()))).ToDictionary();

    private static string Key(string group, double? ms) => $"{group}@{ms?.ToString("0", CultureInfo.InvariantCulture)}";

    private sealed record Question(string Properties, string GroupBy, string? Window, string? Unit, string? In)
    {
        public override string ToString() =>
            $"?property={Properties}&fn=avg,min,max,sum,count,first,last&groupBy={GroupBy}{(Window is null ? "" : $"&window={Window}")}{(Unit is null ? "" : $"&unit={Unit}")}{(In is null ? "" : $"&in={In}")}";
    }
}
