using Pilotage.Protocols.Mqtt;
using Xunit;
using static Pilotage.Conformance.Mqtt.RawPacket;

namespace Pilotage.Conformance.Mqtt;

/// <summary>SUBSCRIBE, UNSUBSCRIBE and retained messages.</summary>
public sealed class Chapter38SubscribeTests : IAsyncLifetime
{
    private BrokerUnderTest _broker = null!;

    public async Task InitializeAsync() => _broker = await BrokerUnderTest.StartAsync();

    public async Task DisposeAsync() => await _broker.DisposeAsync();

    [OwnFact]
    [Clause("MQTT-3.8.4-6", "MQTT-3.8.4-7", "MQTT-3.9.3-1", "MQTT-3.9.3-2")]
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

    [OwnFact]
    [Clause("3.1.1 MQTT-3.8.4-5", "3.1.1 MQTT-3.9.3-1", "3.1.1 MQTT-3.9.3-2")]
    public async Task In_3_1_1_every_failure_is_0x80()
    {
        using var client = await ConnectAsync("c", MqttVersion.V311);
        var answer = await client.SubscribeAsync(new SubscribeFilter("forbidden/x", 0), new("a", 1));
        Assert.Equal([MqttReason.UnspecifiedError, MqttReason.GrantedQos1], answer.Reasons);
    }

    [Theory]
    [Clause("MQTT-3.8.3-2", "MQTT-3.8.3-5", "MQTT-3.8.1-1")]
    [Clause("3.1.1 MQTT-3.8.3-3", "3.1.1 MQTT-3-8.3-4", "3.1.1 MQTT-3.8.1-1")]
    [InlineData(MqttVersion.V5, "82 03 00 01 00", MqttReason.ProtocolError)]
    [InlineData(MqttVersion.V5, "82 07 00 01 00 00 01 61 40", MqttReason.MalformedPacket)]
    [InlineData(MqttVersion.V5, "82 07 00 01 00 00 01 61 80", MqttReason.MalformedPacket)]
    [InlineData(MqttVersion.V5, "82 07 00 01 00 00 01 61 03", MqttReason.MalformedPacket)]
    [InlineData(MqttVersion.V5, "82 07 00 01 00 00 01 61 30", MqttReason.ProtocolError)]
    [InlineData(MqttVersion.V5, "80 07 00 01 00 00 01 61 00", MqttReason.MalformedPacket)]
    [InlineData(MqttVersion.V311, "82 02 00 01", MqttReason.ProtocolError)]
    [InlineData(MqttVersion.V311, "82 06 00 01 00 01 61 04", MqttReason.MalformedPacket)]
    [InlineData(MqttVersion.V311, "82 06 00 01 00 01 61 80", MqttReason.MalformedPacket)]
    [InlineData(MqttVersion.V311, "82 06 00 01 00 01 61 03", MqttReason.MalformedPacket)]
    [InlineData(MqttVersion.V311, "80 06 00 01 00 01 61 00", MqttReason.MalformedPacket)]
    public async Task A_bad_request_ends_the_connection_with_its_reason(MqttVersion version, string hex, MqttReason reason)
    {
        using var client = await ConnectAsync("c", version);
        await client.SendHexAsync(hex);
        await client.ExpectFaultAsync(reason);
    }

    [Fact]
    [Clause("MQTT-3.3.1-5", "MQTT-3.3.1-9", "MQTT-3.3.1-12", "MQTT-3.3.1-13")]
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

    [Theory]
    [Clause("MQTT-3.3.1-6", "MQTT-3.3.1-7", "MQTT-3.3.1-8", "3.1.1 MQTT-3.3.1-10", "3.1.1 MQTT-3.3.1-11",
        "3.1.1 MQTT-3.3.1-12")]
    [InEachVersion]
    public async Task An_empty_retained_message_clears_and_an_unretained_one_does_not(MqttVersion version)
    {
        using var client = await ConnectAsync("c", version);
        await client.PublishAsync("r", "kept", 1, 1, retain: true);
        await client.PublishAsync("r", "", 1, 2);
        await client.PublishAsync("gone", "x", 1, 3, retain: true);
        await client.PublishAsync("gone", "", 1, 4, retain: true);
        for (var i = 0; i < 4; i++)
        {
            await client.PubAckAsync();
        }

        using var late = await ConnectAsync("late", version);
        await late.SubscribeAsync(new SubscribeFilter("#", 0));
        Assert.Equal("kept", (await late.MessageAsync()).Text);
        await late.ExpectSilenceAsync();
    }

    [Theory]
    [Clause("MQTT-3.3.1-5", "3.1.1 MQTT-3.3.1-5", "3.1.1 MQTT-3.3.1-6", "3.1.1 MQTT-3.3.1-8", "3.1.1 MQTT-3.3.1-9")]
    [InEachVersion]
    public async Task The_last_retained_message_of_each_topic_comes_with_its_qos_and_flag_to_a_new_subscription(
        MqttVersion version)
    {
        using var client = await ConnectAsync("c", version);
        foreach (var (topic, text, qos) in ((string, string, byte)[])[("r/1", "old", 1), ("r/1", "new", 2), ("r/2", "other", 1)])
        {
            await client.PublishAsync(topic, text, qos, 1, retain: true);
            await client.SettleAsync(qos, 1);
        }

        using var reader = await ConnectAsync("reader", version);
        await reader.SubscribeAsync(new SubscribeFilter("r/+", 2));
        var got = await reader.TakeAsync(2);
        Assert.Equal(
            [("r/1", "new", 2, true), ("r/2", "other", 1, true)],
            got.Select(g => (g.Message.Topic, g.Text, (int)g.Message.Qos, g.Message.Retain)).Order());
        await _broker.PublishAsync("r/1", "live", 1, retain: true);
        var live = await reader.MessageAsync();
        Assert.Equal(("live", false), (live.Text, live.Message.Retain));
    }

    [Theory]
    [Clause("MQTT-3.3.1-5", "3.1.1 MQTT-3.3.1-7")]
    [InEachVersion]
    public async Task A_retained_message_of_qos_0_takes_the_place_of_the_one_before(MqttVersion version)
    {
        await _broker.PublishAsync("r", "old", 2, retain: true);
        await _broker.PublishAsync("r", "new", 0, retain: true);
        using var reader = await ConnectAsync("reader", version);
        await reader.SubscribeAsync(new SubscribeFilter("r", 2));
        Assert.DoesNotContain("old", await reader.DrainAsync());
    }

    [Theory]
    [Clause("MQTT-3.8.4-3", "3.1.1 MQTT-3.8.4-3")]
    [InEachVersion]
    public async Task The_same_filter_again_takes_the_place_of_the_subscription(MqttVersion version)
    {
        using var client = await ConnectAsync("c", version);
        await client.SubscribeAsync(version == MqttVersion.V5 ? 5u : null, new SubscribeFilter("a", 2));
        await client.SubscribeAsync(version == MqttVersion.V5 ? 7u : null, new SubscribeFilter("a", 1));
        await _broker.PublishAsync("a", "x", 2);
        var got = await client.MessageAsync();
        Assert.Equal(1, got.Message.Qos);
        if (version == MqttVersion.V5)
        {
            Assert.Equal([7u], got.Properties!.SubscriptionIds!);
        }

        await client.ExpectSilenceAsync();
    }

    [Theory]
    [Clause("MQTT-3.3.1-9", "MQTT-3.8.4-4", "3.1.1 MQTT-3.3.1-6", "3.1.1 MQTT-3.8.4-3")]
    [InEachVersion]
    public async Task Subscribing_again_brings_the_retained_message_again_and_loses_nothing(MqttVersion version)
    {
        const int Rounds = 30;
        await _broker.PublishAsync("a", "retained", 1, retain: true);
        using var client = await ConnectAsync("c", version);
        await client.SubscribeAsync(new SubscribeFilter("a", 0));
        var stream = new List<byte>();
        for (var round = 0; round < Rounds; round++)
        {
            stream.AddRange(Of(0x30, Text("a"), NoProperties(version), Text($"{round}")[2..]));
            stream.AddRange(Of(0x82, Number(1), NoProperties(version), Text("a"), [0]));
        }

        // One more SUBSCRIBE than those in the stream: the helper has sent the first.
        await client.SendAsync([.. stream]);
        var (live, retained, answers) = (new List<string>(), 0, 0);
        while (live.Count < Rounds || answers < Rounds || retained <= Rounds)
        {
            var (frame, body) = (await client.ReadAsync())!.Value;
            if (frame.Type == MqttPacketType.SubAck)
            {
                answers++;
                continue;
            }

            var text = System.Text.Encoding.UTF8.GetString(body[(3 + NoProperties(version).Length)..]);
            if (text == "retained")
            {
                retained++;
            }
            else
            {
                live.Add(text);
            }
        }

        Assert.Equal(Enumerable.Range(0, Rounds).Select(i => $"{i}"), live);
        await client.ExpectSilenceAsync();
    }

    [Theory]
    [Clause("MQTT-3.8.4-5", "MQTT-3.8.4-6", "MQTT-3.8.4-7", "3.1.1 MQTT-3.8.4-4", "3.1.1 MQTT-3.8.4-5")]
    [InEachVersion]
    public async Task Many_filters_in_one_packet_are_as_many_packets_with_one_answer(MqttVersion version)
    {
        using var client = await ConnectAsync("c", version);
        var answer = await client.SubscribeAsync(new SubscribeFilter("a", 0), new("b", 2), new("a", 1));
        Assert.Equal([MqttReason.Success, MqttReason.GrantedQos2, MqttReason.GrantedQos1], answer.Reasons);
        await _broker.PublishAsync("a", "x", 2);
        Assert.Equal(1, (await client.MessageAsync()).Message.Qos);
        await client.ExpectSilenceAsync();
        await _broker.PublishAsync("b", "y", 2);
        Assert.Equal(2, (await client.MessageAsync()).Message.Qos);
    }

    [Theory]
    [Clause("MQTT-3.3.4-2", "3.1.1 MQTT-3.3.5-1")]
    [InEachVersion]
    public async Task A_message_for_overlapping_subscriptions_comes_at_their_highest_qos(MqttVersion version)
    {
        using var client = await ConnectAsync("c", version);
        await client.SubscribeAsync(new SubscribeFilter("a/#", 0));
        await client.SubscribeAsync(new SubscribeFilter("a/+", 2));
        await client.SubscribeAsync(new SubscribeFilter("a/b", 1));
        await _broker.PublishAsync("a/b", "x", 2);
        var highest = 0;
        await client.SendAsync(0xC0, 0x00);
        while ((await client.ReadAsync())!.Value.Frame is { Type: MqttPacketType.Publish } frame)
        {
            highest = Math.Max(highest, (frame.Flags >> 1) & 3);
        }

        Assert.Equal(2, highest);
    }

    [Fact]
    [Clause("MQTT-3.3.1-10", "MQTT-3.3.1-11")]
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
    [Clause("MQTT-3.3.4-3", "MQTT-3.3.4-4")]
    public async Task Subscription_identifiers_come_with_the_message()
    {
        using var client = await ConnectAsync();
        await client.SubscribeAsync(5, new SubscribeFilter("a/#", 0));
        await client.SubscribeAsync(6, new SubscribeFilter("a/+", 0));
        await _broker.PublishAsync("a/b", "x");

        // In one message from ours; a broker may as well send one for each subscription.
        var ids = (await client.PublishesAsync()).SelectMany(got => got.Properties?.SubscriptionIds ?? []);
        Assert.Equal([5u, 6u], ids.Order());
    }

    [Fact]
    [Clause("MQTT-3.10.4-1", "MQTT-3.10.4-4", "MQTT-3.11.3-1")]
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

    [Theory]
    [Clause("MQTT-3.12.4-1", "3.1.1 MQTT-3.12.4-1")]
    [InEachVersion]
    public async Task A_ping_is_answered(MqttVersion version)
    {
        using var client = await ConnectAsync("c", version);
        await client.SendAsync(0xC0, 0x00);
        await client.ExpectAsync(MqttPacketType.PingResp);
    }

    [Theory]
    [Clause("MQTT-4.13.1-1", "3.1.1 MQTT-4.8.0-1")]
    [InEachVersion("20 03 00 00 00")] // CONNACK
    [InEachVersion("90 04 00 01 00 00")] // SUBACK
    [InEachVersion("D0 00")] // PINGRESP
    [InEachVersion("F0 00")] // AUTH
    public async Task Packets_that_only_a_server_sends_are_protocol_errors(MqttVersion version, string hex)
    {
        using var client = await ConnectAsync("c", version);
        await client.SendHexAsync(hex);
        await client.ExpectFaultAsync(MqttReason.ProtocolError);
    }

    private async Task<RawClient> ConnectAsync(string clientId = "c", MqttVersion version = MqttVersion.V5) =>
        (await RawClient.ConnectAsync(_broker.Port, clientId, version)).Client;
}
