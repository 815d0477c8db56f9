using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Pilotage.Core;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Testing;
using Pilotage.TimeSeries;
using Xunit;

namespace Pilotage.Tests.Server.Fabric.Prometheus;

/// <summary>The requests that a stock Grafana makes of Prometheus, through the whole pipeline.</summary>
public sealed class PromRouteTests : IAsyncLifetime
{
    private const string Api = "/prometheus/api/v1/";
    private const string Form = "application/x-www-form-urlencoded";
    private const long Second = 1_000_000_000;
    private const long Start = 1_767_225_600; // 2026-01-01T00:00:00Z
    private static readonly TenantId Acme = new("acme");
    private readonly ManualTime _time = new(DateTimeOffset.FromUnixTimeSeconds(Start + 600));
    private readonly TestServerFolder _server;
    private readonly RequestPipeline _pipeline;

    public PromRouteTests()
    {
        _server = new TestServerFolder(_time);
        _pipeline = new RequestPipeline(_server);
    }

    public async Task InitializeAsync()
    {
        _server.Get<IFleet>().Declare(Acme, [
            new DeviceDeclaration("acme/lyon/pump-1", "pump") { Id = new DeviceId("p1") }, new DeviceDeclaration("acme/lyon/hall/pump-2", "pump") { Id = new DeviceId("p2") }]);
        var batch = new PointBatch();
        for (var second = 0; second <= 600; second += 10)
        {
            batch.Add(new SeriesKey(Acme, new DeviceId("p1"), "load"), (Start + second) * Second, second, Quality.Good, 0);
            batch.Add(new SeriesKey(Acme, new DeviceId("p2"), "load"), (Start + second) * Second, second * 2, Quality.Good, 0);
        }

        batch.Add(new SeriesKey(Acme, new DeviceId("p1"), "motor.speed"), Start * Second, 1500, Quality.Good, 0);
        batch.Add(new SeriesKey(Acme, new DeviceId("p1"), "state"), (Start + 600) * Second, SeriesValue.OfText("on"), Quality.Good, 0);
        await _server.Get<TimeSeriesStore>().AppendAsync(batch, null, default);
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task Save_and_test_of_Grafana_asks_for_one_and_one()
    {
        var answer = await AskAsync("query", ("query", "1+1"), ("time", "1767226200.5"));
        Assert.Equal("""{"status":"success","data":{"resultType":"scalar","result":[1767226200.5,"2"]}}""", answer.Text);
        Assert.Equal("application/json", answer.Response.ContentType);
        var build = await _pipeline.AskAsync("GET", Api + "status/buildinfo");
        Assert.Equal("3.0.0", (string?)build.Json["data"]!["version"]);
    }

    [Fact]
    public async Task An_instant_query_gives_a_value_of_each_series_with_its_labels()
    {
        var answer = await AskAsync("query", ("query", "load"));
        Assert.Equal(
            """{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"load","device":"p1","level1":"lyon","path":"acme/lyon/pump-1","thing":"pump"},"value":[1767226200,"600"]},"""
            + """{"metric":{"__name__":"load","device":"p2","level1":"lyon","level2":"hall","path":"acme/lyon/hall/pump-2","thing":"pump"},"value":[1767226200,"1200"]}]}}""",
            answer.Text);

        // Ten minutes old, and therefore gone; text is no series at all.
        Assert.Empty(Result(await AskAsync("query", ("query", "{__name__=\"motor.speed\"}"))));
        Assert.Single(Result(await AskAsync("query", ("query", "{\"motor.speed\"}"), ("time", "2026-01-01T00:04:59Z"))));
        Assert.Empty(Result(await AskAsync("query", ("query", "{\"motor.speed\"}"), ("time", $"{Start + 300}"))));
        Assert.Empty(Result(await AskAsync("query", ("query", "state"))));
    }

    [Fact]
    public async Task A_range_query_gives_the_values_of_each_step()
    {
        var answer = await AskAsync(
            "query_range", ("query", "sum by (thing) (rate(load[1m0s]))"), ("start", $"{Start + 60}"), ("end", $"{Start + 120}.000"), ("step", "30"));
        Assert.Equal(
            """{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"thing":"pump"},"values":[[1767225660,"3"],[1767225690,"3"],[1767225720,"3"]]}]}}""", answer.Text);
        answer = await AskAsync("query_range", ("query", "topk(1, load) / 0"), ("start", $"{Start}"), ("end", $"{Start + 10}"), ("step", "10s"));
        Assert.Equal("p1 NaN | p2 +Inf", string.Join(" | ", Result(answer).Select(one => $"{one!["metric"]!["device"]} {string.Join(' ', one["values"]!.AsArray().Select(point => point![1]))}")));
        answer = await AskAsync("query_range", ("query", "42"), ("start", "0"), ("end", "20"), ("step", "20"));
        Assert.Equal("""{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[0,"42"],[20,"42"]]}]}}""", answer.Text);
    }

    [Fact]
    public async Task Lists_are_filled_by_labels_values_series_and_metadata()
    {
        async Task<string> WordsAsync(string path, string query = "") => string.Join(' ', (await _pipeline.AskAsync("GET", Api + path, query: query)).Json["data"]!.AsArray());
        Assert.Equal("__name__ device level1 level2 path thing", await WordsAsync("labels"));
        Assert.Equal("__name__ device level1 path thing", await WordsAsync("labels", "?match[]=load{device=\"p1\"}"));
        Assert.Equal("load motor.speed", await WordsAsync("label/__name__/values"));
        Assert.Equal("load", await WordsAsync("label/__name__/values", $"?start={Start + 1}&end={Start + 600}"));
        Assert.Equal("load", await WordsAsync("label/__name__/values", "?limit=1"));
        Assert.Equal("p1 p2", await WordsAsync("label/device/values", "?match[]=load&match[]=other"));
        Assert.Equal("", await WordsAsync("label/nothing/values"));
        var series = (await AskAsync("series", ("match[]", "{device=\"p1\"}"), ("start", "0"))).Json["data"]!.AsArray();
        Assert.Equal(["load", "motor.speed"], series.Select(one => (string?)one!["__name__"]));
        var metadata = (await _pipeline.AskAsync("GET", Api + "metadata", query: "?metric=load")).Json["data"]!;
        Assert.Equal("""{"load":[{"type":"unknown","help":"","unit":""}]}""", metadata.ToJsonString());
    }

    [Theory]
    [InlineData("query", "query=load%20or%20other", 400, "bad_data", "or is not supported here; supported are")]
    [InlineData("query", "", 400, "bad_data", "invalid parameter \"query\"")]
    [InlineData("query", "query=load&time=noon", 400, "bad_data", "invalid parameter \"time\": cannot parse \"noon\"")]
    [InlineData("query", "query=load&time=1e99", 400, "bad_data", "1811 to 2128")]
    [InlineData("query", "query=load&timeout=never", 400, "bad_data", "invalid parameter \"timeout\"")]
    [InlineData("query", "query=abs({device=\"p1\"})", 400, "bad_data", "the function abs is not supported")]
    [InlineData("query", "query=rate({device=\"p1\"}[5m])*1", 422, "execution", "same labelset")]
    [InlineData("query_range", "query=load&start=0&end=1", 400, "bad_data", "invalid parameter \"step\"")]
    [InlineData("query_range", "query=load&end=1&step=1", 400, "bad_data", "invalid parameter \"start\"")]
    [InlineData("query_range", "query=load&start=0&end=1&step=0", 400, "bad_data", "zero or negative query resolution")]
    [InlineData("query_range", "query=load&start=0&end=1&step=-5", 400, "bad_data", "zero or negative query resolution")]
    [InlineData("query_range", "query=load&start=2&end=1&step=1", 400, "bad_data", "end timestamp must not be before start time")]
    [InlineData("query_range", "query=load&start=0&end=11000&step=1", 400, "bad_data", "exceeded maximum resolution of 11,000 points per timeseries")]
    [InlineData("series", "", 400, "bad_data", "no match[] parameter provided")]
    [InlineData("series", "match[]=rate(load[5m])", 400, "bad_data", "a series selector is wanted")]
    [InlineData("labels", "limit=-1", 400, "bad_data", "limit must be non-negative")]
    public async Task What_cannot_be_answered_is_said_in_the_words_of_Prometheus(string route, string query, int status, string type, string says)
    {
        foreach (var method in (string[])["GET", "POST"])
        {
            var answer = method == "GET"
                ? await _pipeline.AskAsync(method, Api + route, query: "?" + query)
                : await _pipeline.SendAsync(method, Api + route, Encoding.UTF8.GetBytes(query), "", Form);
            Assert.True(answer.Status == status, $"{answer}");
            Assert.Equal(("error", type), ((string?)answer.Json["status"], (string?)answer.Json["errorType"]));
            Assert.Contains(says, (string?)answer.Json["error"], StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_range_of_11000_points_is_answered()
    {
        var answer = await AskAsync("query_range", ("query", "load{device=\"p1\"}"), ("start", $"{Start}"), ("end", $"{Start + 10_999}"), ("step", "1"));
        Assert.Equal(900, Result(answer)[0]!["values"]!.AsArray().Count);
    }

    [Fact]
    public async Task A_form_that_is_too_large_or_none_is_refused()
    {
        var answer = await _pipeline.SendAsync("POST", Api + "query", Encoding.UTF8.GetBytes("query=" + new string('x', 300_000)), "", Form);
        Assert.Equal((400, "bad_data"), (answer.Status, (string?)answer.Json["errorType"]));
        answer = await _pipeline.SendAsync("POST", Api + "query", "--"u8.ToArray(), "", "multipart/form-data; boundary=x");
        Assert.Equal((400, "bad_data"), (answer.Status, (string?)answer.Json["errorType"]));
        answer = await _pipeline.SendAsync("POST", Api + "query", "{}"u8.ToArray(), "?query=load", "application/json");
        Assert.Equal(200, answer.Status);
    }

    [Theory]
    [InlineData("Basic {0}", 200)]
    [InlineData("Bearer {1}", 200)]
    [InlineData("Basic guess", 401)]
    [InlineData("Basic Z3Vlc3M6Z3Vlc3M=", 401)]
    [InlineData("Basic ====", 401)]
    [InlineData(null, 401)]
    public async Task The_token_opens_it_and_as_password_too(string? authorization, int status)
    {
        var token = (await File.ReadAllTextAsync(Path.Combine(_server.Path, "admin.token"))).Trim();
        var header = authorization is null ? null : string.Format(CultureInfo.InvariantCulture, authorization, Convert.ToBase64String(Encoding.UTF8.GetBytes($"grafana:{token}")), token);
        var answer = await _pipeline.SendAsync("GET", Api + "query", null, "?query=load", null, ("Authorization", header));
        Assert.Equal(status, answer.Status);
        Assert.Equal(status == 200 ? "success" : "error", (string?)answer.Json["status"]);
        Assert.False(answer.Response.Headers.ContainsKey("WWW-Authenticate"), "a browser would offer the password by itself");

        // Nowhere else.
        var elsewhere = await _pipeline.SendAsync("GET", "/api/v1/devices", null, "", null, ("Authorization", header));
        Assert.Equal(authorization?.StartsWith("Bearer", StringComparison.Ordinal) == true ? 200 : 401, elsewhere.Status);
    }

    [Fact]
    public async Task Any_value_of_any_parameter_is_answered_and_never_breaks_a_route()
    {
        string[] values = ["", "-1", "0", "99999999999999999999", "garbage", "%00", "load[", "1e308", "NaN", "Infinity", "-9223372036854775808", new('z', 3_000)];
        foreach (var route in (string[])["query", "query_range", "series", "labels", "label/device/values", "label/%00/values", "metadata"])
        {
            foreach (var name in (string[])["query", "start", "end", "step", "time", "timeout", "limit", "match[]", "metric"])
            {
                foreach (var value in values)
                {
                    var others = string.Concat(new[] { ("query", "load"), ("start", "0"), ("end", "100"), ("step", "10"), ("match[]", "load") }.Where(one => one.Item1 != name).Select(one => $"&{one.Item1}={one.Item2}"));
                    var answer = await _pipeline.AskAsync("GET", Api + WebUtility.UrlDecode(route), query: $"?{name}={value}{others}");
                    Assert.True(answer.Status is 200 or 400 or 404 or 422, $"{answer}");
                }
            }
        }
    }

    private static JsonArray Result(RequestPipeline.Answer answer)
    {
        Assert.True(answer.Status == StatusCodes.Status200OK, $"{answer}");
        return answer.Json["data"]!["result"]!.AsArray();
    }

    /// <summary>As Grafana asks: a form by POST.</summary>
    private Task<RequestPipeline.Answer> AskAsync(string route, params (string Name, string Value)[] parameters) => _pipeline.SendAsync(
        "POST", Api + route, Encoding.UTF8.GetBytes(string.Join('&', parameters.Select(one => $"{WebUtility.UrlEncode(one.Name)}={WebUtility.UrlEncode(one.Value)}"))), "", Form);
}
