using Pilotage.Broker;
using Pilotage.Protocols.Mqtt;
using Xunit;
using static Pilotage.Conformance.Mqtt.RawPacket;

namespace Pilotage.Conformance.Mqtt;

/// <summary>Topic names and topic filters: which are valid, and which match.</summary>
public sealed class Chapter47TopicTests : IAsyncLifetime
{
    private BrokerUnderTest _broker = null!;

    public async Task InitializeAsync() => _broker = await BrokerUnderTest.StartAsync(new BrokerOptions { TopicBytesMax = 65_535 });

    public async Task DisposeAsync() => await _broker.DisposeAsync();

    [Theory]
    [Clause("MQTT-4.7.1-1", "MQTT-4.7.1-2", "MQTT-4.7.3-1")]
    [Clause("3.1.1 MQTT-4.7.1-2", "3.1.1 MQTT-4.7.1-3", "3.1.1 MQTT-4.7.3-1")]
    [InEachVersion("a#")]
    [InEachVersion("a/b#")]
    [InEachVersion("a/#/b")]
    [InEachVersion("#/a")]
    [InEachVersion("##")]
    [InEachVersion("a+")]
    [InEachVersion("+a/b")]
    [InEachVersion("a/++")]
    [InEachVersion("")]
    public async Task A_filter_with_a_wildcard_out_of_place_or_with_nothing_in_it_is_refused(MqttVersion version, string filter)
    {
        using var client = await _broker.ConnectAsync("c", version);
        await client.SendAsync(Of(0x82, Number(1), NoProperties(version), Text(filter), [0]));
        await client.ExpectFilterRefusedAsync();
    }

    [Theory]
    [Clause("MQTT-3.3.2-3", "MQTT-4.7.1-1", "MQTT-4.7.1-2", "MQTT-4.7.3-4")]
    [Clause("3.1.1 MQTT-3.3.2-3", "3.1.1 MQTT-3.8.3-2", "3.1.1 MQTT-4.7.1-2", "3.1.1 MQTT-4.7.1-3", "3.1.1 MQTT-4.7.3-4")]
    [InEachVersion("#", "a/b/c", true)]
    [InEachVersion("a/#", "a", true)]
    [InEachVersion("a/#", "a/b/c", true)]
    [InEachVersion("a/#", "ab", false)]
    [InEachVersion("+", "a", true)]
    [InEachVersion("+", "/a", false)]
    [InEachVersion("+/+", "/a", true)]
    [InEachVersion("/+", "/a", true)]
    [InEachVersion("a/+", "a", false)]
    [InEachVersion("a/+", "a/", true)]
    [InEachVersion("a/+", "a/b/c", false)]
    [InEachVersion("a/+/c", "a//c", true)]
    [InEachVersion("+/b/#", "a/b", true)]
    [InEachVersion("a", "A", false)]
    [InEachVersion("a", "a/", false)]
    [InEachVersion("a", "/a", false)]
    [InEachVersion("/", "/", true)]
    [InEachVersion("a//b", "a/b", false)]
    [InEachVersion("a b", "a b", true)]
    [InEachVersion("a", "a ", false)]
    [InEachVersion("\u00E9", "e\u0301", false)] // the same letter, composed and not
    [InEachVersion("\u212B", "\u00C5", false)] // two signs that Unicode holds for one
    [InEachVersion("\uD83D\uDE00/+", "\uD83D\uDE00/x", true)]
    [InEachVersion("a", "a\u200B", false)]
    public async Task A_filter_matches_character_by_character(MqttVersion version, string filter, string topic, bool matches)
    {
        using var client = await _broker.ConnectAsync("c", version);
        Assert.Equal([MqttReason.Success], (await client.SubscribeAsync(new SubscribeFilter(filter, 0))).Reasons);
        await client.PublishAsync(topic, "x");
        if (matches)
        {
            Assert.Equal(topic, (await client.MessageAsync()).Message.Topic);
        }

        await client.ExpectSilenceAsync();
    }

    [Theory]
    [Clause("MQTT-4.7.3-1", "3.1.1 MQTT-4.7.3-1")]
    [InEachVersion]
    public async Task A_name_with_nothing_in_it_is_refused(MqttVersion version)
    {
        using var client = await _broker.ConnectAsync("c", version);
        await client.SendAsync(Of(0x30, Text(""), NoProperties(version), "x"u8.ToArray()));
        await client.ExpectFaultAsync(MqttReason.ProtocolError);
    }

    [Theory]
    [Clause("MQTT-4.7.3-3", "3.1.1 MQTT-4.7.3-3")]
    [InEachVersion]
    public async Task A_name_may_be_as_long_as_its_length_can_say(MqttVersion version)
    {
        var topic = new string('t', 65_535);
        using var client = await _broker.ConnectAsync("c", version);
        await client.SubscribeAsync(new SubscribeFilter(topic, 0));
        await client.PublishAsync(topic, "x");
        Assert.Equal(topic, (await client.MessageAsync()).Message.Topic);
    }
}
