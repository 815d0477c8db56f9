using Pilotage.Protocols.Mqtt;
using Pilotage.System.Server;
using Pilotage.Testing;
using Pilotage.Testing.Gateway;
using Xunit;
using Xunit.Abstractions;

namespace Pilotage.System.Limits;

/// <summary>P11: many publish to one who reads a hundredth as fast. Its queue is bounded and what is dropped is counted; nobody else notices.</summary>
public sealed class SlowReaderTests(ITestOutputHelper output) : IDisposable
{
    private const int Share = 100;

    // BrokerOptions.QueuedMessagesMax.
    private const int QueueMax = 10_000;
    private const int LeadMax = QueueMax / 2;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private static readonly double MemoryMaxMb = 400 + TestSize.Count(0, 400);
    private readonly int _publishers = TestSize.Count(500, 5_000);
    private readonly int _each = TestSize.Count(40, 60);
    private SocketPeer? _slow;
    private SocketPeer? _fast;
    private int _published;
    private int _heard;
    private int _slowGot;

    private int Messages => _publishers * _each;

    public void Dispose()
    {
        _slow?.Dispose();
        _fast?.Dispose();
    }

    [Fact]
    public async Task A_slow_reader_costs_itself_alone()
    {
        using var folder = new TemporaryFolder();
        await using var server = await ServerProcess.StartAsync(folder.Path);
        _slow = await SocketPeer.ConnectAsync(server.Door.MqttPort, "slow", expirySeconds: 3600, receiveMax: 4);
        await _slow.SubscribeAsync("default/#", 1);
        _fast = await SocketPeer.ConnectAsync(server.Door.MqttPort, "fast", expirySeconds: 3600, receiveMax: 1000);
        await _fast.SubscribeAsync("default/#", 1);
        var hearing = HearAsync();
        var slowly = ReadSlowlyAsync();

        var worst = await PublishAsync(server);
        await hearing.WaitAsync(Patience);
        await slowly.WaitAsync(Patience);
        var dropped = await Metrics.SumAsync(server.Door, "pilotage_broker_messages_dropped_total", "queue-full");
        var stored = await Metrics.SumAsync(server.Door, "pilotage_ingest_messages_stored_total");
        var queued = await QueuedAsync(server, "open:slow");
        var peak = ProcessFigures.PeakMb(server.Id);
        output.WriteLine(
            $"{Messages} messages of {_publishers} publishers, worst ack {worst.TotalMilliseconds:F0} ms; the slow reader took {_slowGot}, {queued} wait, {dropped} dropped; at most {peak:F0} MB resident");
        output.WriteLine(PromiseTotals.Line("P1", ("messages accounted", Messages)));
        output.WriteLine(PromiseTotals.Line("P11", ("publishers to one slow reader", _publishers)));

        // Everything that was acknowledged was stored and reached the fast one; of the slow one's each is accounted for.
        Assert.Equal(Messages, stored);
        Assert.Equal(Messages, _heard);
        Assert.Equal(Messages, _slowGot + queued + dropped);
        Assert.InRange(queued, 1, QueueMax);
        Assert.True(dropped > 0, "nothing was dropped: the reader was not slow");
        Assert.True(peak < MemoryMaxMb, $"{peak} MB resident");
        Assert.True(worst < TimeSpan.FromSeconds(30), $"a publisher waited {worst} for its acknowledgement");
    }

    private async Task<TimeSpan> PublishAsync(ServerProcess server)
    {
        var worst = new TimeSpan[_publishers];
        var peers = new SocketPeer[_publishers];
        await Parallel.ForAsync(0, _publishers, new ParallelOptions { MaxDegreeOfParallelism = 50 }, async (i, _) =>
            peers[i] = await SocketPeer.ConnectAsync(server.Door.MqttPort, $"publisher-{i}"));
        await Task.WhenAll(peers.Select(async (peer, i) =>
        {
            for (var sent = 0; sent < _each; sent++)
            {
                while (Interlocked.Increment(ref _published) - Volatile.Read(ref _heard) > LeadMax)
                {
                    // On a busy machine the fast one would fall behind by a whole queue too, and lose what it is to prove.
                    Interlocked.Decrement(ref _published);
                    await Task.Delay(TimeSpan.FromMilliseconds(2), TimeProvider.System);
                }

                var began = TimeProvider.System.GetTimestamp();
                Assert.Equal(MqttReason.Success, await peer.PublishAsync($"default/plant/dev-{i % 50}/_tele/p{i}", "1"u8.ToArray()));
                var took = TimeProvider.System.GetElapsedTime(began);
                worst[i] = took > worst[i] ? took : worst[i];
            }

            peer.Dispose();
        }));
        return worst.Max();
    }

    private async Task HearAsync()
    {
        while (_heard < Messages)
        {
            await _fast!.ExpectAsync(MqttPacketType.Publish);
            await _fast.AcknowledgeAsync(_fast.Message().PacketId);
            _heard++;
        }
    }

    /// <summary>Takes one message for each hundred that the fast one has heard, until that one has heard all.</summary>
    private async Task ReadSlowlyAsync()
    {
        while (_heard < Messages)
        {
            if (_slowGot < _heard / Share)
            {
                await _slow!.ExpectAsync(MqttPacketType.Publish);
                await _slow.AcknowledgeAsync(_slow.Message().PacketId);
                _slowGot++;
            }
            else
            {
                await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
            }
        }
    }

    private async Task<long> QueuedAsync(ServerProcess server, string clientId)
    {
        // The last acknowledgement may still be under way.
        var queued = 0L;
        await Eventually.HoldsAsync(
            async () =>
            {
                var clients = await server.Door.GetAsync("api/v1/clients?limit=10000");
                queued = (long)clients["items"]!.AsArray().Single(client => (string)client!["clientId"]! == clientId)!["queued"]!;
                var dropped = await Metrics.SumAsync(server.Door, "pilotage_broker_messages_dropped_total", "queue-full");
                return queued + dropped + _slowGot == Messages;
            },
            TimeSpan.FromSeconds(20),
            $"{queued} queued and {_slowGot} taken do not make {Messages} with those dropped");
        return queued;
    }
}
