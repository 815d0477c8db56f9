using Pilotage.Broker;
using Pilotage.Protocols.Mqtt;
using Xunit;
using static Pilotage.Conformance.Mqtt.RawPacket;

namespace Pilotage.Conformance.Mqtt;

/// <summary>CONNACK: when it comes, and what is in it.</summary>
public sealed class Chapter32ConnAckTests : IAsyncLifetime
{
    // Table 3-1 of 5.0.
    private static readonly byte[] ConnectReasons =
    [
        0x00, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x8C, 0x90, 0x95, 0x97, 0x99, 0x9A, 0x9B, 0x9C, 0x9D,
        0x9F,
    ];

    private BrokerUnderTest _broker = null!;

    public async Task InitializeAsync() => _broker = await BrokerUnderTest.StartAsync();

    public async Task DisposeAsync() => await _broker.DisposeAsync();

    [Theory]
    [Clause("MQTT-3.2.0-1", "MQTT-3.2.2-1", "3.1.1 MQTT-3.2.0-1")]
    [InEachVersion]
    public async Task Connack_comes_before_anything_that_waits_and_says_nothing_in_its_reserved_bits(MqttVersion version)
    {
        var leaving = await _broker.ConnectAsync("c", version, lasting: true);
        await leaving.SubscribeAsync(new SubscribeFilter("a", 1));
        await leaving.SendAsync(0xE0, 0x00);
        await leaving.ExpectEndAsync();
        leaving.Dispose();
        await _broker.PublishAsync("a", "waits", 1);

        using var back = await _broker.OpenAsync(version);
        byte[] properties = version == MqttVersion.V5 ? Properties([0x11, 0, 0, 2, 0]) : [];
        await back.SendAsync(Of(0x10, Text("MQTT"), [(byte)version, 0, 0, 30], properties, Text("c")));
        var (_, body) = await back.ExpectAsync(MqttPacketType.ConnAck);
        Assert.Equal([1, 0], body[..2]);
        await back.ExpectAsync(MqttPacketType.Publish);

        using var fresh = await _broker.OpenAsync(version);
        await fresh.SendAsync(Connect(version, 0x02, Text("fresh")));
        Assert.Equal([0, 0], (await fresh.ExpectAsync(MqttPacketType.ConnAck)).Body[..2]);
    }

    [Theory]
    [Clause("MQTT-3.2.2-8")]
    [InlineData("10 0D 00 04 4D 51 54 54 06 02 00 00 00 00 00")] // a version there is not
    [InlineData("10 0D 00 04 4D 51 54 54 05 03 00 00 00 00 00")] // the reserved flag
    [InlineData("10 13 00 04 4D 51 54 54 05 02 00 00 06 21 00 01 21 00 01 00 00")] // a property twice
    [InlineData("10 10 00 04 4D 51 54 54 05 02 00 00 03 21 00 00 00 00")] // receive maximum 0
    [InlineData("10 11 00 04 4D 51 54 54 05 02 00 00 04 15 00 01 6D 00 00")] // a method we do not know
    [InlineData("10 11 00 04 4D 51 54 54 05 02 00 00 04 16 00 01 6D 00 00")] // data without a method
    [InlineData("10 16 00 04 4D 51 54 54 05 06 00 00 00 00 01 63 00 00 03 61 2F 23 00 00")] // a will topic with a wildcard
    public async Task A_refusal_has_a_reason_that_connack_may_have(string hex)
    {
        using var client = await _broker.OpenAsync();
        await client.SendHexAsync(hex);
        var answer = await client.ReadAsync();
        if (answer is not null || Target.Foreign is null)
        {
            Assert.Equal(MqttPacketType.ConnAck, answer?.Frame.Type);
            Assert.Equal(0, answer!.Value.Body[0]);
            Assert.Contains(answer.Value.Body[1], ConnectReasons);
            Assert.NotEqual(0, answer.Value.Body[1]);
        }

        await client.ExpectEndAsync();
    }

    [OwnTheory]
    [Clause("3.1.1 MQTT-3.2.2-6")]
    [InlineData(MqttReason.ServerBusy, 3)]
    [InlineData(MqttReason.BadUserNameOrPassword, 4)]
    [InlineData(MqttReason.NotAuthorized, 5)]
    [InlineData(MqttReason.TopicNameInvalid, null)]
    [InlineData(MqttReason.PayloadFormatInvalid, null)]
    [InlineData(MqttReason.PacketTooLarge, null)]
    public async Task A_refusal_for_which_3_1_1_has_no_code_is_not_answered(MqttReason reason, int? code)
    {
        _broker.Hooks.OnConnect = _ => ConnectDecision.Refuse(reason, "no");
        using var client = await _broker.OpenAsync(MqttVersion.V311);
        await client.SendAsync(Connect(MqttVersion.V311, 0x02, Text("c")));
        Assert.Equal(code, (await client.ReadAsync())?.Body[1]);
        await client.ExpectEndAsync();
    }

    [Fact]
    [Clause("MQTT-4.12.0-6")]
    public async Task Who_names_no_authentication_method_is_told_none()
    {
        var (client, answer) = await RawClient.ConnectAsync(_broker.Port, "c");
        Assert.Null(answer.Properties?.AuthenticationMethod);
        Assert.Null(answer.Properties?.AuthenticationData);

        // No AUTH comes either: whatever comes is answered before.
        await client.ExpectSilenceAsync();
        client.Dispose();
    }
}
