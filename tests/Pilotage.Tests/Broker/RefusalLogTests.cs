using System.Net;
using Pilotage.Broker;
using Pilotage.Broker.Connections;
using Pilotage.Protocols.Mqtt;
using Pilotage.Testing;
using Xunit;

namespace Pilotage.Tests.Broker;

/// <summary>Who did not come in is named, and a flood of them cannot fill the log.</summary>
public sealed class RefusalLogTests : IDisposable
{
    private readonly ManualTime _time = new();
    private readonly LogLines _lines = new();
    private readonly RefusalLog _refusals;

    public RefusalLogTests() => _refusals = new(new BrokerOptions { HalfOpenPerAddressMax = 7 }, _time, _lines);

    [Fact]
    public void The_first_of_each_cause_and_address_is_named_with_its_reason_and_the_rest_is_counted()
    {
        for (var i = 0; i < 3; i++)
        {
            _refusals.TurnedAway(TurnAway.HalfOpen, "mqtts", At("192.0.2.7", 1000 + i));
        }

        _refusals.TurnedAway(TurnAway.Connections, "mqtts", At("192.0.2.7", 2000));
        _refusals.TurnedAway(TurnAway.HalfOpen, "mqtts", At("192.0.2.8", 3000));
        _refusals.TurnedAway(TurnAway.HalfOpen, "local", null);
        Assert.Equal(4, _lines.All.Count);
        Assert.Equal(
            (2107, "Client \"\" at 192.0.2.7:1000 was turned away by mqtts: half-open, 7 connections of its address have not come in yet."),
            _lines.All[0]);
        Assert.Contains("192.0.2.7:2000 was turned away by mqtts: connections, there are 10000 connections", _lines.All[1].Text, StringComparison.Ordinal);

        _time.Advance(RefusalLog.Window - TimeSpan.FromTicks(1));
        _refusals.Sweep();
        Assert.Equal(4, _lines.All.Count);
        _time.Advance(TimeSpan.FromTicks(1));
        _refusals.Sweep();
        Assert.Equal(
            (2108, "2 more connections did not come in (half-open) within 60 s; each client is named once a minute, 20 at most."),
            Assert.Single(_lines.All.Skip(4)));

        // A new minute names them again.
        _refusals.TurnedAway(TurnAway.HalfOpen, "mqtts", At("192.0.2.7", 4000));
        Assert.Equal(6, _lines.All.Count);
    }

    [Theory]
    [InlineData(RefusalLog.LinesMax - 1, RefusalLog.LinesMax - 1)]
    [InlineData(RefusalLog.LinesMax, RefusalLog.LinesMax)]
    [InlineData(RefusalLog.LinesMax + 1, RefusalLog.LinesMax)]
    [InlineData(100_000, RefusalLog.LinesMax)]
    public void A_flood_from_everywhere_under_every_name_writes_a_bounded_number_of_lines(int refusals, int lines)
    {
        for (var i = 0; i < refusals; i++)
        {
            _refusals.Refused($"c{i}", "mqtts", At($"10.{i >> 16}.{(i >> 8) & 255}.{i & 255}", 1000), MqttReason.NotAuthorized, "no");
        }

        Assert.Equal(lines, _lines.All.Count);
        _refusals.End();
        Assert.Equal(refusals > lines ? lines + 1 : lines, _lines.All.Count);
        Assert.Equal(refusals > lines, _lines.All[^1].Text.StartsWith($"{refusals - lines} more", StringComparison.Ordinal));
    }

    [Fact]
    public void A_flood_of_one_cause_leaves_the_lines_of_the_others()
    {
        for (var i = 0; i < 1000; i++)
        {
            _refusals.TurnedAway(TurnAway.Memory, "mqtts", At("192.0.2.7", 1000), $"c{i}");
        }

        _refusals.Refused("pump-1", "mqtts", At("192.0.2.7", 1001), MqttReason.NotAuthorized, "revoked");
        _refusals.RefusedHandshake("mqtts", At("192.0.2.7", 1002), "expired");
        Assert.Equal([2101, 2122], _lines.All.TakeLast(2).Select(line => line.Id));
    }

    [Fact]
    public void A_client_that_is_refused_for_another_reason_is_named_again()
    {
        foreach (var reason in (MqttReason[])[MqttReason.MalformedPacket, MqttReason.MalformedPacket, MqttReason.NotAuthorized])
        {
            _refusals.Refused("", "mqtts", At("192.0.2.7", 1000), reason, "no");
        }

        Assert.Equal(2, _lines.All.Count);
    }

    [Fact]
    public void Every_cause_has_a_label_and_words_of_its_own()
    {
        foreach (var cause in Enum.GetValues<TurnAway>())
        {
            _refusals.TurnedAway(cause, "mqtts", At("192.0.2.7", 1000));
        }

        Assert.Equal(5, _lines.All.Select(line => line.Text).Distinct().Count());
        Assert.Equal(5, Enum.GetValues<TurnAway>().Select(BrokerMetrics.NameOf).Distinct().Count());
    }

    public void Dispose() => _lines.Dispose();

    private static IPEndPoint At(string address, int port) => new(IPAddress.Parse(address), port);
}
