using Pilotage.Protocols.Mqtt;
using Pilotage.Testing.Gateway;
using Xunit;

namespace Pilotage.Conformance.Mqtt;

/// <summary>SUBSCRIBE, UNSUBSCRIBE and retained messages.</summary>
public sealed class Chapter38SubscribeTests : IAsyncLifetime
{
    private TestBroker _broker = null!;

    public async Task InitializeAsync() => _broker = await TestBroker.StartAsync();

    public async Task DisposeAsync() => await _broker.DisposeAsync();

    [Fact]
    [Clause("MQTT-3.8.4-6")]
    [Clause("MQTT-3.9.3-1")]
    [Clause("MQTT-3.8.4-8")]
    public async Task Each_filter_gets_its_answer_in_its_place()
    {
        using var client = await ConnectAsync();
        var answer = await client.SubscribeAsync(
            new SubscribeFilter("a", 0), new("b", 2), new("a/#/b", 0), new("forbidden/x", 0), new("$share/g/a", 0));
        Assert.Equal(
            [
                MqttReason.Success, MqttReason.GrantedQos2, MqttReason.TopicFilterInvalid, MqttReason.NotAuthorized,
                MqttReason.Success,
            ],
            answer.Reasons);
    }

    [Fact]
    [Clause("3.1.1 MQTT-3.9.3-2")]
    public async Task In_3_1_1_every_failure_is_0x80()
    {
        using var client = await ConnectAsync("c", MqttVersion.V311);
        var answer = await client.SubscribeAsync(new SubscribeFilter("forbidden/x", 0), new("a", 1));
        Assert.Equal([MqttReason.UnspecifiedError, MqttReason.GrantedQos1], answer.Reasons);
    }

    [Theory]
    [Clause("MQTT-3.8.3-2")]
    [Clause("MQTT-3.8.3-5")]
    [Clause("MQTT-3.8.1-1")]
    [InlineData("82 03 00 01 00", MqttReason.ProtocolError)]
    [InlineData("82 07 00 01 00 00 01 61 C0", MqttReason.MalformedPacket)]
    [InlineData("80 07 00 01 00 00 01 61 00", MqttReason.MalformedPacket)]
    [InlineData("A2 03 00 01 00", MqttReason.ProtocolError)]
    public async Task A_bad_request_ends_the_connection_with_its_reason(string hex, MqttReason reason)
    {
        using var client = await ConnectAsync();
        await client.SendHexAsync(hex);
        await client.ExpectDisconnectAsync(reason);
    }

    [Fact]
    [Clause("MQTT-3.3.1-5")]
    [Clause("MQTT-3.3.1-9")]
    [Clause("MQTT-3.3.1-12")]
    [Clause("MQTT-3.3.1-13")]
    public async Task Retained_messages_come_with_the_flag_and_live_ones_without()
    {
        using var client = await ConnectAsync();
        await client.PublishAsync("r", "old", 1, 1, retain: true);
        await client.PubAckAsync();
        using var plain = await ConnectAsync("plain");
        await plain.SubscribeAsync(new SubscribeFilter("r", 0));
        using var faithful = await ConnectAsync("faithful");
        await faithful.SubscribeAsync(new SubscribeFilter("r", 0, RetainAsPublished: true));

        Assert.True((await plain.MessageAsync()).Message.Retain);
        Assert.True((await faithful.MessageAsync()).Message.Retain);
        await client.PublishAsync("r", "new", 1, 2, retain: true);
        Assert.False((await plain.MessageAsync()).Message.Retain);
        Assert.True((await faithful.MessageAsync()).Message.Retain);
    }

    [Fact]
    [Clause("MQTT-3.3.1-6")]
    [Clause("MQTT-3.3.1-7")]
    [Clause("MQTT-3.3.1-8")]
    public async Task An_empty_retained_message_clears_and_an_unretained_one_does_not()
    {
        using var client = await ConnectAsync();
        await client.PublishAsync("r", "kept", 1, 1, retain: true);
        await client.PublishAsync("r", "", 1, 2);
        await client.PublishAsync("gone", "x", 1, 3, retain: true);
        await client.PublishAsync("gone", "", 1, 4, retain: true);
        for (var i = 0; i < 4; i++)
        {
            await client.PubAckAsync();
        }

        using var late = await ConnectAsync("late");
        await late.SubscribeAsync(new SubscribeFilter("#", 0));
        Assert.Equal("kept", (await late.MessageAsync()).Text);
        await late.ExpectSilenceAsync();
    }

    [Fact]
    [Clause("MQTT-3.3.1-10")]
    [Clause("MQTT-3.3.1-11")]
    public async Task Retain_handling_is_kept()
    {
        using var client = await ConnectAsync();
        await client.PublishAsync("r", "x", 1, 1, retain: true);
        await client.PubAckAsync();
        using var reader = await ConnectAsync("reader");
        await reader.SubscribeAsync(new SubscribeFilter("r", 0, RetainHandling: 2));
        await reader.ExpectSilenceAsync();
        await reader.SubscribeAsync(new SubscribeFilter("r", 0, RetainHandling: 1));
        await reader.ExpectSilenceAsync();
        await reader.SubscribeAsync(new SubscribeFilter("r", 0, RetainHandling: 0));
        Assert.Equal("x", (await reader.MessageAsync()).Text);
        using var other = await ConnectAsync("other");
        await other.SubscribeAsync(new SubscribeFilter("r", 0, RetainHandling: 1));
        Assert.Equal("x", (await other.MessageAsync()).Text);
    }

    [Fact]
    [Clause("MQTT-3.8.3-3")]
    public async Task No_local_keeps_a_clients_own_messages_from_it()
    {
        using var client = await ConnectAsync();
        await client.SubscribeAsync(new SubscribeFilter("a", 1, NoLocal: true));
        await client.PublishAsync("a", "x", 1, 1);
        await client.PubAckAsync();
        await client.ExpectSilenceAsync();
    }

    [Fact]
    [Clause("MQTT-3.3.4-3")]
    [Clause("MQTT-3.3.4-4")]
    public async Task Subscription_identifiers_come_with_the_message()
    {
        using var client = await ConnectAsync();
        await client.SendAsync(t => MqttEncoder.Subscribe(t, MqttVersion.V5, new(1, [new("a/#", 0)], new() { SubscriptionIds = [5] }), 1000));
        await client.SendAsync(t => MqttEncoder.Subscribe(t, MqttVersion.V5, new(2, [new("a/+", 0)], new() { SubscriptionIds = [6] }), 1000));
        await client.ExpectAsync(MqttPacketType.SubAck);
        await client.ExpectAsync(MqttPacketType.SubAck);
        await client.PublishAsync("a/b", "x");
        Assert.Equal([5u, 6u], (await client.MessageAsync()).Properties!.SubscriptionIds!.Order());
        await client.ExpectSilenceAsync();
    }

    [Fact]
    [Clause("MQTT-3.10.4-1")]
    [Clause("MQTT-3.10.4-4")]
    [Clause("MQTT-3.11.3-1")]
    public async Task Unsubscribe_is_answered_filter_by_filter_and_stops_the_messages()
    {
        using var client = await ConnectAsync();
        await client.SubscribeAsync(new SubscribeFilter("a", 0));
        await client.SendAsync(t => MqttEncoder.Unsubscribe(t, MqttVersion.V5, new(9, ["a", "never"]), 1000));
        var (frame, body) = await client.ExpectAsync(MqttPacketType.UnsubAck);
        Assert.True(MqttDecoder.TrySubAck(body, frame.Type, MqttVersion.V5, MqttLimits.Standard, out var answer, out _));
        Assert.Equal([MqttReason.Success, MqttReason.NoSubscriptionExisted], answer.Reasons);
        await client.PublishAsync("a", "x");
        await client.ExpectSilenceAsync();
    }

    [Fact]
    [Clause("MQTT-3.12.4-1")]
    public async Task A_ping_is_answered()
    {
        using var client = await ConnectAsync();
        await client.SendAsync(0xC0, 0x00);
        await client.ExpectAsync(MqttPacketType.PingResp);
    }

    [Theory]
    [Clause("MQTT-4.13.1-1")]
    [InlineData("20 03 00 00 00")] // CONNACK
    [InlineData("90 04 00 01 00 00")] // SUBACK
    [InlineData("D0 00")] // PINGRESP
    [InlineData("F0 00")] // AUTH
    public async Task Packets_that_only_a_server_sends_are_protocol_errors(string hex)
    {
        using var client = await ConnectAsync();
        await client.SendHexAsync(hex);
        await client.ExpectDisconnectAsync(MqttReason.ProtocolError);
    }

    private async Task<RawClient> ConnectAsync(string clientId = "c", MqttVersion version = MqttVersion.V5) =>
        (await RawClient.ConnectAsync(_broker.Port, clientId, version)).Client;
}
