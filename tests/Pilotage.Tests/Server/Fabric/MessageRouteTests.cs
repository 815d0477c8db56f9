using System.Text;
using System.Text.Json.Nodes;
using Pilotage.Core;
using Pilotage.Core.Contracts;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fabric.Ingest;
using Pilotage.Server.Fleet.Contracts;
using Xunit;

namespace Pilotage.Tests.Server.Fabric;

/// <summary>What may be asked of topics and said in the name of a device; the gateway itself does not run here.</summary>
public sealed class MessageRouteTests : IAsyncLifetime
{
    private const string Topic = "acme/lyon/pump-1/_tele";
    private static readonly TenantId Acme = new("acme");
    private readonly TestServerFolder _server = new();
    private readonly RequestPipeline _pipeline;

    public MessageRouteTests() => _pipeline = new RequestPipeline(_server);

    public Task InitializeAsync()
    {
        _server.Get<IFleet>().Declare(Acme, [new DeviceDeclaration("acme/lyon/pump-1", "pump"), new DeviceDeclaration("acme/lyon/edge-1", Things.Edge)]);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Theory]
    [InlineData("acme/lyon/+/_tele", 400, "is no topic to publish to")]
    [InlineData("", 400, "is no topic to publish to")]
    [InlineData("hello", 422, "is no topic of a device")]
    [InlineData("globex/lyon/pump-1/_tele", 403, "yours begin with acme/")]
    [InlineData("acme/lyon/pump-1/_cmd/stop", 422, "is not published by hand")]
    [InlineData("acme/lyon/pump-1/_twin/desired", 422, "is not published by hand")]
    [InlineData("acme/lyon/edge-1/_forward", 422, "is not published by hand")]
    [InlineData("acme/lyon/edge-1/_infer/m", 422, "is not published by hand")]
    [InlineData("acme/lyon/pump-9/_tele", 404, "no device at acme/lyon/pump-9")]
    [InlineData(Topic, 503, "The gateway is not running")]
    public async Task A_topic_that_the_device_may_not_use_is_not_used_in_its_name(string topic, int status, string says)
    {
        var answer = await _pipeline.AskAsync("POST", "/api/v1/messages", new JsonObject { ["topic"] = topic, ["payload"] = "1" }.ToJsonString());
        Assert.True(answer.Status == status, $"{answer}");
        Assert.Contains(says, answer.Detail(), StringComparison.Ordinal);
        var record = _server.Get<IAudit>().Read(Acme, null, 1)[0];
        Assert.Equal(("fabric.message.publish", topic, "refused"), (record.Action, record.Target, record.Result));
    }

    [Theory]
    [InlineData("""{"topic":"acme/lyon/pump-1/_tele"}""", "/payload")]
    [InlineData("""{"topic":"acme/lyon/pump-1/_tele","payload":"1","payloadBase64":"MQ=="}""", "/payload")]
    [InlineData("""{"topic":"acme/lyon/pump-1/_tele","payloadBase64":"%"}""", "/payloadBase64")]
    [InlineData("""{"topic":"acme/lyon/pump-1/_tele","payload":"1","qos":2}""", "/qos")]
    [InlineData("""{"topic":"acme/lyon/pump-1/_tele","payload":"1","contentType":"\u0000"}""", "/contentType")]
    public async Task A_part_of_the_body_that_makes_no_message_is_named(string body, string where)
    {
        var answer = await _pipeline.AskAsync("POST", "/api/v1/messages", body);
        Assert.Equal(400, answer.Status);
        answer.Detail();
        Assert.Equal(where, (string?)answer.Json["errors"]![0]!["where"]);
    }

    [Fact]
    public async Task A_message_larger_than_a_device_may_send_is_refused()
    {
        var body = new JsonObject { ["topic"] = Topic, ["payload"] = new string('x', (1024 * 1024) - Topic.Length + 1) };
        var answer = await _pipeline.AskAsync("POST", "/api/v1/messages", body.ToJsonString());
        Assert.Equal(413, answer.Status);
        Assert.Contains("1048576", answer.Detail(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_is_said_in_the_name_of_a_revoked_device()
    {
        var fleet = _server.Get<IFleet>();
        fleet.Revoke(Acme, fleet.FindByPath(Acme, "acme/lyon/pump-1")!.Id);
        var answer = await _pipeline.AskAsync("POST", "/api/v1/messages", new JsonObject { ["topic"] = Topic, ["payload"] = "1" }.ToJsonString());
        Assert.Equal(422, answer.Status);
        Assert.Contains("pilotage device restore", answer.Detail(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_tree_is_bounded_and_says_so()
    {
        await StoreAsync(isOfDevice: true);
        var all = (await _pipeline.AskAsync("GET", "/api/v1/topics")).Json;
        Assert.Equal(["acme", "acme/lyon", "acme/lyon/pump-1", Topic], all["items"]!.AsArray().Select(level => (string)level!["topic"]!));
        Assert.False((bool)all["truncated"]!);

        var first = (await _pipeline.AskAsync("GET", "/api/v1/topics", query: "?limit=2")).Json;
        Assert.Equal(2, first["items"]!.AsArray().Count);
        Assert.True((bool)first["truncated"]!);

        Assert.Equal(404, (await _pipeline.AskAsync("GET", "/api/v1/topics", query: "?prefix=acme/ly")).Status);
        Assert.Equal(400, (await _pipeline.AskAsync("GET", "/api/v1/topics", query: "?prefix=acme/%23")).Status);
        Assert.Equal(400, (await _pipeline.AskAsync("GET", "/api/v1/topics", query: "?depth=17")).Status);
    }

    [Theory]
    [InlineData("acme/%23/x")]
    [InlineData("$share/g/acme/%23")]
    [InlineData("")]
    public async Task A_filter_that_is_none_opens_no_stream(string filter)
    {
        var answer = await _pipeline.AskAsync("GET", "/api/v1/messages/live", query: $"?filter={filter}");
        Assert.Equal(400, answer.Status);
        Assert.StartsWith("filter ", answer.Detail(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pump-9", "", 404)]
    [InlineData("pump-1", "?seconds=601", 400)]
    [InlineData("pump-1", "", 503)]
    public async Task A_trace_that_cannot_begin_says_why(string device, string query, int status)
    {
        var answer = await _pipeline.AskAsync("GET", $"/api/v1/devices/{device}/trace", query: query);
        Assert.True(answer.Status == status, $"{answer}");
        answer.Detail();
    }

    [Fact]
    public async Task What_an_operator_says_in_its_name_is_no_report_of_the_device()
    {
        var pump = _server.Get<IFleet>().FindByPath(Acme, "acme/lyon/pump-1")!;
        await StoreAsync(isOfDevice: false);
        Assert.Null(_server.Get<IFleet>().PresenceOf(Acme, pump.Id).LastReportNs);
        await StoreAsync(isOfDevice: true);
        Assert.NotNull(_server.Get<IFleet>().PresenceOf(Acme, pump.Id).LastReportNs);
    }

    [Fact]
    public async Task Without_a_gateway_nobody_is_connected()
    {
        Assert.Empty((await _pipeline.AskAsync("GET", "/api/v1/clients")).Json["items"]!.AsArray());
        var connection = (await _pipeline.AskAsync("GET", "/api/v1/devices/pump-1/connection")).Json;
        Assert.False((bool)connection["connected"]!);
        Assert.Empty(connection["clients"]!.AsArray());
    }

    private async Task StoreAsync(bool isOfDevice)
    {
        Assert.True(TopicPath.TryParse(Topic, out var path));
        var device = _server.Get<IFleet>().FindByPath(Acme, path.DevicePath)!;
        const long Now = 1_700_000_000_000_000_000;
        await _server.Get<Ingestion>().StoreAsync(
            device, path, new IngestMessage(Topic, Encoding.UTF8.GetBytes("""{"a":1}"""), [], Now, Now, null) { IsOfDevice = isOfDevice });
    }
}
