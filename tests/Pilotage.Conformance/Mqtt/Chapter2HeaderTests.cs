using Pilotage.Protocols.Mqtt;
using Xunit;
using static Pilotage.Conformance.Mqtt.RawPacket;

namespace Pilotage.Conformance.Mqtt;

/// <summary>Flags, packet identifiers and empty properties: what all packets share.</summary>
public sealed class Chapter2HeaderTests : IAsyncLifetime
{
    private BrokerUnderTest _broker = null!;

    public async Task InitializeAsync() => _broker = await BrokerUnderTest.StartAsync();

    public async Task DisposeAsync() => await _broker.DisposeAsync();

    [Theory]
    [Clause("MQTT-2.1.3-1", "MQTT-3.6.1-1", "MQTT-3.8.1-1", "MQTT-3.10.1-1", "MQTT-3.14.1-1", "MQTT-3.15.1-1")]
    [Clause("3.1.1 MQTT-2.2.2-1", "3.1.1 MQTT-2.2.2-2", "3.1.1 MQTT-3.6.1-1", "3.1.1 MQTT-3.8.1-1", "3.1.1 MQTT-3.10.1-1")]
    [Clause("3.1.1 MQTT-3.14.1-1")]
    [InEachVersion("41 02 00 01")] // PUBACK
    [InEachVersion("52 02 00 01")] // PUBREC
    [InEachVersion("60 02 00 01")] // PUBREL
    [InEachVersion("63 02 00 01")]
    [InEachVersion("71 02 00 01")] // PUBCOMP
    [InEachVersion("C8 00")] // PINGREQ
    [InEachVersion("E1 00")] // DISCONNECT
    [InEachVersion("F1 00")] // AUTH; in 3.1.1 a type that is not to be used
    public async Task Reserved_flags_are_as_the_standard_sets_them(MqttVersion version, string hex)
    {
        using var client = await _broker.ConnectAsync("c", version);
        await client.SendHexAsync(hex);
        await client.ExpectFaultAsync(MqttReason.MalformedPacket);
    }

    [Theory]
    [Clause("MQTT-2.1.3-1", "MQTT-3.8.1-1", "MQTT-3.10.1-1", "3.1.1 MQTT-2.2.2-2", "3.1.1 MQTT-3.10.1-1")]
    [InEachVersion((byte)0x80)]
    [InEachVersion((byte)0x8A)]
    [InEachVersion((byte)0xA0)]
    [InEachVersion((byte)0xA3)]
    public async Task Reserved_flags_of_subscribe_and_unsubscribe_are_as_the_standard_sets_them(MqttVersion version, byte first)
    {
        using var client = await _broker.ConnectAsync("c", version);
        byte[] options = first < 0xA0 ? [0] : [];
        await client.SendAsync(Of(first, Number(1), NoProperties(version), Text("a"), options));
        await client.ExpectFaultAsync(MqttReason.MalformedPacket);
    }

    [Theory]
    [Clause("MQTT-2.2.1-3", "3.1.1 MQTT-2.3.1-1")]
    [InEachVersion("PUBLISH", MqttReason.MalformedPacket)]
    [InEachVersion("SUBSCRIBE", MqttReason.ProtocolError)]
    [InEachVersion("UNSUBSCRIBE", MqttReason.ProtocolError)]
    public async Task A_packet_identifier_is_never_zero(MqttVersion version, string packet, MqttReason reason)
    {
        using var client = await _broker.ConnectAsync("c", version);
        await client.SendAsync(packet switch
        {
            "PUBLISH" => Of(0x32, Text("a"), Number(0), NoProperties(version)),
            "SUBSCRIBE" => Of(0x82, Number(0), NoProperties(version), Text("a"), [0]),
            _ => Of(0xA2, Number(0), NoProperties(version), Text("a")),
        });
        await client.ExpectFaultAsync(reason);
    }

    [Theory]
    [Clause("MQTT-2.2.1-2", "MQTT-2.2.2-1", "MQTT-3.3.1-2", "MQTT-3.3.2-1", "MQTT-4.3.1-1")]
    [Clause("3.1.1 MQTT-2.3.1-5", "3.1.1 MQTT-3.3.1-2", "3.1.1 MQTT-3.3.2-1", "3.1.1 MQTT-4.3.1-1")]
    [InEachVersion]
    public async Task A_qos_0_message_has_a_topic_no_identifier_no_dup_and_says_that_it_has_no_properties(MqttVersion version)
    {
        using var client = await _broker.ConnectAsync("c", version);
        await client.SubscribeAsync(new SubscribeFilter("a/b", 2));
        await _broker.PublishAsync("a/b", "xy");
        var (frame, body) = await client.ExpectAsync(MqttPacketType.Publish);
        Assert.Equal(0, frame.Flags);
        Assert.Equal([.. Text("a/b"), .. NoProperties(version), (byte)'x', (byte)'y'], body);
    }

    [Theory]
    [Clause("MQTT-3.3.1-2", "3.1.1 MQTT-3.3.1-2")]
    [InEachVersion]
    public async Task A_qos_0_message_that_claims_to_be_a_repeat_is_malformed(MqttVersion version)
    {
        using var client = await _broker.ConnectAsync("c", version);
        await client.SendAsync(Of(0x38, Text("a"), NoProperties(version)));
        await client.ExpectFaultAsync(MqttReason.MalformedPacket);
    }

    [Fact]
    [Clause("MQTT-2.2.2-1")]
    public async Task Properties_that_are_not_even_said_to_be_none_are_malformed()
    {
        using var client = await _broker.ConnectAsync("c");
        await client.SendAsync(Of(0x30, Text("a")));
        await client.ExpectDisconnectAsync(MqttReason.MalformedPacket);
    }

    [Theory]
    [Clause("MQTT-2.2.1-4", "MQTT-4.3.2-1", "MQTT-4.3.2-2", "MQTT-4.3.3-1", "MQTT-4.3.3-2")]
    [Clause("3.1.1 MQTT-2.3.1-4", "3.1.1 MQTT-4.3.2-1", "3.1.1 MQTT-4.3.3-1")]
    [InEachVersion((byte)1)]
    [InEachVersion((byte)2)]
    public async Task Messages_under_way_have_identifiers_of_their_own(MqttVersion version, byte qos)
    {
        using var client = await _broker.ConnectAsync("c", version);
        await client.SubscribeAsync(new SubscribeFilter("a", qos));
        var underWay = new List<ushort>();
        for (var round = 0; round < 12; round++)
        {
            await _broker.PublishAsync("a", $"{round}", qos);
            var got = await client.MessageAsync();
            Assert.Equal((qos, false), (got.Message.Qos, got.Duplicate));
            Assert.NotEqual(0, got.PacketId);
            Assert.DoesNotContain(got.PacketId, underWay);
            underWay.Add(got.PacketId);
            if (round % 3 == 2)
            {
                // The middle one is done with, and its identifier may come again.
                var done = underWay[1];
                await client.AckAsync(qos == 1 ? MqttPacketType.PubAck : MqttPacketType.PubRec, done);
                if (qos == 2)
                {
                    await client.AckAsync(MqttPacketType.PubRel);
                    await client.AckAsync(MqttPacketType.PubComp, done);
                }

                underWay.RemoveAt(1);
            }
        }
    }

    [Theory]
    [Clause("MQTT-2.2.1-6", "MQTT-3.8.4-1", "MQTT-3.8.4-2", "MQTT-3.10.4-4", "MQTT-3.10.4-5")]
    [Clause("3.1.1 MQTT-2.3.1-7", "3.1.1 MQTT-3.8.4-1", "3.1.1 MQTT-3.8.4-2", "3.1.1 MQTT-3.10.4-4", "3.1.1 MQTT-3.10.4-5")]
    [InEachVersion(1)]
    [InEachVersion(0xBEEF)]
    [InEachVersion(0xFFFF)]
    public async Task Answers_bear_the_identifier_of_what_they_answer(MqttVersion version, int id)
    {
        using var client = await _broker.ConnectAsync("c", version);
        await client.SendAsync(Of(0x82, Number(id), NoProperties(version), Text("a"), [1]));
        Assert.Equal(Number(id), (await client.ExpectAsync(MqttPacketType.SubAck)).Body[..2]);
        await client.SendAsync(Of(0xA2, Number(id), NoProperties(version), Text("a")));
        Assert.Equal(Number(id), (await client.ExpectAsync(MqttPacketType.UnsubAck)).Body[..2]);

        // A second time there is nothing to end, and it is answered all the same.
        await client.SendAsync(Of(0xA2, Number(id), NoProperties(version), Text("a")));
        Assert.Equal(Number(id), (await client.ExpectAsync(MqttPacketType.UnsubAck)).Body[..2]);
        await client.PublishAsync("a", "x", 1, (ushort)id);
        Assert.Equal(id, (await client.PubAckAsync()).PacketId);
    }
}
