using System.Buffers;
using Pilotage.Protocols.Mqtt;
using Xunit;

namespace Pilotage.Conformance.Mqtt;

/// <summary>Bytes that have killed brokers elsewhere, and bytes at random: the connection may die, the broker may not.</summary>
public sealed class HostileTests : IAsyncLifetime
{
    private BrokerUnderTest _broker = null!;

    public async Task InitializeAsync() => _broker = await BrokerUnderTest.StartAsync();

    public async Task DisposeAsync() => await _broker.DisposeAsync();

    [Theory]
    [InlineData("30 02 00 00")] // empty topic
    [InlineData("32 03 00 01 61")] // QoS 1 without an identifier at the end of the buffer
    [InlineData("32 06 00 01 61 00 00 00")] // identifier 0
    [InlineData("00 00")] // reserved type
    [InlineData("20 03 00 00 00")] // CONNACK from a client
    [InlineData("40 02 00 00")] // PUBACK for 0
    [InlineData("82 04 00 01 00 00")] // SUBSCRIBE cut short
    [InlineData("82 08 00 01 00 00 02 C3 28 00")] // filter that is no UTF-8
    [InlineData("82 08 00 01 00 00 02 00 00 00")] // filter with U+0000
    [InlineData("30 06 00 01 61 02 26 00")] // truncated property pair
    [InlineData("30 FF FF FF FF 01")] // five-byte length
    [InlineData("E0 02 FF 00")] // DISCONNECT with no such reason
    [InlineData("60 02 00 01")] // PUBREL without its flag
    [InlineData("62 02 00 00")] // PUBREL for 0
    [InlineData("50 01 00")] // PUBREC cut short
    [InlineData("70 04 00 01 FF 00")] // PUBCOMP with no such reason
    public async Task Named_packets_end_the_connection_alone(string hex)
    {
        var (client, _) = await RawClient.ConnectAsync(_broker.Port, "hostile");
        await client.SendHexAsync(hex);
        var last = await client.ReadAsync();
        if (last is not null || Target.Foreign is null)
        {
            Assert.Equal(MqttPacketType.Disconnect, last?.Frame.Type);
            await client.ExpectEndAsync();
        }

        client.Dispose();
        await AssertServesAsync();
    }

    [Fact]
    public async Task Wildcards_and_odd_signs_in_names_are_just_names()
    {
        foreach (var name in (string[])["#", "+", "$SYS", "a/b", "..", "'; drop table", "\u202E"])
        {
            var (client, _) = await RawClient.ConnectAsync(_broker.Port, name, change: p => p with { UserName = name });
            await client.ExpectSilenceAsync();
            client.Dispose();
        }
    }

    [Fact]
    public async Task Random_packets_on_many_connections_leave_the_broker_standing()
    {
        var random = new Random(11);
        var connect = Bytes(t => MqttEncoder.Connect(t, new() { ClientId = "fuzz", CleanStart = true }));
        byte[][] seeds =
        [
            connect,
            Bytes(t => MqttEncoder.Publish(t, MqttVersion.V5, new() { Topic = "a/b", Payload = new byte[20], UserProperties = [("a", "b")] }, new() { Qos = 1, PacketId = 1 }, 1000)),
            Bytes(t => MqttEncoder.Subscribe(t, MqttVersion.V5, new(1, [new("a/#", 1)], new() { SubscriptionIds = [1] }), 1000)),
            Bytes(t => MqttEncoder.Unsubscribe(t, MqttVersion.V5, new(1, ["a/#"]), 1000)),
            Bytes(t => MqttEncoder.Disconnect(t, MqttVersion.V5, MqttPacketType.Disconnect, new(MqttReason.Success, new() { SessionExpiry = 3 }), 1000)),
            [0xC0, 0x00],
        ];
        for (var round = 0; round < 400; round++)
        {
            using var client = await RawClient.OpenAsync(_broker.Port);
            try
            {
                if (round % 4 != 0)
                {
                    await client.SendAsync(connect);
                }

                for (var packets = random.Next(1, 8); packets > 0; packets--)
                {
                    var packet = seeds[random.Next(seeds.Length)].ToArray();
                    for (var flips = random.Next(4); flips > 0; flips--)
                    {
                        packet[random.Next(packet.Length)] = (byte)random.Next(256);
                    }

                    await client.SendAsync(packet);
                }
            }
            catch (System.Net.Sockets.SocketException)
            {
                // The broker has hung up, as it may.
            }
        }

        await AssertServesAsync();
    }

    private static byte[] Bytes(Func<ArrayBufferWriter<byte>, int> write)
    {
        var target = new ArrayBufferWriter<byte>();
        write(target);
        return target.WrittenSpan.ToArray();
    }

    private async Task AssertServesAsync()
    {
        var (client, _) = await RawClient.ConnectAsync(_broker.Port, "honest");
        await client.SubscribeAsync(new SubscribeFilter("honest", 0));
        await client.PublishAsync("honest", "work");
        Assert.Equal("work", (await client.MessageAsync()).Text);
        client.Dispose();
    }
}
