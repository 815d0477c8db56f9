using System.Text;
using Microsoft.Extensions.Logging;
using Pilotage.Broker;
using Pilotage.Core;
using Pilotage.Protocols.Mqtt;
using Pilotage.Server.Fabric.Link;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.Testing;
using Pilotage.TimeSeries;
using Xunit;

namespace Pilotage.Tests.Server.Fabric.Mapping;

/// <summary>Devices that speak topics of their own to our gateway, and mappings that give these a meaning.</summary>
public sealed class GatewayMappingTests : IAsyncLifetime
{
    private static readonly TenantId Acme = new("acme");
    private static readonly DeviceId Edge = new("edge-1");
    private readonly TestServerFolder _server = new();
    private readonly RequestPipeline _pipeline;

    public GatewayMappingTests() => _pipeline = new RequestPipeline(_server);

    private ServerBrokerHooks Hooks => _server.Get<ServerBrokerHooks>();

    private static ClientIdentity Anybody => new(Acme, "open:x", null, "open", "mqtt");

    public async Task InitializeAsync()
    {
        var fleet = _server.Get<IFleet>();
        Assert.True(fleet.Declare(Acme, [new DeviceDeclaration("acme/lyon/l1/edge-1", Things.Edge, Hardware: "linux-x64") { Id = Edge }]).IsOk);
        Assert.True(fleet.Declare(Acme, [
            new DeviceDeclaration("acme/lyon/l1/press-2", "press", Edge) { Id = new DeviceId("press-2") },
            new DeviceDeclaration("acme/lyon/l1/press-3", "press") { Id = new DeviceId("press-3") }]).IsOk);
        await PutAsync(1, "true");
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task A_message_to_a_topic_of_a_device_is_stored_by_the_rule_that_takes_it_before_it_is_acknowledged()
    {
        Assert.True(Hooks.MayPublish(Anybody, "factory/l1/press-3/status/temp"));
        Assert.Equal(MqttReason.Success, (await SendAsync(Anybody, "factory/l1/press-3/status/temp", "21.5")).Reason);
        Assert.Equal(21.5, Last("press-3", "temp"));

        // One that nobody declared is made, as with a source.
        Assert.Equal(MqttReason.Success, (await SendAsync(Anybody, "factory/l2/press-9/status/temp", "3")).Reason);
        Assert.Equal(3, Last("press-9", "temp"));
        Assert.Equal("press", _server.Get<IFleet>().FindByPath(Acme, "acme/lyon/l2/press-9")!.Thing);
    }

    [Fact]
    public async Task What_cannot_be_read_is_told_to_whoever_sent_it_or_kept_with_the_device_that_the_topic_names()
    {
        var refused = await SendAsync(Anybody, "factory/l1/report", "{\"temp\":1}");
        Assert.Equal((MqttReason.PayloadFormatInvalid, true), (refused.Reason, refused.Text?.Contains("/machine is not in the payload", StringComparison.Ordinal)));
        Assert.Equal(MqttReason.Success, (await SendAsync(Anybody, "factory/l1/press-3/status/temp", "nonsense")).Reason);
        Assert.Single((await _pipeline.AskAsync("GET", "/api/v1/messages/bad")).Json["items"]!.AsArray());
    }

    [Theory]
    [InlineData("factory/l1/press-2/status/temp", true)]
    [InlineData("factory/l1/edge-1/status/temp", true)]
    [InlineData("factory/l1/press-3/status/temp", false)]
    [InlineData("factory/l9/press-9/status/temp", false)]
    [InlineData("factory/l1/report", true)]
    [InlineData("elsewhere/l1", false)]
    public void By_a_certificate_a_device_speaks_for_itself_and_what_is_behind_it(string topic, bool allowed) =>
        Assert.Equal(allowed, Hooks.MayPublish(new ClientIdentity(Acme, "edge-1", Edge, "device", "mqtts"), topic));

    [Fact]
    public async Task A_payload_does_not_make_one_device_another()
    {
        var edge = new ClientIdentity(Acme, "edge-1", Edge, "device", "mqtts");
        Assert.Equal(MqttReason.Success, (await SendAsync(edge, "factory/l1/report", "{\"machine\":\"press-2\",\"temp\":5}")).Reason);
        Assert.Equal(5, Last("press-2", "temp"));
        var refused = await SendAsync(edge, "factory/l1/report", "{\"machine\":\"press-3\",\"temp\":5}");
        Assert.Equal(MqttReason.PayloadFormatInvalid, refused.Reason);
        Assert.Contains("edge-1 speaks for itself and for devices behind it, and press-3 is none of them", refused.Text, StringComparison.Ordinal);
        Assert.False(_server.Get<TimeSeriesStore>().TryGetLast(new SeriesKey(Acme, new DeviceId("press-3"), "temp"), out _));
    }

    [Fact]
    public async Task Without_gateway_true_nothing_changes_and_a_topic_of_ours_is_never_mapped()
    {
        Assert.Equal("it takes what devices send to this server's own gateway, too", (string?)(await _pipeline.AskAsync("GET", "/api/v1/mappings/factory")).Json["notes"]![0]);
        await PutAsync(2, "false");
        Assert.False(Hooks.MayPublish(Anybody, "factory/l1/press-3/status/temp"));
        await PutAsync(3, "true", "+/{site}/{line}/{machine}/{property}");
        Assert.Equal(MqttReason.Success, (await SendAsync(Anybody, "acme/lyon/l1/press-3/_tele", "{\"temp\":7}")).Reason);
        Assert.Equal(7, Last("press-3", "temp"));
        Assert.Single(_server.Get<TimeSeriesStore>().Series(Acme, new DeviceId("press-3")));

        var bad = await _pipeline.AskAsync("PUT", "/api/v1/mappings/factory/document", Document(4, "maybe"), mediaType: "application/yaml");
        Assert.Contains("gateway: \"maybe\" is neither true nor false", bad.Detail(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_device_is_told_that_its_topic_is_neither_ours_nor_mapped()
    {
        using var counted = new CountedMetrics("pilotage.gateway.messages.unmapped");
        var edge = new ClientIdentity(Acme, "edge-1", Edge, "device", "mqtts");
        Assert.Equal(
            "plant/x/y is no topic of a device here (acme/SITE/DEVICE/_tele is one), and no mapping with gateway: true takes it; publish there, or add one with: pilotage mapping add FILE",
            Hooks.WhyNotPublish(edge, "plant/x/y"));
        Assert.StartsWith("a topic with control characters is no topic", Hooks.WhyNotPublish(Anybody, "plant/\n/y"), StringComparison.Ordinal);
        Assert.Equal(2, counted.Of("pilotage.gateway.messages.unmapped"));

        // What is mapped or ours is refused for another cause.
        Assert.Equal("the mapping factory takes this topic, for a device that this client does not speak for", Hooks.WhyNotPublish(edge, "factory/l1/press-3/status/temp"));
        Assert.Null(Hooks.WhyNotPublish(edge, "acme/lyon/l1/press-3/_tele"));
        Assert.Equal(2, counted.Of("pilotage.gateway.messages.unmapped"));
    }

    [Fact]
    public void The_log_names_such_a_topic_once_a_minute_and_how_many_more_there_were()
    {
        using var lines = new LogLines();
        var time = new ManualTime();
        var publishes = new UnmappedPublishes(time, _server.Get<System.Diagnostics.Metrics.IMeterFactory>(), new Logger<UnmappedPublishes>(lines));
        for (var i = 0; i < 5; i++)
        {
            publishes.Refuse(Anybody, $"plant/{i}");
        }

        time.Advance(TimeSpan.FromMinutes(1));
        publishes.Refuse(Anybody, "plant/5");
        Assert.Equal(2, lines.All.Count);
        Assert.Contains("plant/0 is no topic of a device here", lines.All[0].Text, StringComparison.Ordinal);
        Assert.Contains("(4 more like it since the last line)", lines.All[1].Text, StringComparison.Ordinal);
    }

    private double? Last(string device, string property) =>
        _server.Get<TimeSeriesStore>().TryGetLast(new SeriesKey(Acme, new DeviceId(device), property), out var last) ? last.Value : null;

    private Task<PublishDecision> SendAsync(ClientIdentity who, string topic, string payload) => Hooks.ReceiveAsync(
        who, new MessageView { Topic = topic, Payload = Encoding.UTF8.GetBytes(payload), Qos = 1 }, 1_767_225_600_000_000_000, CancellationToken.None).AsTask();

    private async Task PutAsync(int version, string gateway, string topic = "factory/{line}/{machine}/status/{property}")
    {
        var put = await _pipeline.AskAsync("PUT", "/api/v1/mappings/factory/document", Document(version, gateway, topic), mediaType: "application/yaml");
        Assert.True(put.Status is 200 or 201, $"{put}");
    }

    private static string Document(int version, string gateway, string topic = "factory/{line}/{machine}/status/{property}") =>
        $$$"""
        format: pilotage.mapping/1
        name: factory
        version: {{{version}}}
        gateway: {{{gateway}}}
        rules:
          status:
            topic: "{{{topic}}}"
            device: "{tenant}/lyon/{line}/{machine}"
            thing: press
            property: "{property}"
            type: number
          report:
            topic: "factory/{line}/report"
            device: "{tenant}/lyon/{line}/{/machine}"
            thing: press
            payload: json
            properties:
              temp: {type: number}
        """;
}
