using System.Buffers;
using Pilotage.Protocols.Mqtt;
using Pilotage.System.Server;
using Pilotage.Testing;
using Pilotage.Testing.Gateway;
using Xunit;
using Xunit.Abstractions;

namespace Pilotage.System.Limits;

/// <summary>P11: retained messages up to the limit and past it, and many who ask for all of them at once, on a broker in a process of its own.</summary>
public sealed class RetainedFloodTests(ITestOutputHelper output)
{
    private const int Publishers = 8;
    private const int Batch = 32;
    private const int Readers = 10;
    private const int PayloadBytes = 64;

    // BrokerOptions.RetainedMessagesMax.
    private const int Most = 100_000;
    private const double MemoryMaxMb = 350;
    // Ten copies of what is retained would be 300.
    private const double GrownMaxMb = 120;

    [Fact]
    public async Task Past_the_limit_messages_are_refused_and_many_readers_of_all_cost_no_copies()
    {
        using var folder = new TemporaryFolder();
        await using var broker = ChildProcess.Start(
            Path.Combine(AppContext.BaseDirectory, "Pilotage.System"), ["gateway", folder.Path, "--default-limits"]);
        var port = int.Parse((await broker.WaitForAsync("ready", TimeSpan.FromSeconds(60))).Split(' ')[1]);

        var outcomes = await Task.WhenAll(Enumerable.Range(0, Publishers).Select(i => FloodAsync(port, i)));
        var (taken, refused) = (outcomes.Sum(one => one.Taken), outcomes.Sum(one => one.Refused));
        Assert.Equal(Most, taken);
        Assert.True(refused > 0, "nothing was refused");

        // What is there can be replaced and taken away, and makes room.
        using var peer = await SocketPeer.ConnectAsync(port, "peer");
        Assert.Equal(MqttReason.Success, await peer.PublishAsync("r/0/0", new byte[PayloadBytes], retain: true));
        Assert.Equal(MqttReason.QuotaExceeded, await peer.PublishAsync("r/more", new byte[1], retain: true));
        Assert.Equal(MqttReason.Success, await peer.PublishAsync("r/0/0", default, retain: true));
        Assert.Equal(MqttReason.Success, await peer.PublishAsync("r/more", new byte[1], retain: true));

        // What the runtime keeps for garbage it takes with the first of them.
        Assert.Equal(Most, await ReadAsync(port, Readers));
        var before = ProcessFigures.PeakMb(broker.Id);
        var read = await Task.WhenAll(Enumerable.Range(0, Readers).Select(i => ReadAsync(port, i)));
        var peak = ProcessFigures.PeakMb(broker.Id);
        output.WriteLine($"{taken} retained, {refused} refused; {Readers} readers of all: from {before:F0} to {peak:F0} MB resident");
        output.WriteLine(PromiseTotals.Line("P11", ("retained messages read at once", read.Sum())));
        Assert.All(read, count => Assert.Equal(Most, count));
        Assert.True(peak < MemoryMaxMb, $"{peak} MB resident");
        Assert.True(peak - before < GrownMaxMb, $"{peak - before} MB more with {Readers} readers");
    }

    private static async Task<(int Taken, int Refused)> FloodAsync(int port, int publisher)
    {
        using var peer = await SocketPeer.ConnectAsync(port, $"publisher-{publisher}");
        var (taken, refused) = (0, 0);
        for (var sent = 0; sent < (Most / Publishers) + (10 * Batch); sent += Batch)
        {
            var batch = new ArrayBufferWriter<byte>(Batch * 100);
            for (var i = 0; i < Batch; i++)
            {
                SocketPeer.Publish(batch, $"r/{publisher}/{sent + i}", (ushort)(i + 1), new byte[PayloadBytes], retain: true);
            }

            await peer.SendRawAsync(batch.WrittenMemory);
            for (var i = 0; i < Batch; i++)
            {
                await peer.ExpectAsync(MqttPacketType.PubAck);
                var reason = peer.AckReason();
                taken += reason == MqttReason.Success ? 1 : 0;
                refused += reason == MqttReason.QuotaExceeded ? 1 : 0;
            }
        }

        return (taken, refused);
    }

    private static async Task<int> ReadAsync(int port, int reader)
    {
        using var peer = await SocketPeer.ConnectAsync(port, $"reader-{reader}", receiveMax: 200);
        await peer.SendSubscribeAsync(reader % 2 == 0 ? "#" : "r/#", qos: 1);
        var (count, acks) = (0, new ArrayBufferWriter<byte>());
        while (count < Most)
        {
            if (await peer.NextAsync() is not { } type)
            {
                return count;
            }

            if (type == MqttPacketType.Publish)
            {
                MqttEncoder.Ack(acks, MqttVersion.V5, MqttPacketType.PubAck, new(peer.Message().PacketId, MqttReason.Success), int.MaxValue);
                if (++count % 50 == 0)
                {
                    await peer.SendRawAsync(acks.WrittenMemory);
                    acks.ResetWrittenCount();
                }
            }
        }

        return count;
    }
}
