using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Pilotage.Core;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.TimeSeries;
using Xunit;

namespace Pilotage.Tests.Server.Fabric.Meaning;

/// <summary>Series in the unit that somebody asks for, and series found by what they mean.</summary>
public sealed class SeriesUnitTests : IAsyncLifetime
{
    private const long Second = 1_000_000_000;
    private static readonly TenantId Acme = new("acme");
    private readonly TestServerFolder _server = new();
    private readonly RequestPipeline _pipeline;

    public SeriesUnitTests() => _pipeline = new RequestPipeline(_server);

    public async Task InitializeAsync()
    {
        await DescribeAsync("pump", """
            "bearing_temp": {"type": "number", "unit": "Cel", "@type": "saref:Temperature", "title": "Drive-end bearing"},
            "vibration": {"type": "number", "unit": "mm/s", "@type": "http://acme/terms#Vibration", "description": "RMS at the bearing"},
            "turns": {"type": "integer", "unit": "/min"}, "state": {"type": "string"}, "gain": {"type": "number"}
            """);
        await DescribeAsync("fan", """ "bearing_temp": {"type": "number", "unit": "[degF]", "title": "Bearing"}, "pressure": {"type": "number", "unit": "mbar"} """);
        Assert.True(_server.Get<IFleet>().Declare(Acme, [
            new DeviceDeclaration("acme/lyon/line-1/pump-1", "pump") { Id = new DeviceId("p1") },
            new DeviceDeclaration("acme/lyon/line-2/pump-2", "pump") { Id = new DeviceId("p2") },
            new DeviceDeclaration("acme/lyon/line-2/fan-1", "fan") { Id = new DeviceId("f1") },
            new DeviceDeclaration("acme/lyon/line-2/box-1", "box") { Id = new DeviceId("b1") }]).IsOk);
        var batch = new PointBatch();
        for (var i = 0; i < 4; i++)
        {
            Add("p1", "bearing_temp", SeriesValue.Of(20 + i));
            Add("p2", "bearing_temp", SeriesValue.Of(40 + i));
            Add("f1", "bearing_temp", SeriesValue.Of(212));
            Add("p2", "vibration", SeriesValue.Of(2.5));
            Add("p1", "turns", SeriesValue.OfWhole(3000));
            Add("p1", "state", SeriesValue.OfText("on"));
            Add("p1", "gain", SeriesValue.Of(7));
            Add("p1", "rul@2", SeriesValue.Of(9));
            Add("f1", "pressure", SeriesValue.Of(1000));
            Add("b1", "humidity", SeriesValue.Of(0.5));

            void Add(string device, string property, SeriesValue value) =>
                batch.Add(new SeriesKey(Acme, new DeviceId(device), property), 1_767_225_600 * Second + (i * Second), value, Quality.Good, 0);
        }

        await _server.Get<TimeSeriesStore>().AppendAsync(batch, null, default);
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Theory]
    [InlineData("p1", "bearing_temp", "", "Cel", "number", "20 21 22 23")]
    [InlineData("p1", "bearing_temp", "[degF]", "[degF]", "number", "68 69.8 71.6 73.4")]
    [InlineData("p1", "bearing_temp", "K", "K", "number", "293.15 294.15 295.15 296.15")]
    [InlineData("f1", "pressure", "[psi]", "[psi]", "number", "14.50377377302092 14.50377377302092 14.50377377302092 14.50377377302092")]
    [InlineData("p1", "turns", "", "/min", "whole", "3000 3000 3000 3000")]
    [InlineData("p1", "turns", "1/min", "1/min", "whole", "3000 3000 3000 3000")]
    [InlineData("p1", "turns", "Hz", "Hz", "number", "50 50 50 50")]
    [InlineData("p1", "gain", "", null, "number", "7 7 7 7")]
    [InlineData("b1", "humidity", "", null, "number", "0.5 0.5 0.5 0.5")]
    public async Task One_series_is_told_in_the_unit_asked_for(string device, string property, string unit, string? told, string kind, string values)
    {
        var answer = await _pipeline.AskAsync("GET", $"/api/v1/devices/{device}/series/{property}", query: unit.Length == 0 ? "" : $"?unit={Uri.EscapeDataString(unit)}");
        Assert.True(answer.Status == 200, $"{answer}");
        Assert.True(answer.Json.AsObject().ContainsKey("unit"), "the unit is there, null where it is not known");
        Assert.Equal((told, kind), ((string?)answer.Json["unit"], (string?)answer.Json["kind"]));
        Assert.Equal(values, string.Join(' ', answer.Json["points"]!.AsArray().Select(point => point![1]!.ToJsonString())));
    }

    [Theory]
    [InlineData("p1", "gain", "bar", 422, "the description of pump gives it none; describe it with: pilotage thing import FILE --name pump --replace")]
    [InlineData("p1", "rul@2", "d", 422, "the description of pump does not have it")]
    [InlineData("b1", "humidity", "%", 422, "nobody described the thing type box; describe it with: pilotage thing import FILE --name box")]
    [InlineData("p1", "state", "1", 422, "they are no numbers; leave unit out")]
    [InlineData("p1", "bearing_temp", "bar", 422, "\"Cel\" (temperature) does not convert to \"bar\" (pressure)")]
    [InlineData("p1", "bearing_temp", "psi", 400, "unit cannot be: \"psi\" is not a UCUM unit, write [psi]")]
    [InlineData("p1", "bearing_temp", "", 400, "unit cannot be: A unit has 1 to 64 characters")]
    public async Task A_unit_that_cannot_be_is_refused_with_why(string device, string property, string unit, int status, string says)
    {
        var answer = await _pipeline.AskAsync("GET", $"/api/v1/devices/{device}/series/{property}", query: $"?unit={Uri.EscapeDataString(unit)}");
        Assert.True(answer.Status == status, $"{answer}");
        Assert.Contains(says, answer.Detail(), StringComparison.Ordinal);
        Assert.Equal("unit", (string?)answer.Json["errors"]![0]!["where"]);
    }

    [Theory]
    [InlineData("&thing=pump", "Cel", "p1: 21.5 4 86 20 23 20 23 | p2: 41.5 4 166 40 43 40 43")]
    [InlineData("&thing=pump&unit=K", "K", "p1: 294.65 4 1178.6 293.15 296.15 293.15 296.15 | p2: 314.65 4 1258.6 313.15 316.15 313.15 316.15")]
    [InlineData("&thing=pump&unit=[degF]&groupBy=all", "[degF]", ": 88.7 8 709.6 68 109.4 68 73.4")]
    [InlineData("", null, "f1: 212 4 848 212 212 212 212 | p1: 21.5 4 86 20 23 20 23 | p2: 41.5 4 166 40 43 40 43")]
    [InlineData("&unit=Cel&groupBy=all", "Cel", ": 54.33 12 652 20 100 20 23")]
    public async Task Windows_are_told_in_the_unit_asked_for_and_counts_are_not(string parameters, string? unit, string expected)
    {
        var answer = await _pipeline.AskAsync("GET", "/api/v1/series/aggregates", query: $"?property=bearing_temp&fn=avg,count,sum,min,max,first,last{parameters}");
        Assert.True(answer.Status == 200, $"{answer}");
        Assert.True(answer.Json.AsObject().ContainsKey("unit"));
        Assert.Equal(unit, (string?)answer.Json["unit"]);
        var rows = answer.Json["items"]!.AsArray().Select(item => $"{item!["group"]}: {Values(item["points"]![0]!)}");
        Assert.Equal(expected, string.Join(" | ", rows));
    }

    [Fact]
    public async Task Groups_are_ranked_by_what_they_come_to_in_one_unit()
    {
        // 212 of the fan are [degF] and 100 Cel; the pumps' 43 are Cel and 109.4 [degF].
        var answer = await _pipeline.AskAsync("GET", "/api/v1/series/aggregates", query: "?property=bearing_temp&top=3&by=max&unit=Cel");
        Assert.Equal("f1 100 | p2 43 | p1 23", string.Join(" | ", answer.Json["items"]!.AsArray().Select(item => $"{item!["group"]} {Shown(item["rank"])}")));
    }

    [Theory]
    [InlineData("property=bearing_temp&unit=bar", 422, "does not convert to \"bar\"")]
    [InlineData("property=humidity&unit=%25", 422, "nobody described the thing type box")]
    [InlineData("property=bearing_temp&unit=degrees", 400, "write deg")]
    public async Task A_question_in_a_unit_that_cannot_be_is_refused(string query, int status, string says)
    {
        var answer = await _pipeline.AskAsync("GET", "/api/v1/series/aggregates", query: $"?{query}");
        Assert.True(answer.Status == status, $"{answer}");
        Assert.Contains(says, answer.Detail(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lists_of_series_have_their_units()
    {
        var ofDevice = (await _pipeline.AskAsync("GET", "/api/v1/devices/p1/series")).Json["items"]!.AsArray();
        Assert.Equal("bearing_temp Cel, gain , rul@2 , state , turns /min", string.Join(", ", ofDevice.Select(item => $"{item!["property"]} {item["unit"]}")));
        Assert.True(ofDevice[1]!.AsObject().ContainsKey("unit"));
        Assert.Equal("f1 bearing_temp [degF]", await FindAsync("?property=bearing_temp&thing=fan", withUnit: true));
    }

    [Theory]
    [InlineData("quantity=temperature", "f1 bearing_temp, p1 bearing_temp, p2 bearing_temp")]
    [InlineData("quantity=Cel", "f1 bearing_temp, p1 bearing_temp, p2 bearing_temp")]
    [InlineData("quantity=pressure", "f1 pressure")]
    [InlineData("quantity=bar", "f1 pressure")]
    [InlineData("quantity=angle", "")]
    [InlineData("unit=[degF]", "f1 bearing_temp")]
    [InlineData("unit=1/min", "p1 turns")]
    [InlineData("type=saref:Temperature", "p1 bearing_temp, p2 bearing_temp")]
    [InlineData("type=temperature", "p1 bearing_temp, p2 bearing_temp")]
    [InlineData("type=Vibration", "p2 vibration")]
    [InlineData("type=Temp", "")]
    [InlineData("text=bearing", "f1 bearing_temp, p1 bearing_temp, p2 bearing_temp, p2 vibration")]
    [InlineData("text=BEARING%20rms", "p2 vibration")]
    [InlineData("text=bearing%20line-2", "f1 bearing_temp, p2 bearing_temp, p2 vibration")]
    [InlineData("text=bearing%20line-2&quantity=K", "f1 bearing_temp, p2 bearing_temp")]
    [InlineData("text=bearing&path=acme/*/line-2/**&type=vibration", "p2 vibration")]
    [InlineData("text=humidity", "b1 humidity")]
    [InlineData("text=pump&property=gain", "p1 gain")]
    [InlineData("text=moves", "")] // The words of the thing type's own description are not those of each property.
    public async Task Series_are_found_by_what_they_mean(string query, string expected) => Assert.Equal(expected, await FindAsync($"?{query}"));

    [Fact]
    public async Task What_is_found_is_paged()
    {
        var first = await _pipeline.AskAsync("GET", "/api/v1/series", query: "?quantity=temperature&limit=2");
        Assert.Equal(2, first.Json["items"]!.AsArray().Count);
        Assert.Equal("p2 bearing_temp", await FindAsync($"?quantity=temperature&limit=2&cursor={Uri.EscapeDataString((string)first.Json["nextCursor"]!)}"));
    }

    [Theory]
    [InlineData("quantity=warmth", "quantity", "Give a unit of it, or one of ratio, length")]
    [InlineData("unit=warm", "unit", "\"warm\" is unknown")]
    [InlineData("type=", "type", "give a semantic type")]
    [InlineData("text=%20", "text", "give 1 to 10 words")]
    [InlineData("text=a%20b%20c%20d%20e%20f%20g%20h%20i%20j%20k", "text", "has 11 words")]
    public async Task A_search_that_cannot_be_is_refused_by_name(string query, string name, string says)
    {
        var answer = await _pipeline.AskAsync("GET", "/api/v1/series", query: $"?{query}");
        Assert.Equal(400, answer.Status);
        Assert.Contains(says, answer.Detail(), StringComparison.Ordinal);
        Assert.Equal(name, (string?)answer.Json["errors"]![0]!["where"]);
    }

    private async Task<string> FindAsync(string query, bool withUnit = false)
    {
        var answer = await _pipeline.AskAsync("GET", "/api/v1/series", query: query);
        Assert.True(answer.Status == 200, $"{answer}");
        return string.Join(", ", answer.Json["items"]!.AsArray().Select(row => $"{row!["device"]} {row["property"]}{(withUnit ? $" {row["unit"]}" : "")}"));
    }

    private async Task DescribeAsync(string thing, string properties)
    {
        var document = $$"""{"@context": "https://www.w3.org/2022/wot/td/v1.1", "title": "{{thing}}", "description": "Moves things.", "properties": {""" + properties + "}}";
        var put = await _pipeline.SendAsync("PUT", $"/api/v1/things/{thing}/description", Encoding.UTF8.GetBytes(document), "", "application/json");
        Assert.True(put.Status == 200, $"{put}");
    }

    private static string Values(JsonNode point) => string.Join(' ', point.AsArray().Skip(1).Select(Shown));

    private static string Shown(JsonNode? value) => value!.GetValue<double>().ToString("0.##", CultureInfo.InvariantCulture);
}
