using Pilotage.Broker;
using Pilotage.Core;
using Pilotage.Protocols.Mqtt;
using Pilotage.Server.Fabric.Link;
using Pilotage.Server.Fleet.Contracts;
using Xunit;

namespace Pilotage.Tests.Server.Fabric;

public sealed class TopicRightsTests : IAsyncLifetime
{
    private static readonly TenantId Acme = new("acme");
    private readonly TestServerFolder _server = new();
    private DeviceId _edge;
    private DeviceId _pump;

    public Task InitializeAsync()
    {
        var fleet = _server.Get<IFleet>();
        _edge = fleet.Declare(Acme, [new DeviceDeclaration("acme/lyon/edge-1", Things.Edge)]).Value[0].Device;
        _pump = fleet.Declare(Acme, [new DeviceDeclaration("acme/lyon/pump-1", "pump", _edge)]).Value[0].Device;
        fleet.Declare(Acme, [new DeviceDeclaration("acme/lyon/pump-12", "pump")]);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Theory]
    [InlineData("acme/lyon/pump-1/_tele", true)]
    [InlineData("acme/lyon/pump-1/_event/stop", true)]
    [InlineData("acme/lyon/pump-1/_twin/reported", true)]
    [InlineData("acme/lyon/pump-1/_twin/desired", false)]
    [InlineData("acme/lyon/pump-1/_cmd/stop", false)]
    [InlineData("acme/lyon/pump-1/_infer/rul", false)]
    [InlineData("acme/lyon/pump-1/_forward", false)]
    [InlineData("acme/lyon/pump-12/_tele", false)]
    [InlineData("acme/lyon/pump-2/_tele", false)]
    [InlineData("acme/lyon/edge-1/_tele", false)]
    [InlineData("other/lyon/pump-1/_tele", false)]
    [InlineData("acme/lyon/pump-1/tele", false)]
    [InlineData("$SYS/broker", false)]
    public void A_device_publishes_below_its_own_path(string topic, bool allowed) =>
        Assert.Equal(allowed, Hooks.MayPublish(Who(_pump), topic));

    [Theory]
    [InlineData("acme/lyon/pump-1/_cmd/+", true)]
    [InlineData("acme/lyon/pump-1/#", true)]
    [InlineData("acme/lyon/pump-12/_cmd/+", false)]
    [InlineData("acme/lyon/+/_cmd/+", false)]
    [InlineData("acme/#", false)]
    [InlineData("#", false)]
    [InlineData("+/lyon/pump-1/_cmd", false)]
    [InlineData("$SYS/#", false)]
    public void A_device_hears_what_is_below_its_own_path(string filter, bool allowed) =>
        Assert.Equal(allowed, Hooks.MaySubscribe(Who(_pump), filter));

    [Fact]
    public void An_edge_hears_for_its_devices_and_for_no_others()
    {
        Assert.True(Hooks.MaySubscribe(Who(_edge), "acme/lyon/pump-1/_cmd/#"));
        Assert.False(Hooks.MaySubscribe(Who(_edge), "acme/lyon/pump-12/_cmd/#"));
        Assert.False(Hooks.MayPublish(Who(_edge), "acme/lyon/pump-1/_tele"));
        Assert.True(Hooks.MayPublish(Who(_edge), "acme/lyon/edge-1/_forward"));
    }

    [Theory]
    [InlineData("acme/lyon/pump-1/_tele", true)]
    [InlineData("acme/lyon/nobody-yet/_tele", true)]
    [InlineData("acme/lyon/pump-1/_twin/reported", true)]
    [InlineData("acme/lyon/pump-1/_cmd/stop", false)]
    [InlineData("acme/lyon/pump-1/_twin/desired", false)]
    [InlineData("acme/lyon/pump-1/_infer/rul", false)]
    [InlineData("acme/lyon/edge-1/_forward", false)]
    [InlineData("other/lyon/pump-1/_tele", false)]
    [InlineData("somewhere", false)]
    public void On_the_insecure_listener_anybody_publishes_what_devices_tell(string topic, bool allowed) =>
        Assert.Equal(allowed, Hooks.MayPublish(Anybody, topic));

    [Fact]
    public void But_not_for_a_device_that_has_or_had_a_certificate()
    {
        Assert.True(Hooks.MayPublish(Anybody, "acme/lyon/pump-1/_tele"));
        _server.Get<IFleet>().Revoke(Acme, _pump);
        Assert.False(Hooks.MayPublish(Anybody, "acme/lyon/pump-1/_tele"));
        Assert.False(Hooks.MayPublish(Anybody, "acme/lyon/pump-1/_state"));
    }

    [Fact]
    public async Task A_connection_without_a_known_certificate_is_kept_out()
    {
        var request = new ConnectRequest { Listener = "mqtts", Version = MqttVersion.V5, ClientId = "x" };
        Assert.Equal(MqttReason.NotAuthorized, (await Hooks.ConnectAsync(request, default)).Reason);
    }

    private ServerBrokerHooks Hooks => _server.Get<ServerBrokerHooks>();

    private static ClientIdentity Anybody => new(Acme, "open:x", null, "open", "mqtt");

    private static ClientIdentity Who(DeviceId device) => new(Acme, device.Value, device, "device", "mqtts");
}
