using System.Text;
using Pilotage.Broker;
using Pilotage.Core;
using Pilotage.Protocols.Mqtt;
using Pilotage.Server.Fabric;
using Pilotage.Server.Fabric.Ingest;
using Pilotage.Server.Fabric.Link;
using Pilotage.Server.Fleet.Contracts;
using Pilotage.TimeSeries;
using Xunit;

namespace Pilotage.Tests.Server.Fabric;

/// <summary>The short way of telemetry from the gateway into the store, beside the long one.</summary>
public sealed class PlainStoringTests : IAsyncLifetime
{
    private const string Topic = "acme/lyon/pump-1/_tele";
    private const long T0 = 1_700_000_000_000;
    private const long NsPerMs = 1_000_000;
    private static readonly TenantId Acme = new("acme");
    private readonly TestServerFolder _server = new();
    private DeviceId _pump;

    private IFleet Fleet => _server.Get<IFleet>();

    public Task InitializeAsync()
    {
        _pump = Fleet.Declare(Acme, [new DeviceDeclaration("acme/lyon/pump-1", "pump"), new DeviceDeclaration("acme/lyon/pump-2", "pump")]).Value[0].Device;
        return Task.CompletedTask;
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task Both_ways_lead_into_the_same_series_in_order()
    {
        var sent = new List<Task<PublishDecision>>();
        for (var i = 0; i < 300; i++)
        {
            // At the same time, so that the last to arrive is what stands there; every third goes the long way.
            sent.Add(SendAsync(i % 3 == 0 ? $"[{{\"ts\":{T0},\"a\":{i}}}]" : $"{{\"ts\":{T0},\"a\":{i}}}"));
            sent.Add(SendAsync($"{{\"ts\":{T0 + i},\"values\":{{\"b\":{i},\"c\":true}}}}"));
        }

        Assert.All(await Task.WhenAll(sent), decision => Assert.Equal(MqttReason.Success, decision.Reason));
        Assert.Equal(299, Assert.Single(Points("a")).Value);
        Assert.Equal(Enumerable.Range(0, 300).Select(i => (double)i), Points("b").Select(p => p.Value));
        Assert.Equal(600, _server.Get<TopicBook>().Find(Topic)!.Messages);
        Assert.NotNull(Fleet.PresenceOf(Acme, _pump).LastReportNs);
    }

    [Fact]
    public async Task What_is_wrong_is_kept_with_the_reason_as_ever()
    {
        await SendAsync("{\"a\":1}");
        Assert.Equal(MqttReason.Success, (await SendAsync("{\"a\":\"on\"}")).Reason);
        Assert.Contains("a: text does not fit its series, which holds numbers", Assert.Single(_server.Get<EventStore>().Bad(Acme, _pump, 10)).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Truth_stays_truth_on_both_ways_and_is_1_and_0_where_numbers_are_asked_for()
    {
        for (var i = 0; i < 20; i++)
        {
            var on = i % 3 == 0 ? "true" : "false";
            await SendAsync(i % 2 == 0 ? $"{{\"ts\":{T0 + i},\"on\":{on}}}" : $"[{{\"ts\":{T0 + i},\"on\":{on}}}]");
        }

        Assert.Equal(Enumerable.Range(0, 20).Select(i => SeriesValue.OfTruth(i % 3 == 0)), Typed("on").Select(p => p.Value));
        Assert.Equal(Enumerable.Range(0, 20).Select(i => i % 3 == 0 ? 1.0 : 0), Points("on").Select(p => p.Value));
    }

    [Theory]
    [InlineData("{\"ts\":#,\"a\":@}")]
    [InlineData("[{\"ts\":#,\"a\":@}]")]
    public async Task A_series_keeps_what_it_began_with_and_the_rest_of_a_message_that_does_not_fit_is_stored(string way)
    {
        Task<PublishDecision> Say(int at, string value) => SendAsync(way.Replace("#", $"{T0 + at}").Replace("@", value));

        await Say(0, "1.5,\"b\":true,\"c\":\"idle\"");
        await Say(1, "true,\"b\":1,\"c\":\"\"");
        await Say(2, "\"on\",\"b\":0,\"c\":7");
        await Say(3, "2,\"b\":2,\"c\":\"NaN\"");
        await Say(4, "3,\"b\":false,\"c\":true");

        Assert.Equal([1.5, 1, 2, 3], Typed("a").Select(p => p.Value.Number));
        Assert.Equal([true, true, false, false], Typed("b").Select(p => p.Value.IsTrue));
        Assert.Equal(["idle", ""], Typed("c").Select(p => p.Value.Text));
        var reasons = _server.Get<EventStore>().Bad(Acme, _pump, 10).Select(bad => bad.Reason).Reverse();
        Assert.Equal(
            [
                "a: text does not fit its series, which holds numbers",
                "c: NaN and Infinity are no numbers in JSON; leave the value out",
                "c: true and false does not fit its series, which holds text",
            ],
            reasons);
    }

    [Fact]
    public async Task A_device_with_another_id_at_the_same_topic_has_series_of_its_own()
    {
        await SendAsync("{\"a\":1}");
        await SendAsync("{\"a\":2}");
        Assert.True(Fleet.Delete(Acme, _pump).IsOk);
        _pump = Fleet.Declare(Acme, [new DeviceDeclaration("acme/lyon/pump-1", "pump") { Id = new DeviceId("other") }]).Value[0].Device;

        await SendAsync("[{\"a\":\"on\"}]");
        Assert.Equal(MqttReason.Success, (await SendAsync("{\"a\":3}")).Reason);
        Assert.Equal(SeriesValue.OfText("on"), Assert.Single(Typed("a")).Value);
        Assert.Contains("which holds text", Assert.Single(_server.Get<EventStore>().Bad(Acme, _pump, 10)).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_topic_that_is_known_follows_the_fleet()
    {
        var hooks = _server.Get<ServerBrokerHooks>();
        await SendAsync("{\"a\":1}");
        Assert.True(hooks.MayPublish(Who(_pump), Topic));
        Assert.False(hooks.MayPublish(Who(new DeviceId("pump-2")), Topic));
        Assert.False(hooks.MayPublish(Who(_pump) with { Tenant = new TenantId("other") }, Topic));

        Assert.True(Fleet.Delete(Acme, _pump).IsOk);
        Assert.False(hooks.MayPublish(Who(_pump), Topic));
        Assert.Equal(MqttReason.NotAuthorized, (await SendAsync("{\"a\":2}")).Reason);
        Assert.Equal(1, Assert.Single(Points("a")).Value);
    }

    [Fact]
    public async Task Whoever_watches_sees_what_would_have_gone_the_short_way()
    {
        await SendAsync("{\"a\":1}");
        using var watch = _server.Get<LiveFeed>().Watch(Acme, "telemetry", null).Value;
        await SendAsync($"{{\"ts\":{T0},\"a\":2}}");
        await using var seen = watch.ReadAsync(CancellationToken.None).GetAsyncEnumerator();
        Assert.True(await seen.MoveNextAsync());
        Assert.Equal(2.0, ((Dictionary<string, object?>)seen.Current.Data)["a"]);
    }

    private static ClientIdentity Who(DeviceId device) => new(Acme, device.Value, device, "device", "mqtts");

    private Task<PublishDecision> SendAsync(string json) => _server.Get<ServerBrokerHooks>().ReceiveAsync(
        Who(_pump),
        new MessageView { Topic = Topic, Payload = Encoding.UTF8.GetBytes(json), Qos = 1 },
        (T0 + 1_000_000) * NsPerMs,
        CancellationToken.None).AsTask();

    private List<TypedPoint> Typed(string property) => [.. _server.Get<TimeSeriesStore>().ReadTyped(new SeriesKey(Acme, _pump, property), 0, long.MaxValue)];

    private List<Point> Points(string property) => [.. _server.Get<TimeSeriesStore>().Read(new SeriesKey(Acme, _pump, property), 0, long.MaxValue)];
}
