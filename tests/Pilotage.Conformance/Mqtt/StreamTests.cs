using System.Buffers;
using System.Text;
using Pilotage.Broker;
using Pilotage.Protocols.Mqtt;
using Xunit;

namespace Pilotage.Conformance.Mqtt;

/// <summary>A connection is a stream: how it is cut into pieces, and how fast each side is, changes nothing.</summary>
public sealed class StreamTests : IAsyncLifetime
{
    private const int ConnectionsMax = 5;
    private BrokerUnderTest _broker = null!;

    public async Task InitializeAsync()
    {
        // Patient with silence, so that nothing but the limit closes a connection here.
        _broker = await BrokerUnderTest.StartAsync(
            new BrokerOptions { ConnectionsMax = ConnectionsMax, LoopCount = 2, ConnectTimeout = TimeSpan.FromMinutes(1) });
    }

    public async Task DisposeAsync() => await _broker.DisposeAsync();

    [Theory]
    [Clause("MQTT-4.2.0-1", "3.1.1 MQTT-7.1.1-1")]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(4_099)]
    [InlineData(100_000)]
    public async Task Packets_cut_into_pieces_of_any_size_are_the_same_packets(int pieceBytes)
    {
        using var reader = await ConnectAsync("reader");
        await reader.SubscribeAsync(new SubscribeFilter("t/#", 0));
        using var writer = await ConnectAsync("writer");
        int[] sizes = [0, 1, 126, 127, 128, 16_383, 16_384, pieceBytes == 1 ? 20_000 : 900_000, 3];
        var stream = new ArrayBufferWriter<byte>();
        foreach (var size in sizes)
        {
            Publish(stream, $"t/{size}", Payload(size));
        }

        for (var at = 0; at < stream.WrittenCount; at += pieceBytes)
        {
            await writer.SendAsync(stream.WrittenSpan[at..Math.Min(at + pieceBytes, stream.WrittenCount)].ToArray());
        }

        foreach (var size in sizes)
        {
            var got = await reader.MessageAsync();
            Assert.Equal($"t/{size}", got.Message.Topic);
            Assert.True(got.Message.Payload.Span.SequenceEqual(Payload(size)));
        }
    }

    [OwnFact]
    public async Task What_comes_behind_a_packet_that_takes_time_stays_as_it_was()
    {
        // SUBSCRIBE of a lasting session waits for the disk; meanwhile another client's bytes come by the same loop.
        // Loops take connections in turn, so the third is on the first one's.
        using var writer = await ConnectAsync("writer", lasting: true);
        using var between = await ConnectAsync("between");
        using var other = await ConnectAsync("other");
        for (var round = 0; round < 50; round++)
        {
            var stream = new ArrayBufferWriter<byte>();
            MqttEncoder.Subscribe(stream, MqttVersion.V5, new(77, [new($"r/{round}", 0)], null), int.MaxValue);
            Publish(stream, $"r/{round}", Payload(5_000 + round));
            await writer.SendAsync(stream.WrittenSpan.ToArray());
            await other.PublishAsync("elsewhere", new string('z', 30_000));
            await writer.ExpectAsync(MqttPacketType.SubAck);
            var got = await writer.MessageAsync();
            Assert.True(got.Message.Payload.Span.SequenceEqual(Payload(5_000 + round)));
        }
    }

    [Fact]
    public async Task A_reader_that_pauses_gets_the_rest_whole_and_in_order()
    {
        using var reader = await ConnectAsync("reader");
        await reader.SubscribeAsync(new SubscribeFilter("p", 1));
        using var writer = await ConnectAsync("writer");

        // More than the sockets hold: the broker meets a full one, and goes on when it drains.
        for (ushort id = 1; id <= 60; id++)
        {
            await writer.PublishAsync("p", $"{id}:{new string('x', 300_000)}", 1, id);
            await writer.PubAckAsync();
        }

        for (ushort id = 1; id <= 60; id++)
        {
            var got = await reader.MessageAsync();
            Assert.StartsWith($"{id}:", Encoding.UTF8.GetString(got.Message.Payload.Span), StringComparison.Ordinal);
            await reader.AckAsync(MqttPacketType.PubAck, got.PacketId);
        }
    }

    [OwnFact]
    public async Task One_connection_more_than_the_limit_is_closed_and_room_comes_back()
    {
        var clients = new List<RawClient>();
        for (var i = 0; i < ConnectionsMax; i++)
        {
            clients.Add(await ConnectAsync($"c{i}"));
        }

        using (var oneMore = await RawClient.OpenAsync(_broker.Port))
        {
            await oneMore.ExpectEndAsync();
        }

        await clients[0].SendAsync(0xE0, 0x00);
        await clients[0].ExpectEndAsync();
        clients[0].Dispose();
        clients[0] = await ConnectAsync("again");
        clients.ForEach(client => client.Dispose());
    }

    private static byte[] Payload(int size) => [.. Enumerable.Range(0, size).Select(i => (byte)(i * 31))];

    private static void Publish(ArrayBufferWriter<byte> into, string topic, byte[] payload) =>
        MqttEncoder.Publish(into, MqttVersion.V5, new() { Topic = topic, Payload = payload }, default, int.MaxValue);

    private async Task<RawClient> ConnectAsync(string clientId, bool lasting = false) =>
        (await RawClient.ConnectAsync(
            _broker.Port, clientId, change: p => lasting ? p with { Properties = new() { SessionExpiry = 600 } } : p)).Client;
}
