using Pilotage.Protocols.Mqtt;
using Xunit;

namespace Pilotage.Conformance.Mqtt;

/// <summary>Shared subscriptions.</summary>
public sealed class Chapter48SharedTests : IAsyncLifetime
{
    private BrokerUnderTest _broker = null!;

    public async Task InitializeAsync() => _broker = await BrokerUnderTest.StartAsync();

    public async Task DisposeAsync() => await _broker.DisposeAsync();

    [Fact]
    [Clause("4.8.2")]
    public async Task Each_message_goes_to_one_member_of_each_group_and_in_turn()
    {
        using var one = await MemberAsync("one", "$share/g/a/#");
        using var two = await MemberAsync("two", "$share/g/a/#");
        using var other = await MemberAsync("other", "$share/h/a/#");
        using var plain = await MemberAsync("plain", "a/#");
        for (var i = 0; i < 20; i++)
        {
            await PublishAsync("a/b", $"{i}", 0);
        }

        var (first, second) = (await one.DrainAsync(), await two.DrainAsync());
        Assert.Equal((10, 10), (first.Count, second.Count));
        Assert.Empty(first.Intersect(second));
        Assert.Equal((20, 20), ((await other.DrainAsync()).Count, (await plain.DrainAsync()).Count));
    }

    [Fact]
    [Clause("MQTT-4.8.2-3")]
    public async Task The_granted_qos_of_the_member_holds()
    {
        using var member = await MemberAsync("one", "$share/g/a", 0);
        await PublishAsync("a", "x", 1);
        Assert.Equal(0, (await member.MessageAsync()).Message.Qos);
    }

    [Fact]
    [Clause("4.8.2")]
    public async Task Nothing_retained_comes_on_a_shared_subscription()
    {
        await PublishAsync("a", "x", 1, retain: true);
        using var member = await MemberAsync("one", "$share/g/a");
        await member.ExpectSilenceAsync();
    }

    [Fact]
    [Clause("MQTT-3.8.3-4")]
    public async Task No_local_on_a_shared_subscription_is_a_protocol_error()
    {
        var (client, _) = await RawClient.ConnectAsync(_broker.Port, "c");
        using var __ = client;
        await client.SendHexAsync("82 10 00 01 00 00 0A 24 73 68 61 72 65 2F 67 2F 61 04");
        await client.ExpectDisconnectAsync(MqttReason.ProtocolError);
    }

    [Theory]
    [Clause("MQTT-4.8.2-1", "MQTT-4.8.2-2")]
    [InlineData("$share//a")]
    [InlineData("$share/g")]
    [InlineData("$share/g/")]
    [InlineData("$share/g+/a")]
    [InlineData("$share/#/a")]
    public async Task A_malformed_share_is_refused(string filter)
    {
        using var client = await _broker.ConnectAsync("c");
        await client.SendAsync(RawPacket.Of(0x82, RawPacket.Number(1), [0], RawPacket.Text(filter), [1]));
        await client.ExpectFilterRefusedAsync();
    }

    [OwnFact]
    public async Task The_right_is_asked_for_what_the_share_matches()
    {
        var (client, _) = await RawClient.ConnectAsync(_broker.Port, "c");
        using var __ = client;
        var answer = await client.SubscribeAsync(new SubscribeFilter("$share/g/forbidden/x", 1));
        Assert.Equal([MqttReason.NotAuthorized], answer.Reasons);
    }

    [Fact]
    [Clause("MQTT-4.8.2-5")]
    public async Task What_a_member_that_ends_has_not_acknowledged_goes_to_another_except_qos_2_that_was_sent()
    {
        var leaving = await MemberAsync("leaving", "$share/g/a", 2);
        await PublishAsync("a", "once", 2);
        await PublishAsync("a", "again", 1);
        Assert.Equal("once", (await leaving.MessageAsync()).Text);
        Assert.Equal("again", (await leaving.MessageAsync()).Text);
        using var staying = await MemberAsync("staying", "$share/g/a", 2);
        leaving.Dispose();

        Assert.Equal("again", (await staying.MessageAsync()).Text);
        await staying.ExpectSilenceAsync();
    }

    [Fact]
    [Clause("MQTT-4.8.2-4")]
    public async Task Qos_2_that_was_sent_to_a_member_waits_for_it_and_goes_to_nobody_else()
    {
        var leaving = await MemberAsync("leaving", "$share/g/a", 2, lasting: true);
        await PublishAsync("a", "once", 2);
        var first = await leaving.MessageAsync();
        using var staying = await MemberAsync("staying", "$share/g/a", 2);
        leaving.Dispose();

        using var back = await MemberAsync("leaving", null, lasting: true);
        var again = await back.MessageAsync();
        Assert.Equal((first.PacketId, "once", true), (again.PacketId, again.Text, again.Duplicate));
        await back.AckAsync(MqttPacketType.PubRec, again.PacketId);
        await back.AckAsync(MqttPacketType.PubRel);
        await back.AckAsync(MqttPacketType.PubComp, again.PacketId);
        await staying.ExpectSilenceAsync();
    }

    [Fact]
    [Clause("MQTT-4.8.2-6")]
    public async Task A_message_that_a_member_refuses_goes_to_nobody_else()
    {
        using var one = await MemberAsync("one", "$share/g/a");
        await PublishAsync("a", "x", 1);
        using var two = await MemberAsync("two", "$share/g/a");
        var got = await one.MessageAsync();
        await one.AckAsync(MqttPacketType.PubAck, got.PacketId, MqttReason.UnspecifiedError);
        await one.ExpectSilenceAsync();
        await two.ExpectSilenceAsync();
    }

    [OwnFact]
    public async Task Members_without_a_connection_are_passed_over_while_another_has_one()
    {
        var away = await MemberAsync("away", "$share/g/a", 1, lasting: true);
        away.Dispose();
        await UntilGoneAsync("away");
        await PublishAsync("a", "kept for the absent", 1);
        using var here = await MemberAsync("here", "$share/g/a", 1);
        await PublishAsync("a", "1", 1);
        await PublishAsync("a", "2", 1);
        Assert.Equal("1", (await here.MessageAsync()).Text);
        Assert.Equal("2", (await here.MessageAsync()).Text);

        await _broker.RestartAsync();
        using var back = await MemberAsync("away", null, lasting: true);
        Assert.Equal("kept for the absent", (await back.MessageAsync()).Text);
    }

    private async Task<RawClient> MemberAsync(string clientId, string? filter, byte qos = 1, bool lasting = false)
    {
        var (client, _) = await RawClient.ConnectAsync(_broker.Port, clientId, change: packet => packet with
        {
            CleanStart = !lasting,
            Properties = lasting ? new() { SessionExpiry = 100 } : null,
        });
        if (filter is not null)
        {
            Assert.False((await client.SubscribeAsync(new SubscribeFilter(filter, qos))).Reasons[0].IsFailure());
        }

        return client;
    }

    private async Task UntilGoneAsync(string clientId)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        while (_broker.Broker.Clients.Any(c => c.Identity.ClientId == clientId && c.Connected))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, patience.Token);
        }
    }

    private Task PublishAsync(string topic, string text, byte qos, bool retain = false) =>
        _broker.PublishAsync(topic, text, qos, retain);
}
