using Pilotage.Broker;
using Pilotage.Protocols.Mqtt;
using Xunit;
using static Pilotage.Protocols.Mqtt.MqttPacketType;

namespace Pilotage.Conformance.Mqtt;

/// <summary>PUBREC, PUBREL and PUBCOMP: QoS 2 in both directions.</summary>
public sealed class Chapter43QosTests : IAsyncLifetime
{
    private BrokerUnderTest _broker = null!;

    public async Task InitializeAsync() => _broker = await BrokerUnderTest.StartAsync(new BrokerOptions { ReceiveMaximum = 4 });

    public async Task DisposeAsync() => await _broker.DisposeAsync();

    [Theory]
    [Clause("MQTT-2.2.1-5", "MQTT-3.3.4-1", "MQTT-3.5.2-1", "MQTT-3.7.2-1", "MQTT-4.3.3-8", "MQTT-4.3.3-11",
        "3.1.1 MQTT-2.3.1-6", "3.1.1 MQTT-3.3.4-1")]
    [InlineData(MqttVersion.V5)]
    [InlineData(MqttVersion.V311)]
    public async Task A_message_is_received_and_released_under_its_identifier(MqttVersion version)
    {
        using var client = await ConnectAsync("c", version);
        await client.SendHexAsync(version == MqttVersion.V5 ? "34 07 00 01 61 00 0A 00 78" : "34 06 00 01 61 00 0A 78");
        Assert.Equal((10, MqttReason.Success), Parts(await client.AckAsync(PubRec)));
        await client.SendHexAsync("62 02 00 0A");
        Assert.Equal((10, MqttReason.Success), Parts(await client.AckAsync(PubComp)));
    }

    [OwnFact]
    [Clause("MQTT-4.3.3-10", "MQTT-4.3.3-12")]
    public async Task A_repeat_is_answered_again_and_delivered_once_until_the_release()
    {
        using var reader = await ConnectAsync("reader");
        await reader.SubscribeAsync(new SubscribeFilter("a", 0));
        using var client = await ConnectAsync("c");
        for (var i = 0; i < 50; i++)
        {
            await client.PublishAsync("a", "one", 2, 10);
            Assert.Equal((10, MqttReason.Success), Parts(await client.AckAsync(PubRec)));
        }

        await client.AckAsync(PubRel, 10);
        await client.AckAsync(PubComp);
        await client.PublishAsync("a", "two", 2, 10);
        await client.AckAsync(PubRec);
        Assert.Equal("one", (await reader.MessageAsync()).Text);
        Assert.Equal("two", (await reader.MessageAsync()).Text);
        await reader.ExpectSilenceAsync();
        Assert.Equal(2, _broker.Hooks.Received.Count);
    }

    [OwnTheory]
    [Clause("MQTT-4.4.0-1", "MQTT-4.3.3-10")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_sender_that_comes_back_repeats_what_was_not_answered_and_it_counts_once(bool restart)
    {
        using var reader = await ConnectAsync("reader");
        await reader.SubscribeAsync(new SubscribeFilter("a", 2));
        var client = await ConnectAsync("c", lasting: true);
        await client.PublishAsync("a", "x", 2, 5);
        await client.AckAsync(PubRec);
        client.Dispose();
        Assert.Equal("x", (await reader.MessageAsync()).Text);
        if (restart)
        {
            await _broker.RestartAsync();
        }

        using var back = await ConnectAsync("c", lasting: true);
        using var late = await ConnectAsync("late");
        await late.SubscribeAsync(new SubscribeFilter("a", 2));
        await back.SendHexAsync("3C 07 00 01 61 00 05 00 78");
        Assert.Equal((5, MqttReason.Success), Parts(await back.AckAsync(PubRec)));
        await back.AckAsync(PubRel, 5);
        Assert.Equal((5, MqttReason.Success), Parts(await back.AckAsync(PubComp)));
        await late.ExpectSilenceAsync();
    }

    [OwnFact]
    [Clause("MQTT-4.3.3-9")]
    public async Task A_refused_message_frees_its_identifier_at_once()
    {
        using var client = await ConnectAsync("c");
        await client.PublishAsync("forbidden/x", "x", 2, 3);
        Assert.Equal((3, MqttReason.NotAuthorized), Parts(await client.AckAsync(PubRec)));
        _broker.Hooks.OnReceive = (_, _) => new(PublishDecision.Refused(MqttReason.QuotaExceeded));
        await client.PublishAsync("a", "x", 2, 3);
        Assert.Equal((3, MqttReason.QuotaExceeded), Parts(await client.AckAsync(PubRec)));
        await client.AckAsync(PubRel, 3);
        Assert.Equal((3, MqttReason.PacketIdentifierNotFound), Parts(await client.AckAsync(PubComp)));

        using var old = await ConnectAsync("old", MqttVersion.V311);
        await old.PublishAsync("a", "x", 2, 3);
        await old.ExpectEndAsync();
    }

    [OwnTheory]
    [Clause("MQTT-3.7.2-1", "MQTT-4.3.3-11", "MQTT-4.4.0-1", "3.1.1 MQTT-4.3.3-2", "3.1.1 MQTT-4.4.0-1")]
    [InlineData(MqttVersion.V5, false)]
    [InlineData(MqttVersion.V5, true)]
    [InlineData(MqttVersion.V311, false)]
    [InlineData(MqttVersion.V311, true)]
    public async Task A_release_that_comes_again_because_its_answer_was_lost_is_answered_alike(MqttVersion version, bool restarts)
    {
        var client = await ConnectAsync("c", version, lasting: true);
        await client.PublishAsync("a", "x", 2, 7);
        Assert.Equal((7, MqttReason.Success), Parts(await client.AckAsync(PubRec)));
        await client.SendAsync(RawPacket.Of(0x62, RawPacket.Number(7)));
        AssertAnswers(7, MqttReason.Success, await client.AckAsync(PubComp));
        client.Dispose();
        if (restarts)
        {
            await _broker.RestartAsync();
        }

        // The client has not seen PUBCOMP: it releases 7 once more, as MQTT-4.4.0-1 has it.
        using var back = await ConnectAsync("c", version, lasting: true);
        await back.SendAsync(RawPacket.Of(0x62, RawPacket.Number(7)));
        AssertAnswers(7, MqttReason.Success, await back.AckAsync(PubComp));

        // The identifier is free all the same: the next message under it is another one.
        var before = _broker.Hooks.Received.Count;
        await back.PublishAsync("a", "y", 2, 7);
        Assert.Equal((7, MqttReason.Success), Parts(await back.AckAsync(PubRec)));
        Assert.Equal(before + 1, _broker.Hooks.Received.Count);
    }

    [Theory]
    [Clause("MQTT-3.7.2-1", "MQTT-4.3.3-11")]
    [InlineData(MqttVersion.V5, MqttReason.PacketIdentifierNotFound)]
    [InlineData(MqttVersion.V311, MqttReason.Success)]
    public async Task A_release_of_nothing_is_answered_too(MqttVersion version, MqttReason reason)
    {
        using var client = await ConnectAsync("c", version);
        await client.AckAsync(PubRel, 9);
        AssertAnswers(9, reason, await client.AckAsync(PubComp));
    }

    [Theory]
    [Clause("MQTT-4.3.3-1", "MQTT-4.3.3-2", "MQTT-4.3.3-4", "MQTT-3.6.1-1", "3.1.1 MQTT-3.6.1-1")]
    [InlineData(MqttVersion.V5)]
    [InlineData(MqttVersion.V311)]
    public async Task A_delivery_goes_through_its_four_steps(MqttVersion version)
    {
        using var reader = await ConnectAsync("reader", version, lasting: true);
        Assert.Equal([MqttReason.GrantedQos2], (await reader.SubscribeAsync(new SubscribeFilter("a", 2))).Reasons);
        await PublishAsync("a", "x");
        var got = await reader.MessageAsync();
        Assert.Equal((2, false), (got.Message.Qos, got.Duplicate));
        await reader.AckAsync(PubRec, got.PacketId);
        var (frame, body) = await reader.ExpectAsync(PubRel);
        Assert.Equal((byte)2, frame.Flags);
        Assert.Equal(got.PacketId, (body[0] << 8) | body[1]);
        await reader.AckAsync(PubRec, got.PacketId);
        await reader.ExpectAsync(PubRel);
        await reader.AckAsync(PubComp, got.PacketId);
        await reader.ExpectSilenceAsync();
    }

    [OwnTheory]
    [Clause("MQTT-4.4.0-1", "MQTT-3.3.1-1", "MQTT-4.3.3-5", "MQTT-4.3.3-6")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_broken_delivery_goes_on_where_it_broke(bool restart)
    {
        var reader = await ConnectAsync("reader", lasting: true);
        await reader.SubscribeAsync(new SubscribeFilter("a", 2));
        await PublishAsync("a", "x");
        var first = await reader.MessageAsync();
        reader.Dispose();
        if (restart)
        {
            await _broker.RestartAsync();
        }

        reader = await ConnectAsync("reader", lasting: true);
        var again = await reader.MessageAsync();
        Assert.Equal((true, first.PacketId, "x"), (again.Duplicate, again.PacketId, again.Text));
        await reader.AckAsync(PubRec, first.PacketId);
        await reader.ExpectAsync(PubRel);
        reader.Dispose();
        if (restart)
        {
            await _broker.RestartAsync();
        }

        reader = await ConnectAsync("reader", lasting: true);
        Assert.Equal((first.PacketId, MqttReason.Success), Parts(await reader.AckAsync(PubRel)));
        await reader.AckAsync(PubComp, first.PacketId);
        await reader.ExpectSilenceAsync();
        reader.Dispose();

        reader = await ConnectAsync("reader", lasting: true);
        await reader.ExpectSilenceAsync();
        reader.Dispose();
    }

    [Fact]
    [Clause("4.3.3")]
    public async Task A_delivery_that_the_client_refuses_is_over()
    {
        using var reader = await ConnectAsync("reader");
        await reader.SubscribeAsync(new SubscribeFilter("a", 2));
        await PublishAsync("a", "x");
        await reader.AckAsync(PubRec, (await reader.MessageAsync()).PacketId, MqttReason.UnspecifiedError);
        await reader.ExpectSilenceAsync();
    }

    [Fact]
    [Clause("MQTT-3.6.2-1")]
    public async Task Acks_of_the_wrong_kind_are_protocol_errors_and_a_receipt_for_nothing_is_answered()
    {
        using var reader = await ConnectAsync("reader");
        await reader.AckAsync(PubRec, 77);
        AssertAnswers(77, MqttReason.PacketIdentifierNotFound, await reader.AckAsync(PubRel));
        await reader.SubscribeAsync(new SubscribeFilter("a", 2));
        await PublishAsync("a", "x");
        await reader.AckAsync(PubAck, (await reader.MessageAsync()).PacketId);
        await reader.ExpectDisconnectAsync(MqttReason.ProtocolError);
    }

    [OwnFact]
    [Clause("MQTT-3.3.4-7")]
    public async Task Unreleased_messages_count_against_the_receive_maximum()
    {
        using var client = await ConnectAsync("c");
        for (ushort id = 1; id <= 4; id++)
        {
            await client.PublishAsync("a", "x", 2, id);
            await client.AckAsync(PubRec);
        }

        await client.AckAsync(PubRel, 1);
        await client.AckAsync(PubComp);
        await client.PublishAsync("a", "x", 2, 5);
        await client.AckAsync(PubRec);
        await client.PublishAsync("a", "x", 2, 6);
        await client.ExpectDisconnectAsync(MqttReason.ReceiveMaximumExceeded);
    }

    [OwnFact]
    [Clause("MQTT-4.13.1-1")]
    public async Task A_client_that_goes_on_talking_still_reads_why_the_connection_ended()
    {
        using var client = await ConnectAsync("c");
        for (ushort id = 1; id <= 200; id++)
        {
            await client.PublishAsync("a", "x", 2, id);
        }

        MqttFrame last;
        do
        {
            last = (await client.ReadAsync())!.Value.Frame;
        }
        while (last.Type == PubRec);
        Assert.Equal(Disconnect, last.Type);
        await client.ExpectEndAsync();
    }

    [Theory]
    [Clause("MQTT-3.8.4-8", "3.1.1 MQTT-3.8.4-6")]
    [InEachVersion((byte)0, (byte)2, (byte)0)]
    [InEachVersion((byte)1, (byte)0, (byte)0)]
    [InEachVersion((byte)1, (byte)2, (byte)1)]
    [InEachVersion((byte)2, (byte)1, (byte)1)]
    [InEachVersion((byte)2, (byte)2, (byte)2)]
    public async Task The_lower_qos_of_message_and_subscription_holds(
        MqttVersion version, byte published, byte subscribed, byte delivered)
    {
        using var client = await ConnectAsync("c", version);
        await client.SubscribeAsync(new SubscribeFilter("a", subscribed));
        await _broker.PublishAsync(new() { Topic = "a", Qos = published });
        Assert.Equal(delivered, (await client.MessageAsync()).Message.Qos);
    }

    /// <summary>Another broker than ours may as well answer with success.</summary>
    private static void AssertAnswers(ushort id, MqttReason reason, AckPacket ack)
    {
        Assert.Equal(id, ack.PacketId);
        Assert.True(ack.Reason == reason || (Target.Foreign is not null && ack.Reason == MqttReason.Success), $"{ack.Reason}");
    }

    private static (ushort, MqttReason) Parts(AckPacket ack) => (ack.PacketId, ack.Reason);

    private async Task PublishAsync(string topic, string text)
    {
        using var client = await ConnectAsync("publisher");
        await client.PublishAsync(topic, text, 2, 1);
        await client.AckAsync(PubRec);
        await client.AckAsync(PubRel, 1);
        await client.AckAsync(PubComp);
    }

    private async Task<RawClient> ConnectAsync(
        string clientId, MqttVersion version = MqttVersion.V5, bool lasting = false) =>
        (await RawClient.ConnectAsync(_broker.Port, clientId, version, packet => packet with
        {
            CleanStart = !lasting,
            Properties = lasting && version == MqttVersion.V5 ? new() { SessionExpiry = 100 } : null,
        })).Client;
}
