using Pilotage.Protocols.Mqtt;
using Pilotage.Testing;
using Xunit;
using static Pilotage.Protocols.Mqtt.MqttPacketType;

namespace Pilotage.Conformance.Mqtt;

/// <summary>What is sent again when a client comes back, what is not, and in which order.</summary>
public sealed class Chapter44RedeliveryTests : IAsyncLifetime
{
    private BrokerUnderTest _broker = null!;

    public async Task InitializeAsync() => _broker = await BrokerUnderTest.StartAsync();

    public async Task DisposeAsync() => await _broker.DisposeAsync();

    [Theory]
    [Clause("MQTT-4.4.0-2")]
    [InlineData((byte)1)]
    [InlineData((byte)2)]
    public async Task A_message_that_the_client_has_refused_is_not_sent_again(byte qos)
    {
        var reader = await ReaderAsync(MqttVersion.V5, qos);
        await _broker.PublishAsync("a", "x", qos);
        await reader.AckAsync(qos == 1 ? PubAck : PubRec, (await reader.MessageAsync()).PacketId, MqttReason.UnspecifiedError);
        await reader.ExpectSilenceAsync();
        reader.Dispose();
        using var back = await _broker.ConnectAsync("reader", lasting: true);
        await back.ExpectSilenceAsync();
    }

    [Theory]
    [Clause("MQTT-4.3.3-3", "MQTT-4.3.3-4", "MQTT-4.3.3-5", "MQTT-4.3.3-6", "MQTT-4.4.0-1")]
    [Clause("3.1.1 MQTT-4.3.3-1", "3.1.1 MQTT-4.4.0-1")]
    [InEachVersion]
    public async Task A_qos_2_message_is_sent_again_until_pubrec_and_its_pubrel_until_pubcomp(MqttVersion version)
    {
        var reader = await ReaderAsync(version, 2);
        await _broker.PublishAsync("a", "x", 2);
        var first = await reader.MessageAsync();
        Assert.False(first.Duplicate);
        reader.Dispose();

        reader = await _broker.ConnectAsync("reader", version, lasting: true);
        var again = await reader.MessageAsync();
        Assert.Equal((first.PacketId, true, "x"), (again.PacketId, again.Duplicate, again.Text));
        await reader.AckAsync(PubRec, first.PacketId);
        Assert.Equal(first.PacketId, (await reader.AckAsync(PubRel)).PacketId);
        reader.Dispose();

        reader = await _broker.ConnectAsync("reader", version, lasting: true);
        Assert.Equal(first.PacketId, (await reader.AckAsync(PubRel)).PacketId);
        await reader.AckAsync(PubComp, first.PacketId);
        await reader.ExpectSilenceAsync();
        reader.Dispose();

        reader = await _broker.ConnectAsync("reader", version, lasting: true);
        await reader.ExpectSilenceAsync();
        reader.Dispose();
    }

    [OwnTheory]
    [Clause("MQTT-4.4.0-1", "MQTT-3.3.1-1", "3.1.1 MQTT-4.4.0-1", "3.1.1 MQTT-3.3.1-1")]
    [InlineData(MqttVersion.V5)]
    [InlineData(MqttVersion.V311)]
    public async Task What_is_under_way_keeps_its_identifiers_over_a_restart_of_the_server(MqttVersion version)
    {
        var reader = await ReaderAsync(version, 2);
        foreach (var (text, qos) in new (string, byte)[] { ("acknowledged", 1), ("one", 1), ("two", 2), ("received", 2) })
        {
            await _broker.PublishAsync("a", text, qos);
        }

        var sent = new List<RawClient.Got>();
        while (sent.Count < 4)
        {
            sent.Add(await reader.MessageAsync());
        }

        await reader.AckAsync(PubAck, sent[0].PacketId);
        await reader.AckAsync(PubRec, sent[3].PacketId);
        Assert.Equal(sent[3].PacketId, (await reader.AckAsync(PubRel)).PacketId);
        await _broker.RestartAsync();
        reader.Dispose();

        reader = await _broker.ConnectAsync("reader", version, lasting: true);
        Assert.Equal(sent[3].PacketId, (await reader.AckAsync(PubRel)).PacketId);
        foreach (var before in sent[1..3])
        {
            var again = await reader.MessageAsync();
            Assert.Equal((before.PacketId, before.Text, true), (again.PacketId, again.Text, again.Duplicate));
        }

        // What is new takes none of those under way, nor begins at 1 again.
        await _broker.PublishAsync("a", "new", 1);
        var next = await reader.MessageAsync();
        Assert.Equal((sent.Max(got => got.PacketId) + 1, false), (next.PacketId, next.Duplicate));
        reader.Dispose();
    }

    [Theory]
    [Clause("MQTT-4.3.3-8", "MQTT-4.3.3-10", "MQTT-4.3.3-11", "MQTT-4.3.3-12", "3.1.1 MQTT-4.3.3-2")]
    [InEachVersion]
    public async Task A_qos_2_message_counts_once_however_often_it_comes_until_it_is_released(MqttVersion version)
    {
        using var reader = await ReaderAsync(version, 0);
        using var client = await _broker.ConnectAsync("c", version);
        foreach (var text in (string[])["one", "two"])
        {
            foreach (var first in (byte[])[0x34, 0x3C, 0x3C])
            {
                await client.SendAsync(RawPacket.Of(
                    first, RawPacket.Text("a"), RawPacket.Number(10), RawPacket.NoProperties(version), RawPacket.Text(text)[2..]));
                await client.ExpectAckAsync(PubRec, 10);
            }

            await client.AckAsync(PubRel, 10);
            await client.ExpectAckAsync(PubComp, 10);
        }

        Assert.Equal(["one", "two"], await reader.DrainAsync());
    }

    [Theory]
    [Clause("MQTT-4.6.0-1", "3.1.1 MQTT-4.6.0-1", "3.1.1 MQTT-4.6.0-6")]
    [InEachVersion((byte)1)]
    [InEachVersion((byte)2)]
    public async Task Messages_are_sent_again_in_their_order(MqttVersion version, byte qos)
    {
        const int Messages = 10;
        var reader = await ReaderAsync(version, qos);
        for (var i = 0; i < Messages; i++)
        {
            await _broker.PublishAsync("a", $"{i}", qos);
        }

        var first = await UnacknowledgedAsync(reader);
        reader.Dispose();
        reader = await _broker.ConnectAsync("reader", version, lasting: true);
        var again = await UnacknowledgedAsync(reader);
        reader.Dispose();
        Assert.Equal(Enumerable.Range(0, Messages).Select(i => $"{i}"), first.Select(got => got.Text));
        Assert.Equal(first.Select(got => (got.PacketId, got.Text)), again.Select(got => (got.PacketId, got.Text)));
        Assert.All(again, got => Assert.True(got.Duplicate));

        async Task<List<RawClient.Got>> UnacknowledgedAsync(RawClient from)
        {
            var all = new List<RawClient.Got>();
            while (all.Count < Messages)
            {
                all.Add(await from.MessageAsync());
            }

            return all;
        }
    }

    [Theory]
    [Clause("MQTT-4.6.0-2", "MQTT-4.6.0-3", "3.1.1 MQTT-4.6.0-2", "3.1.1 MQTT-4.6.0-3")]
    [InEachVersion((byte)1)]
    [InEachVersion((byte)2)]
    public async Task Receipts_come_in_the_order_of_the_messages(MqttVersion version, byte qos)
    {
        ushort[] ids = [5, 3, 9, 1, 7, 2];
        using var client = await _broker.ConnectAsync("c", version, lasting: true);
        var stream = ids.SelectMany(id => RawPacket.Of(
            (byte)(0x30 | (qos << 1)), RawPacket.Text($"t/{id}"), RawPacket.Number(id), RawPacket.NoProperties(version)));
        await client.SendAsync([.. stream]);
        foreach (var id in ids)
        {
            await client.ExpectAckAsync(qos == 1 ? PubAck : PubRec, id);
        }
    }

    [Theory]
    [Clause("MQTT-4.6.0-4", "3.1.1 MQTT-4.6.0-4")]
    [InEachVersion(false)]
    [InEachVersion(true)]
    public async Task Releases_come_in_the_order_of_the_receipts(MqttVersion version, bool lasting)
    {
        using var reader = await _broker.ConnectAsync("reader", version, lasting);
        await reader.SubscribeAsync(new SubscribeFilter("a", 2));
        var ids = new List<ushort>();
        for (var i = 0; i < 4; i++)
        {
            await _broker.PublishAsync("a", $"{i}", 2);
            ids.Add((await reader.MessageAsync()).PacketId);
        }

        ushort[] order = [ids[2], ids[0], ids[3], ids[1]];
        await reader.SendAsync([.. order.SelectMany(id => RawPacket.Of(0x50, RawPacket.Number(id)))]);
        foreach (var id in order)
        {
            Assert.Equal(id, (await reader.AckAsync(PubRel)).PacketId);
        }
    }

    [OwnFact]
    [Clause("MQTT-4.3.3-7", "MQTT-4.3.3-13")]
    public async Task Expiry_does_not_break_off_what_qos_2_has_begun()
    {
        var time = new ManualTime();
        await using var broker = await BrokerUnderTest.StartAsync(time: time);
        var reader = await broker.ConnectAsync("reader", lasting: true);
        await reader.SubscribeAsync(new SubscribeFilter("a", 2));
        var sender = await broker.ConnectAsync("sender", lasting: true);
        await sender.PublishAsync("a", "x", 2, 1, properties: new() { MessageExpiry = 5 });
        await sender.AckAsync(PubRec);
        var first = await reader.MessageAsync();
        reader.Dispose();
        time.Advance(TimeSpan.FromSeconds(10));

        // To the receiver the message is sent again although its life is over, and goes to its end.
        reader = await broker.ConnectAsync("reader", lasting: true);
        var again = await reader.MessageAsync();
        Assert.Equal((first.PacketId, "x", 0u), (again.PacketId, again.Text, again.Message.ExpirySeconds));
        await reader.AckAsync(PubRec, again.PacketId);
        await reader.AckAsync(PubRel);
        await reader.AckAsync(PubComp, again.PacketId);
        await reader.ExpectSilenceAsync();
        reader.Dispose();

        // From the sender it is released as if nothing had happened.
        await sender.AckAsync(PubRel, 1);
        await sender.ExpectAckAsync(PubComp, 1);
        sender.Dispose();
    }

    private async Task<RawClient> ReaderAsync(MqttVersion version, byte qos)
    {
        var reader = await _broker.ConnectAsync("reader", version, lasting: true);
        await reader.SubscribeAsync(new SubscribeFilter("a", qos));
        return reader;
    }
}
