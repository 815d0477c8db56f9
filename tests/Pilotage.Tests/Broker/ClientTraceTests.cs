using Pilotage.Broker;
using Pilotage.Broker.Connections;
using Pilotage.Core;
using Pilotage.Protocols.Mqtt;
using Pilotage.Testing;
using Xunit;

namespace Pilotage.Tests.Broker;

public sealed class ClientTraceTests
{
    private static readonly ClientIdentity Pump = new(new TenantId("acme"), "pump-1", null, "device", "mqtts");
    private readonly ManualTime _time = new();
    private readonly List<TracedPacket> _told = [];

    [Fact]
    public void Is_over_by_itself_when_its_time_is()
    {
        using var trace = Trace(TimeSpan.FromSeconds(30));
        var traces = new ClientTraces();
        traces.Add(trace);
        Assert.Same(trace, traces.Of(Pump));

        _time.Advance(TimeSpan.FromSeconds(30));

        Assert.True(trace.IsOver);
        Assert.Null(traces.Of(Pump));
    }

    [Fact]
    public void Is_over_when_it_is_let_go()
    {
        var trace = Trace(TimeSpan.FromSeconds(30));
        trace.Dispose();
        Assert.True(trace.IsOver);
    }

    [Fact]
    public void Tells_so_many_packets_in_a_second_and_counts_the_rest()
    {
        using var trace = Trace(TimeSpan.FromSeconds(30));
        for (var i = 0; i < ClientTrace.PacketsPerSecondMax + 7; i++)
        {
            trace.Tell(new TracedPacket(0, "pump-1", false, MqttPacketType.Publish, 10));
        }

        Assert.Equal(ClientTrace.PacketsPerSecondMax, _told.Count);
        _time.Advance(TimeSpan.FromSeconds(1));
        trace.Tell(new TracedPacket(0, "pump-1", false, MqttPacketType.PingReq, 2));
        trace.Tell(new TracedPacket(0, "pump-1", true, MqttPacketType.PingResp, 2));
        Assert.Equal([7, 0], _told[^2..].Select(packet => packet.Skipped));
    }

    [Fact]
    public void Lasts_no_longer_than_a_trace_may() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Trace(ClientTrace.TimeMax + TimeSpan.FromSeconds(1)));

    private ClientTrace Trace(TimeSpan lasts) => new(who => who == Pump, lasts, _told.Add, _time);
}
