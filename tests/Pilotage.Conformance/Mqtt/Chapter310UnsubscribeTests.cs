using Pilotage.Protocols.Mqtt;
using Xunit;
using static Pilotage.Conformance.Mqtt.RawPacket;

namespace Pilotage.Conformance.Mqtt;

/// <summary>UNSUBSCRIBE and UNSUBACK.</summary>
public sealed class Chapter310UnsubscribeTests : IAsyncLifetime
{
    private BrokerUnderTest _broker = null!;

    public async Task InitializeAsync() => _broker = await BrokerUnderTest.StartAsync();

    public async Task DisposeAsync() => await _broker.DisposeAsync();

    [Theory]
    [Clause("MQTT-3.10.3-2", "3.1.1 MQTT-3.10.3-2")]
    [InEachVersion]
    public async Task A_request_without_a_filter_is_a_protocol_error(MqttVersion version)
    {
        using var client = await _broker.ConnectAsync("c", version);
        await client.SendAsync(Of(0xA2, Number(1), NoProperties(version)));
        await client.ExpectFaultAsync(MqttReason.ProtocolError);
    }

    [Theory]
    [Clause("MQTT-3.10.4-1", "MQTT-3.10.4-2", "3.1.1 MQTT-3.10.4-1", "3.1.1 MQTT-3.10.4-2")]
    [InEachVersion("a/+", "a/b")]
    [InEachVersion("a/b", "a/+")]
    [InEachVersion("a/b", "a/B")]
    [InEachVersion("a/b", "#")]
    public async Task Only_the_very_same_filter_ends_a_subscription(MqttVersion version, string filter, string other)
    {
        using var client = await _broker.ConnectAsync("c", version);
        await client.SubscribeAsync(new SubscribeFilter(filter, 0));
        await UnsubscribeAsync(client, other);
        await _broker.PublishAsync("a/b", "heard");
        Assert.Equal("heard", (await client.MessageAsync()).Text);

        await UnsubscribeAsync(client, filter);
        await _broker.PublishAsync("a/b", "not heard");
        await client.ExpectSilenceAsync();
    }

    [Theory]
    [Clause("MQTT-3.10.4-3", "3.1.1 MQTT-3.10.4-3")]
    [InEachVersion(false)]
    [InEachVersion(true)]
    public async Task What_was_begun_is_completed(MqttVersion version, bool lasting)
    {
        using var client = await _broker.ConnectAsync("c", version, lasting);
        await client.SubscribeAsync(new SubscribeFilter("a", 2));
        await _broker.PublishAsync("a", "x", 2);
        var got = await client.MessageAsync();
        await UnsubscribeAsync(client, "a");
        if (lasting)
        {
            // The delivery goes on even on another connection.
            using var back = await _broker.ConnectAsync("c", version, lasting: true);
            var again = await back.MessageAsync();
            Assert.Equal((got.PacketId, true), (again.PacketId, again.Duplicate));
            await CompleteAsync(back, again.PacketId);
        }
        else
        {
            await CompleteAsync(client, got.PacketId);
        }
    }

    [Theory]
    [Clause("MQTT-3.10.4-5", "MQTT-3.10.4-6", "MQTT-3.11.3-1", "MQTT-3.11.3-2", "3.1.1 MQTT-3.10.4-6")]
    [InEachVersion]
    public async Task Many_filters_in_one_packet_are_as_many_packets_with_one_answer(MqttVersion version)
    {
        using var client = await _broker.ConnectAsync("c", version);
        await client.SubscribeAsync(new SubscribeFilter("a", 0), new("b", 0), new("c", 0));
        var answer = await UnsubscribeAsync(client, "a", "never", "b", "a");
        byte[] reasons = version == MqttVersion.V5 ? [0x00, 0x11, 0x00, 0x11] : [];
        Assert.Equal(reasons, answer[(2 + NoProperties(version).Length)..]);
        foreach (var topic in (string[])["a", "b", "c"])
        {
            await _broker.PublishAsync(topic, topic);
        }

        Assert.Equal(["c"], await client.DrainAsync());
    }

    private static async Task<byte[]> UnsubscribeAsync(RawClient client, params string[] filters)
    {
        await client.SendAsync(Of(0xA2, [Number(9), NoProperties(client.Version), .. filters.Select(Text)]));
        return (await client.ExpectAsync(MqttPacketType.UnsubAck)).Body;
    }

    private static async Task CompleteAsync(RawClient client, ushort id)
    {
        await client.AckAsync(MqttPacketType.PubRec, id);
        Assert.Equal(id, (await client.AckAsync(MqttPacketType.PubRel)).PacketId);
        await client.AckAsync(MqttPacketType.PubComp, id);
        await client.ExpectSilenceAsync();
    }
}
