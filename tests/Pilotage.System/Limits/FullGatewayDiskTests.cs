using System.Buffers.Binary;
using Pilotage.Protocols.Mqtt;
using Pilotage.System.Store;
using Pilotage.Testing;
using Pilotage.Testing.Gateway;
using Xunit;
using Xunit.Abstractions;

namespace Pilotage.System.Limits;

/// <summary>
/// P12 for the gateway alone: the volume of its session log fills up and gets room again. Sessions, what waits in them, and
/// retained messages that were acknowledged are there in the end, after a power cut too.
/// </summary>
public sealed class FullGatewayDiskTests(ITestOutputHelper output)
{
    private const uint Day = 86_400;
    private const int PayloadBytes = 2000;
    private const int RefusedInARow = 20;
    private const int RefillAfter = 400;
    private static readonly TimeSpan HealsWithin = TimeSpan.FromSeconds(30);
    private readonly HashSet<int> _acked = [];
    private readonly Dictionary<string, int> _retained = [];
    private int _sent;
    private int _refused;

    [PowerCutFact]
    public async Task Acks_stop_with_a_reason_everything_else_goes_on_and_it_heals_by_itself()
    {
        var cycles = TestSize.Count(16, 400);
        var slowest = TimeSpan.Zero;
        await using var volume = await PowerCutVolume.CreateAsync(48);
        var state = Path.Combine(volume.MountPath, "state");
        await using (var broker = Start(state))
        {
            var port = await PortAsync(broker);
            using (var reader = await SocketPeer.ConnectAsync(port, "reader", Day))
            {
                await reader.SubscribeAsync("a/#", 1);
            }

            for (var cycle = 0; cycle < cycles; cycle++)
            {
                using var publisher = await SocketPeer.ConnectAsync(port, "publisher");
                await PublishAsync(publisher, 20);
                var fillers = await FillUntilRefusedAsync(volume, publisher);
                await AssertServesAsync(port, cycle);
                fillers.ForEach(File.Delete);
                var healed = await HealAsync(publisher);
                slowest = healed > slowest ? healed : slowest;

                // Room for the next cycle: what was read is acknowledged, and the log is rewritten without it.
                await DrainAsync(port, isLast: false);
            }

            broker.Kill();
            await broker.EndAsync();
        }

        await volume.CutAsync();
        await using var after = Start(state);
        var again = await PortAsync(after);
        await PublishAfterAsync(again);
        await DrainAsync(again, isLast: true);
        await AssertRetainedAsync(again);
        output.WriteLine($"{cycles} fillings: {_sent} sent, {_refused} refused with 0x97, {_acked.Count} still owed; healed within {slowest.TotalSeconds:F1} s");
        output.WriteLine(PromiseTotals.Line("P12", ("fillings", cycles), ("messages accounted", _sent - _refused)));
        Assert.Empty(_acked);
        Assert.True(_refused >= cycles * RefusedInARow, $"{_refused} refused");
    }

    private static ChildProcess Start(string state) =>
        ChildProcess.Start(Path.Combine(AppContext.BaseDirectory, "Pilotage.System"), ["gateway", state]);

    private static async Task<int> PortAsync(ChildProcess broker) =>
        int.Parse((await broker.WaitForAsync("ready", TimeSpan.FromSeconds(60))).Split(' ')[1]);

    private async Task<MqttReason> PublishOneAsync(SocketPeer publisher)
    {
        var number = ++_sent;
        var payload = new byte[PayloadBytes];
        BinaryPrimitives.WriteInt32LittleEndian(payload, number);
        var topic = $"a/{number % 7}";
        var reason = await publisher.PublishAsync(topic, payload, retain: number % 3 == 0);
        if (reason == MqttReason.Success)
        {
            _acked.Add(number);
            if (number % 3 == 0)
            {
                _retained[topic] = number;
            }
        }
        else
        {
            Assert.Equal(MqttReason.QuotaExceeded, reason);
            _refused++;
        }

        return reason;
    }

    private async Task PublishAsync(SocketPeer publisher, int count)
    {
        for (var i = 0; i < count; i++)
        {
            Assert.Equal(MqttReason.Success, await PublishOneAsync(publisher));
        }
    }

    private async Task<List<string>> FillUntilRefusedAsync(PowerCutVolume volume, SocketPeer publisher)
    {
        // The last block of a file may have room for one more, and a rewrite of the log that was under way gives space back; then nothing goes in.
        var fillers = new List<string> { await volume.FillAsync(kilobytesLeft: 128) };
        for (var (inARow, tried) = (0, 0); inARow < RefusedInARow; tried++)
        {
            inARow = await PublishOneAsync(publisher) == MqttReason.Success ? 0 : inARow + 1;
            Assert.True(tried < 2000, "a full disk still takes messages");
            if (tried % RefillAfter == RefillAfter - 1)
            {
                fillers.Add(await volume.FillAsync(kilobytesLeft: 128));
            }
        }

        return fillers;
    }

    /// <summary>On a full disk: connecting, QoS 0 and reading what is retained; a lasting session that would have to be stored is refused with a reason.</summary>
    private async Task AssertServesAsync(int port, int cycle)
    {
        using var passing = await SocketPeer.ConnectAsync(port, $"passing-{cycle}");
        await passing.SubscribeAsync("live");
        await passing.PublishAsync("live", 0, "x"u8.ToArray());
        await passing.ExpectAsync(MqttPacketType.Publish);
        await passing.PingAsync();
        await AssertRetainedAsync(port);

        using var lasting = await SocketPeer.OpenAsync(port);
        await lasting.SendConnectAsync($"lasting-{cycle}", expirySeconds: Day);
        Assert.Contains(await lasting.ConnAckAsync(), (MqttReason?[])[MqttReason.ServerUnavailable, MqttReason.QuotaExceeded, MqttReason.Success]);
    }

    /// <summary>From space to the first ack, with nobody's help.</summary>
    private async Task<TimeSpan> HealAsync(SocketPeer publisher)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (await PublishOneAsync(publisher) != MqttReason.Success)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(began) < HealsWithin, "space is back, and yet nothing is taken");
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        }

        return TimeProvider.System.GetElapsedTime(began);
    }

    private async Task PublishAfterAsync(int port)
    {
        using var publisher = await SocketPeer.ConnectAsync(port, "publisher");
        await PublishAsync(publisher, 1);
    }

    /// <summary>The lasting session comes back and takes what it is owed; every message that was acknowledged is among it.</summary>
    private async Task DrainAsync(int port, bool isLast)
    {
        using var reader = await SocketPeer.ConnectAsync(port, "reader", Day);
        Assert.True(reader.SessionPresent, "the session is gone");

        // The queue keeps the order, so all before the last one have come when that one has.
        while (_acked.Count > 0)
        {
            await reader.ExpectAsync(MqttPacketType.Publish);
            var (_, packetId, payload) = reader.Message();
            Assert.Equal(PayloadBytes, payload.Length);
            _acked.Remove(BinaryPrimitives.ReadInt32LittleEndian(payload.Span));
            await reader.AcknowledgeAsync(packetId);
        }

        await reader.PingAsync();
        Assert.True(!isLast || _acked.Count == 0);
    }

    private async Task AssertRetainedAsync(int port)
    {
        using var asking = await SocketPeer.ConnectAsync(port, "asking");
        await asking.SubscribeAsync("a/#");
        for (var i = 0; i < _retained.Count; i++)
        {
            await asking.ExpectAsync(MqttPacketType.Publish);
            var (topic, _, payload) = asking.Message();
            Assert.Equal(_retained[topic], BinaryPrimitives.ReadInt32LittleEndian(payload.Span));
        }
    }
}
