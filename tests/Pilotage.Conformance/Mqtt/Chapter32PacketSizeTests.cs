using Pilotage.Protocols.Mqtt;
using Xunit;
using static Pilotage.Conformance.Mqtt.RawPacket;

namespace Pilotage.Conformance.Mqtt;

/// <summary>What a client takes at most is never exceeded; the answer comes all the same, without its words.</summary>
public sealed class Chapter32PacketSizeTests : IAsyncLifetime
{
    // CONNACK of ours has 16 bytes, and every refusal more words than would fit beside its reason.
    private const byte Small = 20;
    private BrokerUnderTest _broker = null!;

    public async Task InitializeAsync() => _broker = await BrokerUnderTest.StartAsync();

    public async Task DisposeAsync() => await _broker.DisposeAsync();

    [OwnTheory]
    [Clause("MQTT-3.1.2-24", "MQTT-3.4.2-2", "MQTT-3.4.2-3", "MQTT-3.5.2-2", "MQTT-3.5.2-3", "MQTT-3.6.2-1", "MQTT-3.6.2-2")]
    [Clause("MQTT-3.6.2-3", "MQTT-3.7.2-2", "MQTT-3.7.2-3", "MQTT-3.9.2-1", "MQTT-3.9.2-2", "MQTT-3.11.2-1", "MQTT-3.11.2-2")]
    [Clause("MQTT-3.14.2-3", "MQTT-3.14.2-4")]
    [InlineData(MqttPacketType.PubAck, "32 10 00 0B 66 6F 72 62 69 64 64 65 6E 2F 78 00 01 00", MqttReason.NotAuthorized)]
    [InlineData(MqttPacketType.PubRec, "34 10 00 0B 66 6F 72 62 69 64 64 65 6E 2F 78 00 01 00", MqttReason.NotAuthorized)]
    [InlineData(MqttPacketType.PubRel, "50 02 00 07", MqttReason.PacketIdentifierNotFound)]
    [InlineData(MqttPacketType.PubComp, "62 02 00 07", MqttReason.PacketIdentifierNotFound)]
    [InlineData(MqttPacketType.SubAck, "82 11 00 01 00 00 0B 66 6F 72 62 69 64 64 65 6E 2F 78 00", MqttReason.NotAuthorized)]
    [InlineData(MqttPacketType.UnsubAck, "A2 0A 00 01 00 00 05 61 2F 23 2F 62", MqttReason.TopicFilterInvalid)]
    [InlineData(MqttPacketType.Disconnect, "F0 00", MqttReason.ProtocolError)]
    public async Task A_refusal_that_does_not_fit_comes_without_its_words(MqttPacketType type, string hex, MqttReason reason)
    {
        var packet = Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));
        foreach (var (bytes, explained) in ((uint, bool)[])[(Small, false), (1000, true)])
        {
            using var client = await _broker.ConnectAsync("c", properties: new() { MaximumPacketSize = bytes });
            await client.SendAsync(packet);
            var (frame, body) = await client.ExpectAsync(type);
            Assert.InRange(frame.TotalBytes, 1, (int)bytes);
            Assert.Contains((byte)reason, body);
            Assert.True(explained == frame.TotalBytes > Small || type == MqttPacketType.PubRel, $"{frame.TotalBytes} bytes");
        }
    }

    [Theory]
    [Clause("MQTT-3.2.2-19", "MQTT-3.2.2-20")]
    [InlineData((byte)5)]
    [InlineData((byte)20)]
    public async Task A_refusing_connack_that_does_not_fit_comes_without_its_words(byte most)
    {
        using var client = await _broker.OpenAsync();
        await client.SendAsync(Of(
            0x10, Text("MQTT"), [5, 2, 0, 0], Properties([0x27, 0, 0, 0, most], [0x15, .. Text("none that we know")]), Text("c")));
        var (frame, body) = await client.ExpectAsync(MqttPacketType.ConnAck);
        Assert.InRange(frame.TotalBytes, 5, most);
        Assert.Equal(MqttReason.BadAuthenticationMethod, (MqttReason)body[1]);
        await client.ExpectEndAsync();
    }

    [OwnTheory]
    [Clause("MQTT-3.1.2-24")]
    [InlineData((byte)15, MqttReason.PacketTooLarge)]
    [InlineData((byte)16, MqttReason.Success)]
    public async Task A_client_that_cannot_be_told_what_it_must_know_is_refused(byte most, MqttReason reason)
    {
        using var client = await _broker.OpenAsync();
        await client.SendAsync(Of(0x10, Text("MQTT"), [5, 2, 0, 30], Properties([0x27, 0, 0, 0, most]), Text("c")));
        var (frame, body) = await client.ExpectAsync(MqttPacketType.ConnAck);
        Assert.InRange(frame.TotalBytes, 5, most);
        Assert.Equal(reason, (MqttReason)body[1]);
        if (reason == MqttReason.Success)
        {
            await client.ExpectSilenceAsync();
        }
        else
        {
            await client.ExpectEndAsync();
        }
    }
}
