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
        Assert.Contains("a: text is not stored", Assert.Single(_server.Get<EventStore>().Bad(Acme, _pump, 10)).Reason, StringComparison.Ordinal);
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
        Assert.Equal(2.0, ((Dictionary<string, double>)seen.Current.Data)["a"]);
    }

    private static ClientIdentity Who(DeviceId device) => new(Acme, device.Value, device, "device", "mqtts");

    private Task<PublishDecision> SendAsync(string json) => _server.Get<ServerBrokerHooks>().ReceiveAsync(
        Who(_pump),
        new MessageView { Topic = Topic, Payload = Encoding.UTF8.GetBytes(json), Qos = 1 },
        (T0 + 1_000_000) * NsPerMs,
        CancellationToken.None).AsTask();

    private List<Point> Points(string property) => [.. _server.Get<TimeSeriesStore>().Read(new SeriesKey(Acme, _pump, property), 0, long.MaxValue)];
}
