using Pilotage.Broker;
using Pilotage.Protocols.Mqtt;
using Pilotage.Testing.Gateway;
using Xunit;

namespace Pilotage.Conformance.Mqtt;

/// <summary>PUBLISH and PUBACK.</summary>
public sealed class Chapter33PublishTests : IAsyncLifetime
{
    private TestBroker _broker = null!;

    public async Task InitializeAsync() => _broker = await TestBroker.StartAsync(new BrokerOptions { PacketBytesMax = 4096, ReceiveMaximum = 4 });

    public async Task DisposeAsync() => await _broker.DisposeAsync();

    [Fact]
    [Clause("MQTT-3.3.4-1")]
    [Clause("MQTT-4.3.2-4")]
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

    [Fact]
    [Clause("MQTT-4.6.0-2")]
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

    [Fact]
    [Clause("3.1.1 MQTT-3.3.5-2")]
    [Clause("MQTT-3.4.2-1")]
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

    [Fact]
    [Clause("MQTT-3.3.1-4")]
    public async Task Qos_3_is_malformed()
    {
        using var client = await ConnectAsync();
        await client.SendHexAsync("36 07 00 01 61 00 01 00 78");
        await client.ExpectDisconnectAsync(MqttReason.MalformedPacket);
    }

    [Fact]
    [Clause("MQTT-3.3.2-2")]
    public async Task Wildcards_in_a_name_are_refused()
    {
        using var wild = await ConnectAsync("wild");
        await wild.PublishAsync("a/+", "x");
        await wild.ExpectDisconnectAsync(MqttReason.TopicNameInvalid);
    }

    [Fact]
    [Clause("MQTT-3.3.4-9")]
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

    [Theory]
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
    [Clause("MQTT-3.1.2-24")]
    [Clause("MQTT-3.1.2-25")]
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
    [Clause("MQTT-3.1.2-23")]
    [Clause("MQTT-4.9.0-2")]
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
    [Clause("MQTT-3.3.2-4")]
    [Clause("MQTT-3.3.2-15")]
    [Clause("MQTT-3.3.2-16")]
    [Clause("MQTT-3.3.2-17")]
    [Clause("MQTT-3.3.2-18")]
    [Clause("MQTT-3.3.2-20")]
    public async Task Properties_of_a_message_are_passed_on_unaltered_and_in_order()
    {
        using var receiver = await ConnectAsync("r");
        await receiver.SubscribeAsync(new SubscribeFilter("a", 0));
        using var client = await ConnectAsync();
        await client.PublishAsync("a", "x", properties: new()
        {
            PayloadFormat = 1,
            ContentType = "text/plain",
            ResponseTopic = "answers",
            CorrelationData = [1, 0, 2],
            UserProperties = [("b", "1"), ("a", "2"), ("b", "3")],
        });
        var got = (await receiver.MessageAsync()).Message;
        Assert.Equal(((byte?)1, "text/plain", "answers"), (got.PayloadFormat, got.ContentType, got.ResponseTopic));
        Assert.Equal([1, 0, 2], got.CorrelationData.ToArray());
        Assert.Equal([("b", "1"), ("a", "2"), ("b", "3")], got.UserProperties);
    }

    [Fact]
    [Clause("MQTT-3.3.2-7")]
    [Clause("MQTT-3.3.2-8")]
    [Clause("MQTT-3.3.2-9")]
    [Clause("MQTT-3.3.2-12")]
    public async Task A_topic_alias_stands_for_its_topic_on_this_connection()
    {
        using var receiver = await ConnectAsync("r");
        await receiver.SubscribeAsync(new SubscribeFilter("long/topic", 0));
        using var client = await ConnectAsync();
        await client.PublishAsync("long/topic", "1", properties: new() { TopicAlias = 3 });
        await client.SendHexAsync("30 07 00 00 03 23 00 03 32");
        Assert.Equal("1", (await receiver.MessageAsync()).Text);
        var second = await receiver.MessageAsync();
        Assert.Equal(("long/topic", "2"), (second.Message.Topic, second.Text));

        await client.SendHexAsync("30 07 00 00 03 23 00 11 32");
        await client.ExpectDisconnectAsync(MqttReason.TopicAliasInvalid);
    }

    [Fact]
    [Clause("MQTT-3.3.2-6")]
    [Clause("MQTT-3.3.2-5")]
    public async Task What_is_left_of_a_life_is_told_and_a_life_that_is_over_is_not_delivered()
    {
        var (leaving, _) = await RawClient.ConnectAsync(_broker.Port, "r", change: Lasting);
        await leaving.SubscribeAsync(new SubscribeFilter("a", 1));
        leaving.Dispose();
        using var client = await ConnectAsync();
        await client.PublishAsync("a", "short", 1, 1, properties: new() { MessageExpiry = 1 });
        await client.PublishAsync("a", "long", 1, 2, properties: new() { MessageExpiry = 100 });
        await client.PubAckAsync();
        await client.PubAckAsync();
        await Task.Delay(1_100);

        using var back = await ConnectAsync("r", change: Lasting);
        var got = await back.MessageAsync();
        Assert.Equal("long", got.Text);
        Assert.InRange(got.Properties!.MessageExpiry!.Value, 95u, 99u);
    }

    [Fact]
    [Clause("MQTT-4.7.2-1")]
    public async Task A_client_cannot_publish_where_the_server_speaks()
    {
        using var client = await ConnectAsync();
        await client.PublishAsync("$SYS/x", "x", 1, 1);
        Assert.Equal(MqttReason.NotAuthorized, (await client.PubAckAsync()).Reason);
    }

    private static ConnectPacket Lasting(ConnectPacket p) => p with { CleanStart = false, Properties = new() { SessionExpiry = 100 } };

    private async Task<RawClient> ConnectAsync(
        string clientId = "c", MqttVersion version = MqttVersion.V5, Func<ConnectPacket, ConnectPacket>? change = null) =>
        (await RawClient.ConnectAsync(_broker.Port, clientId, version, change)).Client;
}
