using System.IO.Compression;
using System.Text;
using Pilotage.Core;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.TimeSeries;
using Xunit;

namespace Pilotage.Tests.Server.Fabric;

/// <summary>Telemetry over HTTP: our own route and that of InfluxDB's clients, through the whole pipeline.</summary>
public sealed class DoorRouteTests : IAsyncLifetime
{
    private const string Route = "/api/v1/devices/p1/telemetry";
    private const string Write = "/api/v2/write";
    private const string Ndjson = "application/x-ndjson";
    private const int BodyMax = 8 * 1024 * 1024;
    private static readonly TenantId Acme = new("acme");
    private readonly TestServerFolder _server = new();
    private readonly RequestPipeline _pipeline;

    public DoorRouteTests() => _pipeline = new RequestPipeline(_server);

    public Task InitializeAsync()
    {
        _server.Get<IFleet>().Declare(Acme, [new DeviceDeclaration("acme/lyon/pump-1", "pump") { Id = new("p1") }, new DeviceDeclaration("acme/lyon/pump-2", "pump") { Id = new("p2") }]);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Theory]
    [InlineData("application/json", """{"ts":1700000000000,"values":{"a":1.5}}""")]
    [InlineData("application/json", """[{"ts":1700000000000,"values":{"a":1.5}}]""")]
    [InlineData(null, """{"ts":1700000000000,"a":1.5}""")]
    [InlineData(Ndjson, "{\"ts\":1700000000000,\"a\":1.5}\n\n")]
    [InlineData("text/csv; charset=utf-8", "ts,a\n1700000000000,1.5\n")]
    [InlineData("application/senml+json", """[{"bn":"urn:dev:ow:1:","bt":1700000000,"n":"a","v":1.5}]""")]
    [InlineData("application/json", """[{"bn":"urn:dev:ow:1:","bt":1700000000,"n":"a","v":1.5}]""")]
    public async Task A_body_in_any_form_is_stored_when_it_is_answered(string? mediaType, string body)
    {
        var answer = await _pipeline.SendAsync("POST", Route, Encoding.UTF8.GetBytes(body), "", mediaType);
        Assert.Equal((200, """{"device":"p1","rows":1,"values":1,"held":0}"""), (answer.Status, answer.Text));
        Assert.Equal([(1_700_000_000_000_000_000, 1.5)], Points("p1", "a"));
    }

    [Fact]
    public async Task Cbor_is_bytes_and_stored_too()
    {
        var answer = await _pipeline.SendAsync("POST", Route, Convert.FromHexString("81A2006161021829"), "", "application/senml+cbor");
        Assert.Equal(200, answer.Status);
        Assert.Equal([41.0], Points("p1", "a").Select(point => point.Value));
    }

    [Theory]
    [InlineData(Ndjson, "{\"a\":1}\n{\"a\":\n{\"a\":[1]}", "line 2", "line 3")]
    [InlineData("text/csv", "ts,a\n1700000000000,1\n1700000000001,x\n1700000000002\n", "line 3, a", "line 4")]
    [InlineData("application/senml+json", """[{"n":"a","v":1},{"n":"b"},{"n":"c","vd":"aGk"}]""", "record 1, v", "record 2, vd")]
    public async Task A_body_with_a_fault_is_refused_whole_with_every_place(string mediaType, string body, params string[] where)
    {
        var answer = await _pipeline.SendAsync("POST", Route, Encoding.UTF8.GetBytes(body), "", mediaType);
        Assert.Equal(400, answer.Status);
        Assert.StartsWith($"Nothing was stored, because a part could not be: {where[0]}: ", answer.Detail(), StringComparison.Ordinal);
        Assert.Equal(where, answer.Json["errors"]!.AsArray().Select(error => (string?)error!["where"]));
        Assert.Empty(_server.Get<TimeSeriesStore>().Series(Acme, null));
    }

    [Theory]
    [InlineData(Route, "text/xml", "{}", 415, "application/senml+cbor")]
    [InlineData("/api/v1/devices/p9/telemetry", "application/json", "{\"a\":1}", 404, "no device p9")]
    [InlineData(Route, "application/json", "", 400, "not JSON")]
    [InlineData(Route, Ndjson, "\n", 400, "no line with a value")]
    public async Task What_cannot_be_taken_is_a_problem_with_words(string route, string mediaType, string body, int status, string says)
    {
        var answer = await _pipeline.SendAsync("POST", route, Encoding.UTF8.GetBytes(body), "", mediaType);
        Assert.True(answer.Status == status, $"{answer}");
        Assert.Contains(says, answer.Detail(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_writes_without_credentials_or_for_a_revoked_device()
    {
        Assert.Equal(401, (await _pipeline.SendAsync("POST", Route, "{\"a\":1}"u8.ToArray(), "", null, ("Authorization", null))).Status);
        _server.Get<IFleet>().Revoke(Acme, new DeviceId("p1"));
        var answer = await _pipeline.AskAsync("POST", Route, "{\"a\":1}");
        Assert.Equal(422, answer.Status);
        Assert.Contains("pilotage device restore p1", answer.Detail(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_packed_body_is_unpacked_member_by_member()
    {
        byte[] packed = [.. Packed("pump,device=p1 a=1 1700000000\npump,dev"), .. Packed("ice=p1 a=2 1700000001\n")];
        var answer = await _pipeline.SendAsync("POST", Write, packed, "?precision=s", "text/plain", ("Content-Encoding", "gzip"));
        Assert.True(answer.Status == 204, $"{answer}");
        Assert.Equal([1.0, 2], Points("p1", "a").Select(point => point.Value));

        answer = await _pipeline.SendAsync("POST", Route, Packed("{\"b\":3}"), "", null, ("Content-Encoding", "gzip"));
        Assert.Equal(200, answer.Status);
    }

    [Fact]
    public async Task A_body_that_unpacks_badly_or_too_far_is_refused()
    {
        byte[] whole = [.. Packed("pump,device=p1 a=1\n"), .. Packed("pump,device=p1 b=2\n")];
        for (var cut = 1; cut < whole.Length; cut++)
        {
            var bytes = cut == Packed("pump,device=p1 b=2\n").Length ? [.. whole, 7] : whole[..^cut];
            var cutOff = await _pipeline.SendAsync("POST", Write, bytes, "", null, ("Content-Encoding", "gzip"));
            Assert.True((cutOff.Status, (string?)cutOff.Json["message"]) == (400, "The body is not gzip, or it ends in the middle."), $"{cut} bytes: {cutOff}");
        }

        var answer = await _pipeline.SendAsync("POST", Write, [1, 2, 3], "", null, ("Content-Encoding", "gzip"));
        Assert.Equal(400, answer.Status);
        answer = await _pipeline.SendAsync("POST", Write, [1, 2, 3], "", null, ("Content-Encoding", "br"));
        Assert.Equal((415, "unsupported media type"), (answer.Status, (string?)answer.Json["code"]));

        // A thousandth of it on the wire.
        answer = await _pipeline.SendAsync("POST", Write, Packed(new string('#', BodyMax + 1)), "", null, ("Content-Encoding", "gzip"));
        Assert.Equal((413, "request too large"), (answer.Status, (string?)answer.Json["code"]));
        answer = await _pipeline.SendAsync("POST", Write, Packed(new string('#', BodyMax)), "", null, ("Content-Encoding", "gzip"));
        Assert.Equal(204, answer.Status);
        answer = await _pipeline.SendAsync("POST", Route, new byte[BodyMax + 1], "", null);
        Assert.Equal(413, answer.Status);
        Assert.Contains("8388608", answer.Detail(), StringComparison.Ordinal);
        Assert.Empty(_server.Get<TimeSeriesStore>().Series(Acme, null));
    }

    [Fact]
    public async Task Line_protocol_is_stored_and_answered_with_nothing()
    {
        var answer = await _pipeline.SendAsync(
            "POST", Write, "# all\npump,device=p1 a=1.5,n=3i,on=t 1700000000000\n\noil,device=p2 value=2 1700000000000"u8.ToArray(), "?org=acme&bucket=any&precision=ms", "text/plain; charset=utf-8",
            ("Authorization", "Token " + (await File.ReadAllTextAsync(Path.Combine(_server.Path, "admin.token"))).Trim()));
        Assert.Equal((204, ""), (answer.Status, answer.Text));
        Assert.Equal([(1_700_000_000_000_000_000, 1.5)], Points("p1", "a"));
        Assert.Equal([3.0], Points("p1", "n").Select(point => point.Value));
        Assert.Equal([1.0], Points("p1", "on").Select(point => point.Value));
        Assert.Equal([2.0], Points("p2", "oil").Select(point => point.Value));
    }

    [Fact]
    public async Task What_does_not_fit_its_series_is_refused_by_name_at_either_door()
    {
        Assert.Equal(200, (await _pipeline.SendAsync("POST", Route, "{\"a\":1}"u8.ToArray(), "", "application/json")).Status);
        var answer = await _pipeline.SendAsync("POST", Route, "{\"a\":\"fast\",\"b\":2}"u8.ToArray(), "", "application/json");
        Assert.Equal(422, answer.Status);
        Assert.StartsWith("Nothing was stored, because a part does not fit its series: a: ", answer.Detail(), StringComparison.Ordinal);
        Assert.Empty(Points("p1", "b"));

        answer = await _pipeline.SendAsync("POST", Write, "pump,device=p1 a=\"fast\",b=2"u8.ToArray(), "", null);
        Assert.Equal(400, answer.Status);
        Assert.StartsWith("partial write: 1 values were stored, what is named here was not: line 1, field a: a: ", (string?)answer.Json["message"], StringComparison.Ordinal);
        Assert.Equal([2.0], Points("p1", "b").Select(point => point.Value));
    }

    [Fact]
    public async Task Of_lines_that_do_not_fit_the_first_is_named_and_all_are_counted()
    {
        Assert.Equal(204, (await _pipeline.SendAsync("POST", Write, "pump,device=p1 a=1,ab=1,n=1i 1700000000000"u8.ToArray(), "?precision=ms", null)).Status);
        const string Body = """
            # c
            pump,device=p2 b=1 1700000000000
            pump,device=p1 b=1,a=2 1700000001000
            pump,device=p1 ab="x",b=2 1700000002000
            pump,device=p1 n="y" 1700000003000
            pump,device=p1 ab="z",n="z" 1700000004000
            pump,device=p9 a=1
            """;
        var answer = await _pipeline.SendAsync("POST", Write, Encoding.UTF8.GetBytes(Body), "?precision=ms", null);
        Assert.Equal((400, 4), (answer.Status, (int?)answer.Json["line"]));
        Assert.Equal(
            "partial write: 4 values were stored, what is named here was not: line 4, field ab: ab: text does not fit its series, which holds numbers (and 4 more)", (string?)answer.Json["message"]);
        Assert.Equal(["line 4, field ab", "line 5, field n", "line 6, field ab", "line 6, field n", "line 7"], answer.Json["errors"]!.AsArray().Select(error => (string?)error!["where"]));
        Assert.Equal("n: text does not fit its series, which holds whole numbers", (string?)answer.Json["errors"]![1]!["message"]);
    }

    [Fact]
    public async Task Lines_that_a_contract_rejects_are_named_by_the_one_that_broke_it_and_counted()
    {
        const string Contract = "format: pilotage.contract/1\nthing: pump\nproperties:\n  a: {maximum: 1, violation: reject}\n";
        Assert.Equal(200, (await _pipeline.AskAsync("PUT", "/api/v1/things/pump/contract", Contract, mediaType: "application/yaml")).Status);
        var answer = await _pipeline.SendAsync("POST", Write, "pump,device=p2 b=1 1\npump,device=p1 b=1 1700000001\npump,device=p1 a=5 1700000002"u8.ToArray(), "?precision=s", null);
        Assert.Equal((400, 1), (answer.Status, (int?)answer.Json["line"]));
        var rejected = answer.Json["errors"]![1]!;
        Assert.Equal("line 3", (string?)rejected["where"]);
        Assert.Contains("a is 5, at most 1 is agreed", (string?)rejected["message"], StringComparison.Ordinal);
        Assert.EndsWith("; none of the 2 lines of p1 is stored", (string?)rejected["message"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pump,device=p1 ..=1", "line 1, field ..: \"..\" cannot be the name of a property")]
    [InlineData("pump,device=p1 .=1", "line 1, field .: \".\" cannot be the name of a property")]
    [InlineData("..,device=p1 value=1", "line 1, field value: \"..\" cannot be the name of a property: it has letters, digits and _ . : -, at most 128 of them, and is neither . nor ..")]
    [InlineData("pump,device=p1 a=1 5", "line 1: the timestamp lies outside 1980 to 2100")]
    public async Task What_no_address_could_name_is_no_property(string line, string says)
    {
        var answer = await _pipeline.SendAsync("POST", Write, Encoding.UTF8.GetBytes(line), "", null);
        Assert.Equal((400, 1), (answer.Status, (int?)answer.Json["line"]));
        Assert.Contains(says, (string?)answer.Json["message"], StringComparison.Ordinal);
        Assert.Empty(_server.Get<TimeSeriesStore>().Series(Acme, null));
    }

    [Fact]
    public async Task Of_a_body_with_bad_lines_the_good_ones_are_stored_and_the_others_named()
    {
        var answer = await _pipeline.SendAsync("POST", Write, "pump,device=p1 a=1\npump,device=p9 a=1\npump,device=p1 b=\npump,device=p1 c=\"x\""u8.ToArray(), "", null);
        Assert.Equal((400, "invalid", 2), (answer.Status, (string?)answer.Json["code"], (int?)answer.Json["line"]));
        Assert.StartsWith("partial write: 2 values were stored, what is named here was not: line 2: There is no device p9 in acme", (string?)answer.Json["message"], StringComparison.Ordinal);
        Assert.Equal(["line 2", "line 3, column 18"], answer.Json["errors"]!.AsArray().Select(error => (string?)error!["where"]));
        Assert.Single(Points("p1", "a"));

        answer = await _pipeline.SendAsync("POST", Write, "oops"u8.ToArray(), "", null);
        Assert.StartsWith("nothing was stored: line 1, column 5: a field is missing", (string?)answer.Json["message"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("?precision=h", 400, "invalid", "give ns, us, ms or s")]
    [InlineData("?org=globex", 404, "not found", "yours is acme")]
    [InlineData("?orgID=globex", 404, "not found", "yours is acme")]
    [InlineData("?colour=red", 400, "invalid", "no parameter here")]
    public async Task Errors_look_as_those_clients_expect_them(string query, int status, string code, string says)
    {
        var answer = await _pipeline.SendAsync("POST", Write, "pump,device=p1 a=1"u8.ToArray(), query, null);
        Assert.Equal((status, code), (answer.Status, (string?)answer.Json["code"]));
        Assert.Contains(says, (string?)answer.Json["message"], StringComparison.Ordinal);
        Assert.Empty(Points("p1", "a"));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("Token guess")]
    [InlineData("Bearer guess")]
    public async Task A_wrong_token_is_unauthorized_in_their_words(string? authorization)
    {
        var answer = await _pipeline.SendAsync("POST", Write, "pump,device=p1 a=1"u8.ToArray(), "", null, ("Authorization", authorization));
        Assert.Equal((401, "unauthorized"), (answer.Status, (string?)answer.Json["code"]));
    }

    [Fact]
    public async Task Ping_and_health_answer_whoever_asks()
    {
        foreach (var method in (string[])["GET", "HEAD"])
        {
            var ping = await _pipeline.SendAsync(method, "/ping", null, "", null, ("Authorization", null));
            Assert.Equal((204, "v2.7.0"), (ping.Status, ping.Response.Headers["X-Influxdb-Version"].ToString()));
        }

        // Nobody started the gateway here, and health says so.
        var health = await _pipeline.SendAsync("GET", "/health", null, "", null, ("Authorization", null));
        Assert.Equal((503, "fail", "pilotage"), (health.Status, (string?)health.Json["status"], (string?)health.Json["name"]));
    }

    private List<(long TimeNs, double Value)> Points(string device, string property) =>
        [.. _server.Get<TimeSeriesStore>().Read(new SeriesKey(Acme, new DeviceId(device), property), 0, long.MaxValue).Select(point => (point.TimeNs, point.Value))];

    private static byte[] Packed(string text)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
        {
            gzip.Write(Encoding.UTF8.GetBytes(text));
        }

        return packed.ToArray();
    }
}
