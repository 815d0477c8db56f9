using System.Net;
using System.Security.Cryptography.X509Certificates;
using Pilotage.Broker;
using Pilotage.Server.Access.Contracts;
using Pilotage.Server.Fabric.Link;
using Pilotage.Server.Hosting;
using Xunit;

namespace Pilotage.Tests.Server.Fabric;

public sealed class BrokerSettingsTests
{
    private static readonly IPEndPoint Anywhere = new(IPAddress.Loopback, 0);

    [Fact]
    public void Every_listener_gets_its_own_security_and_the_common_policy_of_acks()
    {
        var options = new ServerOptions
        {
            DataFolder = "data",
            Mqtts = Anywhere,
            Wss = Anywhere,
            Mqtt = Anywhere,
            Ws = Anywhere,
            InsecureOpen = true,
            Acks = AckTiming.Memory,
        };
        var settings = BrokerSettings.Of(options, new NoTls());
        Assert.Equal(
            [("mqtts", true, false), ("wss", true, true), ("mqtt", false, false), ("ws", false, true)],
            settings.Listeners.Select(l => (l.Name, l.Tls is not null, l.WebSocket is not null)));
        Assert.All(settings.Listeners, listener => Assert.Equal(listener.Tls is null, listener.Insecure));
        Assert.All(settings.Listeners, listener => Assert.Equal(AckPolicy.Memory, listener.Acks));
    }

    [Fact]
    public void Unless_told_otherwise_acks_wait_for_the_disk_and_limits_are_those_of_the_broker()
    {
        var settings = BrokerSettings.Of(new ServerOptions { DataFolder = "data" }, new NoTls());
        Assert.Equal(AckPolicy.Durable, Assert.Single(settings.Listeners).Acks);
        Assert.Equal(new BrokerOptions().ReceiveMaximum, settings.ReceiveMaximum);
        Assert.True(BrokerSettings.Of(new ServerOptions { DataFolder = "data", Limits = BrokerLimits.Bench }, new NoTls()).ReceiveMaximum > 32);
    }

    private sealed class NoTls : IServerTls
    {
        public X509Certificate2 Certificate => throw new InvalidOperationException("Nobody connects here.");

        public X509Certificate2Collection Chain { get; } = [];
    }
}
