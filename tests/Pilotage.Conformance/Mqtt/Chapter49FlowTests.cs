using Pilotage.Protocols.Mqtt;
using Xunit;

namespace Pilotage.Conformance.Mqtt;

/// <summary>Flow control: a full window holds back messages of QoS 1 and 2, and nothing else.</summary>
public sealed class Chapter49FlowTests : IAsyncLifetime
{
    private BrokerUnderTest _broker = null!;

    public async Task InitializeAsync() => _broker = await BrokerUnderTest.StartAsync();

    public async Task DisposeAsync() => await _broker.DisposeAsync();

    [Theory]
    [Clause("MQTT-3.3.4-9", "MQTT-3.3.4-10", "MQTT-4.9.0-1", "MQTT-4.9.0-2", "MQTT-4.9.0-3")]
    [InlineData((byte)1)]
    [InlineData((byte)2)]
    public async Task A_full_window_delays_no_other_packet(byte qos)
    {
        using var client = await _broker.ConnectAsync("c", properties: new() { ReceiveMaximum = 1 });
        await client.SubscribeAsync(new SubscribeFilter("a", qos));
        await _broker.PublishAsync("a", "1", qos);
        await _broker.PublishAsync("a", "2", qos);
        var first = await client.MessageAsync();

        await client.ExpectSilenceAsync();
        await client.SubscribeAsync(new SubscribeFilter("b", 0));
        await client.PublishAsync("elsewhere", "x", 1, 1);
        await client.SettleAsync(1, 1);
        await client.PublishAsync("elsewhere", "x", 2, 2);
        await client.SettleAsync(2, 2);
        await client.SendAsync(RawPacket.Of(0xA2, RawPacket.Number(3), [0], RawPacket.Text("b")));
        await client.ExpectAsync(MqttPacketType.UnsubAck);

        // The window opens with PUBACK, or with PUBCOMP.
        await client.AckAsync(qos == 1 ? MqttPacketType.PubAck : MqttPacketType.PubRec, first.PacketId);
        if (qos == 2)
        {
            await client.AckAsync(MqttPacketType.PubRel);
            await client.ExpectSilenceAsync();
            await client.AckAsync(MqttPacketType.PubComp, first.PacketId);
        }

        Assert.Equal("2", (await client.MessageAsync()).Text);
    }
}
