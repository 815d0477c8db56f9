using Pilotage.Protocols.Mqtt;
using Xunit;
using static Pilotage.Conformance.Mqtt.RawPacket;

namespace Pilotage.Conformance.Mqtt;

/// <summary>Strings and variable byte integers.</summary>
public sealed class Chapter1EncodingTests : IAsyncLifetime
{
    // A surrogate, an overlong form, a byte that begins nothing, a sequence cut short; then U+0000.
    private static readonly string[] BadStrings = ["EDA080", "C080", "61FF", "C3", "610062"];
    private BrokerUnderTest _broker = null!;

    public async Task InitializeAsync() => _broker = await BrokerUnderTest.StartAsync();

    public async Task DisposeAsync() => await _broker.DisposeAsync();

    [Theory]
    [Clause("MQTT-1.5.4-1", "MQTT-1.5.4-2", "MQTT-3.1.3-4", "MQTT-3.1.3-11", "MQTT-3.1.3-12")]
    [Clause("3.1.1 MQTT-1.5.3-1", "3.1.1 MQTT-1.5.3-2", "3.1.1 MQTT-3.1.3-4", "3.1.1 MQTT-3.1.3-10", "3.1.1 MQTT-3.1.3-11")]
    [InEachVersion("client identifier")]
    [InEachVersion("will topic")]
    [InEachVersion("user name")]
    public async Task A_string_of_connect_that_is_not_well_formed_is_refused(MqttVersion version, string place)
    {
        foreach (var bad in BadStrings.Select(Convert.FromHexString))
        {
            var packet = place switch
            {
                "client identifier" => Connect(version, 0x02, Text(bad)),
                "will topic" => Connect(version, 0x06, Text("c"), NoProperties(version), Text(bad), Text("x")),
                _ => Connect(version, 0x82, Text("c"), Text(bad)),
            };
            using var client = await _broker.OpenAsync(version);
            await client.SendAsync(packet);
            await client.ExpectRefusedAsync(MqttReason.MalformedPacket);
        }
    }

    [Theory]
    [Clause("MQTT-1.5.4-1", "MQTT-1.5.4-2", "MQTT-3.3.2-1", "MQTT-3.8.3-1", "MQTT-3.10.3-1", "MQTT-4.7.3-2")]
    [Clause("3.1.1 MQTT-1.5.3-1", "3.1.1 MQTT-1.5.3-2", "3.1.1 MQTT-3.3.2-1", "3.1.1 MQTT-3.8.3-1")]
    [Clause("3.1.1 MQTT-3.10.3-1", "3.1.1 MQTT-4.7.3-2")]
    [InEachVersion("topic name")]
    [InEachVersion("filter to subscribe")]
    [InEachVersion("filter to unsubscribe")]
    public async Task A_topic_that_is_not_well_formed_ends_the_connection(MqttVersion version, string place)
    {
        foreach (var bad in BadStrings.Select(Convert.FromHexString))
        {
            using var client = await _broker.ConnectAsync("c", version);
            await client.SendAsync(place switch
            {
                "topic name" => Of(0x30, Text(bad), NoProperties(version)),
                "filter to subscribe" => Of(0x82, Number(1), NoProperties(version), Text(bad), [0]),
                _ => Of(0xA2, Number(1), NoProperties(version), Text(bad)),
            });
            await client.ExpectFaultAsync(MqttReason.MalformedPacket);
        }
    }

    [Theory]
    [Clause("MQTT-1.5.4-1", "MQTT-1.5.4-2", "MQTT-1.5.7-1", "MQTT-3.3.2-13", "MQTT-3.3.2-19")]
    [InlineData("response topic")]
    [InlineData("content type")]
    [InlineData("user property's name")]
    [InlineData("user property's value")]
    public async Task A_property_that_is_not_well_formed_ends_the_connection(string place)
    {
        foreach (var bad in BadStrings.Select(Convert.FromHexString))
        {
            byte[] property = place switch
            {
                "response topic" => [0x08, .. Text(bad)],
                "content type" => [0x03, .. Text(bad)],
                "user property's name" => [0x26, .. Text(bad), .. Text("value")],
                _ => [0x26, .. Text("name"), .. Text(bad)],
            };
            using var client = await _broker.ConnectAsync("c");
            await client.SendAsync(Of(0x30, Text("a"), Properties(property)));
            await client.ExpectDisconnectAsync(MqttReason.MalformedPacket);
        }
    }

    [Theory]
    [Clause("MQTT-1.5.4-3", "3.1.1 MQTT-1.5.3-3")]
    [InEachVersion]
    public async Task A_byte_order_mark_is_a_character_like_any_other(MqttVersion version)
    {
        const string Marked = "\uFEFFa";
        using var marked = await _broker.ConnectAsync("marked", version);
        await marked.SubscribeAsync(new SubscribeFilter(Marked, 0));
        using var bare = await _broker.ConnectAsync("bare", version);
        await bare.SubscribeAsync(new SubscribeFilter("a", 0));
        await _broker.PublishAsync(Marked, "x");
        var (_, body) = await marked.ExpectAsync(MqttPacketType.Publish);
        Assert.Equal("0004EFBBBF61", Convert.ToHexString(body[..6]));
        await bare.ExpectSilenceAsync();
    }

    [Theory]
    [Clause("MQTT-1.5.5-1")]
    [InlineData("C0 80 00")] // the length of a packet
    [InlineData("30 05 00 01 61 80 00")] // the length of its properties
    [InlineData("82 0A 00 01 03 0B 81 00 00 01 61 00")] // a subscription identifier
    public async Task A_number_in_more_bytes_than_it_needs_is_malformed(string hex)
    {
        using var client = await _broker.ConnectAsync("c");
        await client.SendHexAsync(hex);
        await client.ExpectDisconnectAsync(MqttReason.MalformedPacket);
    }

    [Theory]
    [Clause("MQTT-1.5.5-1")]
    [InEachVersion(127, 1)]
    [InEachVersion(128, 2)]
    [InEachVersion(16_383, 2)]
    [InEachVersion(16_384, 3)]
    public async Task The_broker_writes_lengths_as_short_as_they_can_be(MqttVersion version, int bodyBytes, int lengthBytes)
    {
        using var client = await _broker.ConnectAsync("c", version);
        await client.SubscribeAsync(new SubscribeFilter("a", 0));
        var topicAndProperties = 3 + NoProperties(version).Length;
        await _broker.PublishAsync("a", new string('x', bodyBytes - topicAndProperties));
        var (frame, body) = await client.ExpectAsync(MqttPacketType.Publish);
        Assert.Equal((1 + lengthBytes, bodyBytes), (frame.HeaderBytes, body.Length));
    }
}
