using Pilotage.Protocols.Mqtt;
using Xunit;
using static Pilotage.Conformance.Mqtt.RawPacket;

namespace Pilotage.Conformance.Mqtt;

/// <summary>DISCONNECT from the broker: when it may come, what is in it, and that nothing comes after it.</summary>
public sealed class Chapter314DisconnectTests : IAsyncLifetime
{
    // The reasons that section 3.14.2.1 lets a server give.
    private static readonly byte[] ServerReasons =
    [
        0x00, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8B, 0x8D, 0x8E, 0x8F, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9A, 0x9B,
        0x9C, 0x9D, 0x9E, 0x9F, 0xA0, 0xA1, 0xA2,
    ];

    private BrokerUnderTest _broker = null!;

    public async Task InitializeAsync() => _broker = await BrokerUnderTest.StartAsync();

    public async Task DisposeAsync() => await _broker.DisposeAsync();

    [Theory]
    [Clause("MQTT-3.14.0-1")]
    [InlineData("E0 00")] // DISCONNECT first
    [InlineData("00 00")] // no packet
    [InlineData("10 80 00")] // a length that is too long
    [InlineData("10 0D 00 04 4D 51 54 54 05 03 00 00 00 00 00")] // CONNECT with its reserved flag
    [InlineData("10 03 00 04 4D")] // CONNECT cut short
    public async Task Nobody_is_told_goodbye_who_was_not_welcomed(string hex)
    {
        using var client = await _broker.OpenAsync();
        await client.SendHexAsync(hex);
        while (await client.ReadAsync() is { } packet)
        {
            Assert.Equal(MqttPacketType.ConnAck, packet.Frame.Type);
        }
    }

    [Theory]
    [Clause("MQTT-3.14.2-1", "MQTT-3.14.2-2", "MQTT-3.14.4-1", "MQTT-3.14.4-2", "MQTT-4.13.1-1")]
    [InlineData("C1 00")] // flags
    [InlineData("F0 00")] // AUTH without a method
    [InlineData("30 05 00 03 61 2F 23")] // a wildcard in a name
    [InlineData("30 07 00 01 61 03 23 00 00")] // alias 0
    [InlineData("32 06 00 01 61 00 00 00")] // identifier 0
    [InlineData("82 03 00 01 00")] // nothing to subscribe to
    public async Task A_goodbye_has_a_reason_no_session_expiry_and_nothing_after_it(string hex)
    {
        using var client = await _broker.ConnectAsync("c", lasting: true);
        await client.SubscribeAsync(new SubscribeFilter("a", 0));
        var message = Of(0x30, Text("a"), [0], "x"u8.ToArray());
        var fault = Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));

        // The client's own messages come back to it, before the fault and, were they looked at, after it.
        await client.SendAsync([.. Enumerable.Repeat(message, 20).SelectMany(m => m), .. fault, .. message, 0xC0, 0x00]);
        var before = 0;
        var last = await client.ReadAsync();
        for (; last is { Frame.Type: MqttPacketType.Publish }; last = await client.ReadAsync())
        {
            before++;
        }

        if (Target.Foreign is null)
        {
            Assert.Equal(20, before);
        }
        else if (last is null)
        {
            return;
        }

        Assert.Equal(MqttPacketType.Disconnect, last?.Frame.Type);
        Assert.True(MqttDecoder.TryDisconnect(
            last!.Value.Body, MqttPacketType.Disconnect, MqttVersion.V5, MqttLimits.Standard, out var packet, out _));
        Assert.Contains((byte)packet.Reason, ServerReasons);
        Assert.Null(packet.Properties?.SessionExpiry);
        await client.ExpectEndAsync();
    }
}
