using Pilotage.Broker;
using Pilotage.Protocols.Mqtt;
using Pilotage.Testing;
using Pilotage.Testing.Gateway;
using Xunit;

namespace Pilotage.Conformance.Mqtt;

/// <summary>Flow control and properties: what CONNECT asks for is kept, what PUBLISH bears is passed on.</summary>
public sealed class Chapter32PropertyTests : IAsyncLifetime
{
    private BrokerUnderTest _broker = null!;

    public async Task InitializeAsync() => _broker = await BrokerUnderTest.StartAsync(new BrokerOptions
    {
        ChecksPayloadFormat = true,
        OutgoingTopicAliasMax = 3,
        StatusInterval = TimeSpan.FromSeconds(1),
    });

    public async Task DisposeAsync() => await _broker.DisposeAsync();

    [OwnFact]
    [Clause("MQTT-3.1.2-26", "MQTT-3.1.2-27", "MQTT-3.3.2-11")]
    public async Task Outgoing_aliases_are_told_once_and_never_past_the_clients_maximum()
    {
        using var client = await ConnectAsync("c", new() { TopicAliasMaximum = 2 });
        await client.SubscribeAsync(new SubscribeFilter("#", 1));
        var seen = new List<(string, ushort)>();
        foreach (var topic in (string[])["a", "a", "b", "c", "b", "c"])
        {
            await PublishAsync(new() { Topic = topic, Qos = 1 });
            var got = await client.MessageAsync();
            await client.AckAsync(MqttPacketType.PubAck, got.PacketId);
            seen.Add((got.Message.Topic, got.Properties?.TopicAlias ?? 0));
        }

        Assert.Equal([("a", 1), ("", 1), ("b", 2), ("c", 0), ("", 2), ("c", 0)], seen);
        client.Dispose();

        using var modest = await ConnectAsync("modest");
        await modest.SubscribeAsync(new SubscribeFilter("a", 0));
        await PublishAsync(new() { Topic = "a" });
        Assert.Equal(("a", null), (await modest.MessageAsync() is var plain ? plain.Message.Topic : "", plain.Properties?.TopicAlias));
    }

    [Fact]
    [Clause("MQTT-3.3.4-9", "MQTT-4.9.0-1", "MQTT-4.9.0-2")]
    public async Task The_clients_receive_maximum_is_kept_in_both_qos()
    {
        using var client = await ConnectAsync("c", new() { ReceiveMaximum = 2 });
        await client.SubscribeAsync(new SubscribeFilter("a", 2));
        foreach (var qos in (byte[])[1, 2, 0, 1])
        {
            await PublishAsync(new() { Topic = "a", Qos = qos, Payload = new[] { qos } });
        }

        var (first, second) = (await client.MessageAsync(), await client.MessageAsync());
        var third = await client.MessageAsync();
        Assert.Equal((1, 2, 0), ((int)first.Message.Qos, (int)second.Message.Qos, (int)third.Message.Qos));
        await client.ExpectSilenceAsync();
        await client.AckAsync(MqttPacketType.PubRec, second.PacketId);
        await client.AckAsync(MqttPacketType.PubRel);
        await client.ExpectSilenceAsync();
        await client.AckAsync(MqttPacketType.PubComp, second.PacketId);
        Assert.Equal(1, (await client.MessageAsync()).Message.Qos);
    }

    [Theory]
    [Clause("MQTT-3.1.2-24", "MQTT-3.1.2-25")]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_message_larger_than_the_client_takes_is_left_out_as_if_it_were_acknowledged(byte qos)
    {
        using var client = await ConnectAsync("c", new() { MaximumPacketSize = 64, ReceiveMaximum = 1 });
        await client.SubscribeAsync(new SubscribeFilter("a", qos));
        await PublishAsync(new() { Topic = "a", Qos = qos, Payload = new byte[64] });
        await PublishAsync(new() { Topic = "a", Qos = qos, Payload = "small"u8.ToArray() });
        Assert.Equal("small", (await client.MessageAsync()).Text);
    }

    [Fact]
    [Clause("MQTT-3.3.2-4", "MQTT-3.3.2-15", "MQTT-3.3.2-16", "MQTT-3.3.2-17", "MQTT-3.3.2-18", "MQTT-3.3.2-20")]
    public async Task Properties_pass_unchanged_and_user_properties_in_their_order()
    {
        using var client = await ConnectAsync("c");
        await client.SubscribeAsync(new SubscribeFilter("a", 0));
        List<(string, string)> pairs = [("b", "1"), ("a", "2"), ("b", "1"), ("", "")];
        await client.PublishAsync("a", "x", properties: new()
        {
            PayloadFormat = 1,
            ContentType = "text/plain",
            ResponseTopic = "r",
            CorrelationData = [0, 255],
            UserProperties = pairs,
        });
        var p = (await client.MessageAsync()).Properties!;
        Assert.Equal(((byte?)1, "text/plain", "r"), (p.PayloadFormat, p.ContentType, p.ResponseTopic));
        Assert.Equal([0, 255], p.CorrelationData!);
        Assert.Equal(pairs, p.UserProperties!);
    }

    [OwnFact]
    [Clause("MQTT-3.3.2-5", "MQTT-3.3.2-6")]
    public async Task Expiry_counts_down_while_a_message_waits()
    {
        var time = new ManualTime();
        await using var broker = await BrokerUnderTest.StartAsync(time: time);
        var leaving = await broker.ConnectAsync("c", lasting: true);
        await leaving.SubscribeAsync(new SubscribeFilter("a", 1));
        await leaving.SendAsync(0xE0, 0x00);
        await leaving.ExpectEndAsync();
        leaving.Dispose();
        await broker.PublishAsync(new() { Topic = "a", Qos = 1, ExpirySeconds = 10, Payload = "short"u8.ToArray() });
        await broker.PublishAsync(new() { Topic = "a", Qos = 1, ExpirySeconds = 100, Payload = "long"u8.ToArray() });
        time.Advance(TimeSpan.FromSeconds(30));

        using var back = await broker.ConnectAsync("c", lasting: true);
        var got = await back.MessageAsync();
        Assert.Equal(("long", 70u), (got.Text, got.Message.ExpirySeconds!.Value));
        await back.ExpectSilenceAsync();
    }

    [OwnTheory]
    [Clause("3.3.2.3.2")]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_payload_that_is_not_what_its_format_says_is_refused_where_that_is_asked_for(byte qos)
    {
        using var client = await ConnectAsync("c");
        string[] packets = ["30 08 00 01 61 02 01 01 C3 28", "32 0A 00 01 61 00 01 02 01 01 C3 28", "34 0A 00 01 61 00 01 02 01 01 C3 28"];
        await client.SendHexAsync(packets[qos]);
        if (qos == 0)
        {
            await client.ExpectDisconnectAsync(MqttReason.PayloadFormatInvalid);
        }
        else
        {
            var ack = await client.AckAsync(qos == 1 ? MqttPacketType.PubAck : MqttPacketType.PubRec);
            Assert.Equal(MqttReason.PayloadFormatInvalid, ack.Reason);
        }
    }

    [OwnTheory]
    [Clause("MQTT-3.1.2-28")]
    [InlineData(null, false)]
    [InlineData(false, false)]
    [InlineData(true, true)]
    public async Task Response_information_comes_only_to_who_asks(bool? asks, bool given)
    {
        _broker.Hooks.OnConnect = r => OpenHooks.Accept(r) with { ResponseInformation = "answers/c" };
        var (client, answer) = await RawClient.ConnectAsync(
            _broker.Port, "c", change: p => p with { Properties = new() { RequestResponseInformation = asks } });
        Assert.Equal(given ? "answers/c" : null, answer.Properties!.ResponseInformation);
        client.Dispose();
    }

    [OwnTheory]
    [Clause("MQTT-3.1.2-29")]
    [InlineData(null, true)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public async Task Refusals_say_why_unless_the_client_does_not_want_to_know(bool? wants, bool told)
    {
        using var client = await ConnectAsync("c", new() { RequestProblemInformation = wants });
        await client.PublishAsync("forbidden/x", "x", 1, 1);
        Assert.Equal(told, (await client.PubAckAsync()).Properties?.ReasonString is not null);
        await client.PublishAsync("forbidden/x", "x", 2, 1);
        Assert.Equal(told, (await client.AckAsync(MqttPacketType.PubRec)).Properties?.ReasonString is not null);
        Assert.Equal(told, (await client.SubscribeAsync(new SubscribeFilter("forbidden/x", 0))).Properties?.ReasonString is not null);

        // DISCONNECT may say it all the same.
        await client.SendAsync(0xF0, 0x00);
        await client.ExpectDisconnectAsync(MqttReason.ProtocolError);
    }

    /// <summary>The reason of a refusal is in the log too, where a topic must not begin a line of its own.</summary>
    [OwnTheory]
    [InlineData("forbidden/x", "forbidden/x")]
    [InlineData("forbidden/x\n2026-01-01 info: all is well", "control characters")]
    [InlineData("forbidden/\u001b[2J", "control characters")]
    public async Task A_refused_topic_is_named_unless_it_would_write_more_than_its_name(string topic, string named)
    {
        using var client = await ConnectAsync("c");
        await client.PublishAsync(topic, "x", 1, 1);
        var words = (await client.PubAckAsync()).Properties!.ReasonString!;
        Assert.Contains(named, words, StringComparison.Ordinal);
        Assert.DoesNotContain(words, char.IsControl);
    }

    [OwnFact]
    [Clause("MQTT-3.4.2-2", "MQTT-3.14.2-3")]
    public async Task A_reason_string_that_does_not_fit_is_left_out()
    {
        using var client = await ConnectAsync("c", new() { MaximumPacketSize = 20 });
        await client.PublishAsync("forbidden/x", "x", 1, 1);
        var ack = await client.PubAckAsync();
        Assert.Equal((MqttReason.NotAuthorized, null), (ack.Reason, ack.Properties?.ReasonString));
        await client.SendAsync(0xF0, 0x00);
        await client.ExpectDisconnectAsync(MqttReason.ProtocolError, explained: false);
    }

    [Fact]
    [Clause("MQTT-3.3.4-6")]
    public async Task A_subscription_identifier_from_a_client_is_a_protocol_error()
    {
        using var client = await ConnectAsync("c");
        await client.SendHexAsync("30 07 00 01 61 02 0B 05 78");
        await client.ExpectDisconnectAsync(MqttReason.ProtocolError);
    }

    [Fact]
    [Clause("MQTT-3.3.2-7", "MQTT-3.3.2-9")]
    public async Task Incoming_aliases_stand_for_their_topic_on_one_connection_only()
    {
        using var client = await ConnectAsync("c");
        await client.SubscribeAsync(new SubscribeFilter("a", 0), new("b", 0));
        await client.SendHexAsync("30 08 00 01 61 03 23 00 01 31");
        await client.SendHexAsync("30 07 00 00 03 23 00 01 32");
        await client.SendHexAsync("30 08 00 01 62 03 23 00 01 33");
        await client.SendHexAsync("30 07 00 00 03 23 00 01 34");
        var seen = new List<string>();
        for (var i = 0; i < 4; i++)
        {
            var got = await client.MessageAsync();
            seen.Add(got.Message.Topic + got.Text);
        }

        Assert.Equal(["a1", "a2", "b3", "b4"], seen);
        using var other = await ConnectAsync("other");
        await other.SendHexAsync("30 07 00 00 03 23 00 01 32");
        await other.ExpectDisconnectAsync(MqttReason.ProtocolError);
        using var far = await ConnectAsync("far");
        await far.SendHexAsync("30 08 00 01 61 03 23 00 11 31");
        await far.ExpectDisconnectAsync(MqttReason.TopicAliasInvalid);
    }

    [Fact]
    [Clause("3.14.2.2.2")]
    public async Task Disconnect_may_change_how_long_the_session_lasts()
    {
        var client = await ConnectAsync("c", new() { SessionExpiry = 100 });
        await client.SendAsync(t => MqttEncoder.Disconnect(
            t, MqttVersion.V5, MqttPacketType.Disconnect, new(MqttReason.Success, new() { SessionExpiry = 0 }), 100));
        await client.ExpectEndAsync();
        client.Dispose();
        var (back, answer) = await RawClient.ConnectAsync(_broker.Port, "c", change: p => p with { CleanStart = false });
        Assert.False(answer.SessionPresent);
        back.Dispose();
    }

    [OwnFact]
    [Clause("MQTT-4.7.2-1", "3.1.1 MQTT-4.7.2-1")]
    public async Task The_brokers_own_topics_are_for_those_who_name_them()
    {
        using var all = await ConnectAsync("all");
        await all.SubscribeAsync(new SubscribeFilter("#", 0), new("+/broker/version", 0));
        await all.ExpectSilenceAsync();
        using var watcher = await ConnectAsync("watcher");
        await watcher.SubscribeAsync(new SubscribeFilter("$SYS/broker/clients/connected", 0));
        var (first, next) = (await watcher.MessageAsync(), await watcher.MessageAsync());
        Assert.Equal(("2", true), (first.Text, first.Message.Retain));
        Assert.Equal(("2", false), (next.Text, next.Message.Retain));
        await all.ExpectSilenceAsync();
        await all.PublishAsync("$SYS/broker/clients/connected", "900", 1, 1);
        Assert.Equal(MqttReason.NotAuthorized, (await all.PubAckAsync()).Reason);
    }

    [OwnFact]
    [Clause("MQTT-3.3.4-2", "MQTT-3.3.4-5")]
    public async Task Overlapping_subscriptions_bring_a_copy_each_where_that_is_asked_for()
    {
        await using var broker = await BrokerUnderTest.StartAsync(new BrokerOptions { MergesOverlaps = false });
        var (client, _) = await RawClient.ConnectAsync(broker.Port, "c", change: p => p with { Properties = new() { SessionExpiry = 100 } });
        await client.SubscribeAsync(5, new SubscribeFilter("a/#", 1));
        await client.SubscribeAsync(6, new SubscribeFilter("a/+", 2));
        await broker.PublishAsync(new() { Topic = "a/b", Qos = 2 });
        var got = new[] { await client.MessageAsync(), await client.MessageAsync() }.OrderBy(m => m.Message.Qos).ToArray();
        Assert.Equal([(1, 5u), (2, 6u)], got.Select(m => ((int)m.Message.Qos, m.Properties!.SubscriptionIds!.Single())));
        await client.AckAsync(MqttPacketType.PubAck, got[0].PacketId);
        await client.ExpectSilenceAsync();
        client.Dispose();
        await broker.RestartAsync();

        var (back, _) = await RawClient.ConnectAsync(broker.Port, "c", change: p => p with { CleanStart = false });
        Assert.Equal(2, (await back.MessageAsync()).Message.Qos);
        await back.ExpectSilenceAsync();
        back.Dispose();
    }

    private Task PublishAsync(MqttMessage message) => _broker.PublishAsync(message);

    private async Task<RawClient> ConnectAsync(string clientId, MqttProperties? properties = null, bool clean = true) =>
        (await RawClient.ConnectAsync(
            _broker.Port, clientId, change: p => p with { CleanStart = clean, Properties = properties })).Client;
}
