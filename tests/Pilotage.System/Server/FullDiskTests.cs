using System.Net;
using Pilotage.Protocols.Mqtt;
using Pilotage.System.Store;
using Pilotage.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Pilotage.System.Server;

/// <summary>P12 against the real process on a small file system: acks stop with a reason, reads work, and it heals by itself.</summary>
public sealed class FullDiskTests(ITestOutputHelper output)
{
    private static readonly TimeSpan HealsWithin = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    // What is asked for here is the very end of the disk, which the floors keep a server from.
    private static readonly string[] NoFloor = ["--disk-floor", "0", "--disk-low", "0"];
    private readonly ServerLoad _load = new();

    [PowerCutFact]
    public async Task A_full_disk_stops_acks_keeps_reads_and_heals_by_itself()
    {
        var cycles = TestSize.Count(4, 40);
        var slowest = TimeSpan.Zero;
        await using var volume = await PowerCutVolume.CreateAsync(48);
        var data = Path.Combine(volume.MountPath, "data");
        await using (var server = await ServerProcess.StartAsync(data, NoFloor))
        {
            for (var cycle = 0; cycle < cycles; cycle++)
            {
                var filler = await FillUnderLoadAsync(volume, server.Door);
                await AssertFullAsync(server.Door);
                File.Delete(filler);
                var healed = await HealAsync(server.Door);
                slowest = healed > slowest ? healed : slowest;
            }

            await AssertSaysAsync(server, "The disk is full");
            await AssertSaysAsync(server, "There is space again");
            await server.KillAsync();
        }

        await volume.CutAsync();
        await using var after = await ServerProcess.StartAsync(data, NoFloor);
        await _load.AccountAsync(after.Door);
        output.WriteLine($"{cycles} fillings: {_load.Ledger}; refused {_load.Refused.Values.Sum()}; healed within {slowest.TotalSeconds:F1} s");
        output.WriteLine(PromiseTotals.Line("P12", ("fillings", cycles), ("messages accounted", _load.Ledger.Acked)));
        Assert.True(_load.Ledger.Faults == 0, $"{_load.Ledger}");
        Assert.Equal([MqttReason.QuotaExceeded], _load.Refused.Keys);
    }

    [PowerCutFact]
    public async Task A_server_started_on_a_full_disk_answers_reads_and_heals_by_itself()
    {
        await using var volume = await PowerCutVolume.CreateAsync(48);
        var data = Path.Combine(volume.MountPath, "data");
        string filler;
        await using (var server = await ServerProcess.StartAsync(data, NoFloor))
        {
            filler = await FillUnderLoadAsync(volume, server.Door);
            await server.KillAsync();
        }

        await using var again = await ServerProcess.StartAsync(data, NoFloor);
        await AssertFullAsync(again.Door);
        File.Delete(filler);
        await HealAsync(again.Door);
        await _load.AccountAsync(again.Door);
        Assert.True(_load.Ledger.Faults == 0, $"{_load.Ledger}");
    }

    /// <summary>The log reaches us through a pipe and the logger's own queue, so a line may be behind the answer it tells of.</summary>
    private static async Task AssertSaysAsync(ServerProcess server, string words)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (!server.Errors.Contains(words, StringComparison.Ordinal))
        {
            Assert.True(TimeProvider.System.GetElapsedTime(began) < HealsWithin, $"not in the log: {words}; {server.Errors}");
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }
    }

    private async Task<string> FillUnderLoadAsync(PowerCutVolume volume, ServerDoor door)
    {
        var filler = "";
        await _load.RunAsync(door, async () =>
        {
            filler = await volume.FillAsync(kilobytesLeft: 256);
            var before = _load.Refused.Values.Sum();
            var began = TimeProvider.System.GetTimestamp();
            while (_load.Refused.Values.Sum() < before + 100)
            {
                Assert.True(TimeProvider.System.GetElapsedTime(began) < Patience, $"a full disk refused nothing; {_load.Ledger}");
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
            }
        });
        return filler;
    }

    private async Task AssertFullAsync(ServerDoor door)
    {
        // The last block of a file may have room for a few small messages; then nothing goes in any more.
        await using (var client = await ConnectAsync(door))
        {
            var refusedInARow = 0;
            for (var sent = 0; refusedInARow < 10; sent++)
            {
                var reason = await _load.SendOneAsync(client);
                refusedInARow = reason == MqttReason.QuotaExceeded ? refusedInARow + 1 : 0;
                Assert.True(sent < 200, $"a full disk still takes messages ({reason})");
            }
        }

        var (isReady, says) = await door.ReadinessAsync();
        Assert.False(isReady, says);
        Assert.Contains("the disk is full", says, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await door.AskAsync(HttpMethod.Get, "healthz/live")).Status);
        Assert.Contains("admin", (await door.AskAsync(HttpMethod.Get, "api/v1/whoami")).Body, StringComparison.Ordinal);
        await _load.AccountAsync(door);
        Assert.True(_load.Ledger.Faults == 0, $"{_load.Ledger}");
    }

    /// <summary>How long it takes from space to the first ack and to readiness, with nobody's help.</summary>
    private async Task<TimeSpan> HealAsync(ServerDoor door)
    {
        var began = TimeProvider.System.GetTimestamp();
        await using var client = await ConnectAsync(door);
        var says = "";
        while (await _load.SendOneAsync(client) != MqttReason.Success || !IsReady())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(began) < HealsWithin, $"space is back, and yet: {says}");
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
            bool isReady;
            (isReady, says) = await door.ReadinessAsync();
            says = isReady ? "" : says;
        }

        return TimeProvider.System.GetElapsedTime(began);

        bool IsReady() => says.Length == 0;
    }

    private async Task<Pilotage.Sdk.MqttClient> ConnectAsync(ServerDoor door)
    {
        var client = _load.Client(door, 0);
        await client.ConnectAsync(default).WaitAsync(Patience);
        return client;
    }
}
