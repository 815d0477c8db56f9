using System.Buffers;
using System.Buffers.Binary;
using Pilotage.Protocols.Mqtt;
using Pilotage.System.Server;
using Pilotage.Testing;
using Pilotage.Testing.Gateway;
using Xunit;
using Xunit.Abstractions;

namespace Pilotage.System.Limits;

/// <summary>P11: a server killed with a long queue for a client that is away is soon back, within its memory, and owes nothing after.</summary>
public sealed class BacklogTests(ITestOutputHelper output)
{
    private const int Publishers = 8;
    private const int Batch = 500;
    private const int PayloadBytes = 100;
    private const uint Day = 86_400;
    private static readonly TimeSpan ReadyWithin = TimeSpan.FromSeconds(10);
    private readonly int _messages = TestSize.Count(100_000, 1_000_000);

    // What the process needs itself, and what a queued message may cost with its topic and payload.
    private double MemoryMaxMb => 350 + (_messages * 1000 / 1e6);

    [Fact]
    public async Task A_long_queue_survives_a_kill_and_is_handed_out_in_order()
    {
        using var folder = new TemporaryFolder();
        await using (var server = await StartAsync(folder))
        {
            using var away = await SocketPeer.ConnectAsync(server.Door.MqttPort, "away", Day);
            await away.SubscribeAsync("q/#", 1);
            away.Dispose();
            await Task.WhenAll(Enumerable.Range(0, Publishers).Select(publisher => PublishAsync(server, publisher)));
            await server.KillAsync();
        }

        var began = TimeProvider.System.GetTimestamp();
        await using var again = await StartAsync(folder);
        var ready = TimeProvider.System.GetElapsedTime(began);
        var received = await DrainAsync(again);
        var peak = ProcessFigures.PeakMb(again.Id);
        output.WriteLine($"{_messages} queued: ready after {ready.TotalSeconds:F1} s, at most {peak:F0} MB resident");
        output.WriteLine(PromiseTotals.Line("P1", ("kills", 1), ("messages accounted", _messages)));
        output.WriteLine(PromiseTotals.Line("P11", ("messages queued over a kill", _messages)));
        Assert.All(received, count => Assert.Equal(_messages / Publishers, count));
        Assert.True(ready < ReadyWithin, $"ready after {ready}");
        Assert.True(peak < MemoryMaxMb, $"{peak} MB resident; {MemoryMaxMb} allowed");
    }

    private static Task<ServerProcess> StartAsync(TemporaryFolder folder) => ServerProcess.StartAsync(folder.Path, "--limits", "bench");

    private async Task PublishAsync(ServerProcess server, int publisher)
    {
        using var peer = await SocketPeer.ConnectAsync(server.Door.MqttPort, $"publisher-{publisher}");
        var topic = $"q/{publisher}";
        for (var sent = 0; sent < _messages / Publishers; sent += Batch)
        {
            var batch = new ArrayBufferWriter<byte>(Batch * 150);
            for (var i = 0; i < Batch; i++)
            {
                SocketPeer.Publish(batch, topic, (ushort)(i + 1), Payload(sent + i));
            }

            await peer.SendRawAsync(batch.WrittenMemory);
            for (var i = 0; i < Batch; i++)
            {
                await peer.ExpectAsync(MqttPacketType.PubAck);
                Assert.Equal(MqttReason.Success, peer.AckReason());
            }
        }
    }

    /// <summary>How many came of each publisher: every one once, in order.</summary>
    private async Task<int[]> DrainAsync(ServerProcess server)
    {
        var next = new int[Publishers];
        using var reader = await SocketPeer.ConnectAsync(server.Door.MqttPort, "away", Day, receiveMax: 500);
        var acks = new ArrayBufferWriter<byte>();
        for (var left = _messages; left > 0; left--)
        {
            await reader.ExpectAsync(MqttPacketType.Publish);
            var (topic, packetId, payload) = reader.Message();
            var publisher = topic[^1] - '0';
            Assert.True(payload.Span.SequenceEqual(Payload(next[publisher])), $"message {next[publisher]} of {topic} was expected next");
            next[publisher]++;
            MqttEncoder.Ack(acks, MqttVersion.V5, MqttPacketType.PubAck, new(packetId, MqttReason.Success), int.MaxValue);
            if (left % 100 == 1)
            {
                await reader.SendRawAsync(acks.WrittenMemory);
                acks.ResetWrittenCount();
            }
        }

        return next;
    }

    private static byte[] Payload(int number)
    {
        var payload = new byte[PayloadBytes];
        BinaryPrimitives.WriteInt32LittleEndian(payload, number);
        payload.AsSpan(8).Fill((byte)number);
        return payload;
    }
}
