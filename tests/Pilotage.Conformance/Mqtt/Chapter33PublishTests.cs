using Pilotage.Broker;
using Pilotage.Protocols.Mqtt;
using Xunit;

namespace Pilotage.Conformance.Mqtt;

/// <summary>PUBLISH and PUBACK.</summary>
public sealed class Chapter33PublishTests : IAsyncLifetime
{
    private BrokerUnderTest _broker = null!;

    public async Task InitializeAsync() => _broker = await BrokerUnderTest.StartAsync(new BrokerOptions { PacketBytesMax = 4096, ReceiveMaximum = 4 });

    public async Task DisposeAsync() => await _broker.DisposeAsync();

    [OwnFact]
    [Clause("MQTT-3.3.4-1", "MQTT-4.3.2-4")]
    public async Task Qos_1_is_acknowledged_under_its_identifier_only_after_the_host_has_stored_it()
    {
        var stored = new TaskCompletionSource<PublishDecision>();
        _broker.Hooks.OnReceive = (_, _) => new(stored.Task);
        using var client = await ConnectAsync();
        await client.PublishAsync("a", "x", 1, 17);
        await client.ExpectSilenceAsync();

        stored.SetResult(PublishDecision.Accepted);
        Assert.Equal((17, MqttReason.Success), (await client.PubAckAsync() is var ack ? ack.PacketId : 0, ack.Reason));
    }

    [OwnFact]
    [Clause("MQTT-4.6.0-2", "3.1.1 MQTT-4.6.0-2")]
    public async Task Acks_leave_in_the_order_of_the_messages()
    {
        var first = new TaskCompletionSource<PublishDecision>();
        _broker.Hooks.OnReceive = (_, m) => m.Topic == "first" ? new(first.Task) : new(PublishDecision.Accepted);
        using var client = await ConnectAsync();
        await client.PublishAsync("first", "x", 1, 1);
        await client.PublishAsync("second", "x", 1, 2);
        await client.ExpectSilenceAsync();
        first.SetResult(PublishDecision.Accepted);
        Assert.Equal(1, (await client.PubAckAsync()).PacketId);
        Assert.Equal(2, (await client.PubAckAsync()).PacketId);
    }

    [OwnFact]
    [Clause("3.1.1 MQTT-3.3.5-2", "MQTT-3.4.2-1")]
    public async Task A_refused_message_is_told_in_puback_or_by_the_end_of_a_3_1_1_connection()
    {
        using var five = await ConnectAsync();
        await five.PublishAsync("forbidden/x", "x", 1, 1);
        Assert.Equal(MqttReason.NotAuthorized, (await five.PubAckAsync()).Reason);
        await five.ExpectSilenceAsync();

        using var old = await ConnectAsync("old", MqttVersion.V311);
        await old.PublishAsync("forbidden/x", "x", 1, 1);
        await old.ExpectEndAsync();
        Assert.Empty(_broker.Hooks.Received);
    }

    [Theory]
    [Clause("MQTT-3.3.1-4", "3.1.1 MQTT-3.3.1-4")]
    [InEachVersion]
    public async Task Qos_3_is_malformed(MqttVersion version)
    {
        using var client = await ConnectAsync("c", version);
        await client.SendHexAsync(version == MqttVersion.V5 ? "36 07 00 01 61 00 01 00 78" : "36 06 00 01 61 00 01 78");
        await client.ExpectFaultAsync(MqttReason.MalformedPacket);
    }

    [Theory]
    [Clause("MQTT-3.3.2-2", "MQTT-4.7.0-1", "3.1.1 MQTT-3.3.2-2", "3.1.1 MQTT-4.7.1-1")]
    [InEachVersion("a/+")]
    [InEachVersion("#")]
    [InEachVersion("a#")]
    public async Task Wildcards_in_a_name_are_refused(MqttVersion version, string topic)
    {
        using var client = await ConnectAsync("c", version);
        await client.PublishAsync(topic, "x", 1, 1);
        await client.ExpectFaultAsync(MqttReason.TopicNameInvalid);
    }

    [OwnFact]
    [Clause("MQTT-3.3.4-7")]
    public async Task More_than_the_receive_maximum_is_refused()
    {
        var never = new TaskCompletionSource<PublishDecision>();
        _broker.Hooks.OnReceive = (_, _) => new(never.Task);
        using var client = await ConnectAsync();
        for (ushort id = 1; id <= 5; id++)
        {
            await client.PublishAsync("a", "x", 1, id);
        }

        await client.ExpectDisconnectAsync(MqttReason.ReceiveMaximumExceeded);
        never.SetResult(PublishDecision.Accepted);
    }

    [OwnTheory]
    [Clause("MQTT-3.2.2-15")]
    [InlineData(4096, true)]
    [InlineData(4097, false)]
    public async Task A_packet_has_a_largest_size(int bytes, bool taken)
    {
        using var client = await ConnectAsync();
        await client.PublishAsync("a", new string('x', bytes - 7), 0);
        if (taken)
        {
            await client.ExpectSilenceAsync();
        }
        else
        {
            await client.ExpectDisconnectAsync(MqttReason.PacketTooLarge);
        }
    }

    [Fact]
    [Clause("MQTT-3.1.2-24", "MQTT-3.1.2-25")]
    public async Task A_message_larger_than_the_receiver_takes_is_left_out_and_the_next_one_comes()
    {
        using var small = await ConnectAsync("small", change: p => p with { Properties = new() { MaximumPacketSize = 100, ReceiveMaximum = 1 } });
        await small.SubscribeAsync(new SubscribeFilter("a", 1));
        using var client = await ConnectAsync();
        await client.PublishAsync("a", new string('x', 200), 1, 1);
        await client.PublishAsync("a", "fits", 1, 2);
        Assert.Equal("fits", (await small.MessageAsync()).Text);
    }

    [Fact]
    [Clause("MQTT-3.3.4-9", "MQTT-4.9.0-2")]
    public async Task The_receivers_window_is_kept()
    {
        using var narrow = await ConnectAsync("narrow", change: p => p with { Properties = new() { ReceiveMaximum = 2 } });
        await narrow.SubscribeAsync(new SubscribeFilter("a", 1));
        using var client = await ConnectAsync();
        for (ushort id = 1; id <= 3; id++)
        {
            await client.PublishAsync("a", $"{id}", 1, id);
            await client.PubAckAsync();
        }

        var first = await narrow.MessageAsync();
        await narrow.MessageAsync();
        await narrow.ExpectSilenceAsync();
        await narrow.SendAsync(t => MqttEncoder.Ack(t, MqttVersion.V5, MqttPacketType.PubAck, new(first.PacketId), 100));
        Assert.Equal("3", (await narrow.MessageAsync()).Text);
    }

    [Fact]
    [Clause("MQTT-3.3.2-8")]
    public async Task Alias_0_is_refused()
    {
        using var client = await ConnectAsync();
        await client.SendHexAsync("30 07 00 01 61 03 23 00 00");
        await client.ExpectDisconnectAsync(MqttReason.TopicAliasInvalid);
    }

    [Fact]
    [Clause("MQTT-3.3.2-12")]
    public async Task Every_alias_up_to_the_maximum_is_taken()
    {
        var (client, answer) = await RawClient.ConnectAsync(_broker.Port, "c");
        using var __ = client;
        await client.SubscribeAsync(new SubscribeFilter("t/#", 0));
        var most = answer.Properties?.TopicAliasMaximum ?? 0;
        for (ushort alias = 1; alias <= most; alias++)
        {
            await client.PublishAsync($"t/{alias}", "told", properties: new() { TopicAlias = alias });
            await client.PublishAsync("", "short", properties: new() { TopicAlias = alias });
            Assert.Equal((($"t/{alias}", "told"), ($"t/{alias}", "short")), (await NextAsync(client), await NextAsync(client)));
        }
    }

    [Theory]
    [Clause("MQTT-3.1.2-26", "MQTT-3.1.2-27", "MQTT-3.3.2-11")]
    [InlineData(0)]
    [InlineData(2)]
    public async Task No_alias_is_sent_past_what_the_client_takes(ushort most)
    {
        using var client = await ConnectAsync(change: p => p with { Properties = new() { TopicAliasMaximum = most } });
        await client.SubscribeAsync(new SubscribeFilter("#", 0));
        for (var round = 0; round < 8; round++)
        {
            await client.PublishAsync($"t/{round % 4}", "x");
            Assert.InRange((await client.MessageAsync()).Properties?.TopicAlias ?? 0, 0, most);
        }
    }

    [Theory]
    [Clause("MQTT-3.3.2-14")]
    [InlineData("a/+")]
    [InlineData("#")]
    public async Task A_response_topic_with_a_wildcard_is_a_protocol_error(string topic)
    {
        using var client = await ConnectAsync();
        await client.PublishAsync("a", "x", properties: new() { ResponseTopic = topic });
        await client.ExpectDisconnectAsync(MqttReason.ProtocolError);
    }

    [Theory]
    [Clause("MQTT-3.3.1-3", "MQTT-4.3.2-5", "3.1.1 MQTT-3.3.1-3", "3.1.1 MQTT-4.3.2-2")]
    [InEachVersion]
    public async Task After_puback_an_identifier_is_that_of_a_new_message_whatever_dup_says_and_dup_goes_no_further(
        MqttVersion version)
    {
        using var reader = await ConnectAsync("reader", version);
        await reader.SubscribeAsync(new SubscribeFilter("a", 1));
        using var client = await ConnectAsync("c", version);
        foreach (var first in (byte[])[0x32, 0x3A])
        {
            await client.SendAsync(RawPacket.Of(
                first, RawPacket.Text("a"), RawPacket.Number(5), RawPacket.NoProperties(version), "x"u8.ToArray()));
            await client.SettleAsync(1, 5);
            Assert.False((await reader.MessageAsync()).Duplicate);
        }
    }

    [OwnFact]
    [Clause("3.1.1 MQTT-4.8.0-2")]
    public async Task A_passing_trouble_of_the_brokers_ends_a_3_1_1_connection_and_no_other()
    {
        _broker.Hooks.OnReceive = (_, message) =>
            new(message.Topic == "full" ? PublishDecision.Refused(MqttReason.QuotaExceeded) : PublishDecision.Accepted);
        using var other = await ConnectAsync("other", MqttVersion.V311);
        using var client = await ConnectAsync("c", MqttVersion.V311);
        await client.PublishAsync("full", "x", 1, 1);
        await client.ExpectEndAsync();
        await other.PublishAsync("a", "x", 1, 1);
        await other.SettleAsync(1, 1);
    }

    [Fact]
    [Clause("4.7.2")]
    public async Task A_client_cannot_publish_where_the_server_speaks()
    {
        using var client = await ConnectAsync();
        await client.PublishAsync("$SYS/x", "x", 1, 1);
        Assert.Equal(MqttReason.NotAuthorized, (await client.PubAckAsync()).Reason);
    }

    private static async Task<(string Topic, string Text)> NextAsync(RawClient client)
    {
        var got = await client.MessageAsync();
        return (got.Message.Topic, got.Text);
    }

    private async Task<RawClient> ConnectAsync(
        string clientId = "c", MqttVersion version = MqttVersion.V5, Func<ConnectPacket, ConnectPacket>? change = null) =>
        (await RawClient.ConnectAsync(_broker.Port, clientId, version, change)).Client;
}
