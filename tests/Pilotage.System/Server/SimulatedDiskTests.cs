using System.Text.Json.Nodes;
using Pilotage.Core.Durability;
using Pilotage.Protocols.Mqtt;
using Pilotage.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Pilotage.System.Server;

/// <summary>
/// The whole server with its logs and keys on a simulated disk: power cuts, failed syncs and want of space wherever the tests run, root or not.
/// The catalogue stays on the real disk; its power cuts need a real volume.
/// </summary>
public sealed class SimulatedDiskTests(ITestOutputHelper output) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly Random _random = new(7);
    private readonly ServerLoad _load = new();
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Nothing_acknowledged_is_lost_when_the_power_is_cut()
    {
        var cuts = TestSize.Count(20, 200);
        var disk = new SimulatedDisk(_random);
        for (var cut = 0; cut < cuts; cut++)
        {
            await LiveAsync(disk);
            Assert.True(_load.Ledger.Faults == 0, $"after {cut} cuts: {_load.Ledger}");
        }

        await using var last = await InProcessServer.StartAsync(_folder.Path, disk);
        await _load.AccountAsync(last.Door);
        await _load.ListenAsync(last.Door);
        output.WriteLine($"{cuts} simulated power cuts: {_load.Ledger}");
        output.WriteLine(PromiseTotals.Line("P1", ("simulated power cuts", cuts), ("messages accounted", _load.Ledger.Acked)));
        Assert.True(_load.Ledger.Faults == 0 && _load.Ledger.Acked > 100, $"{_load.Ledger}");
    }

    [Fact]
    public async Task The_same_loop_reports_loss_when_flushing_is_switched_off()
    {
        var disk = new SimulatedDisk(_random);
        await using (var first = await InProcessServer.StartAsync(_folder.Path, disk))
        {
            disk.IgnoresSync = true;
            await CutUnderLoadAsync(first.Door, disk);
        }

        disk.IgnoresSync = false;
        await using var after = await InProcessServer.StartAsync(_folder.Path, disk);
        await _load.AccountAsync(after.Door);
        output.WriteLine($"without flushing: {_load.Ledger}");
        Assert.True(_load.Ledger.Missing > 0, $"a server that never flushes lost nothing: the harness is blind ({_load.Ledger})");
    }

    [Fact]
    public async Task Below_its_floor_the_server_takes_nothing_more_says_so_and_goes_on_when_there_is_room()
    {
        const long Total = 1_000_000_000;
        var free = Total / 2;
        var disk = new SimulatedDisk(_random);
        await using var server = await InProcessServer.StartAsync(_folder.Path, disk, () => (Volatile.Read(ref free), Total));
        await _load.RunAsync(server.Door, async () =>
        {
            Volatile.Write(ref free, 29_000_000);
            await UntilRefusedAsync();
            var (isReady, says) = await server.Door.ReadinessAsync();
            Assert.False(isReady);
            Assert.Contains("only 29 MB of the disk are free, less than 3 %", says, StringComparison.Ordinal);

            // Between the floors devices are heard again; what can wait does.
            Volatile.Write(ref free, 50_000_000);
            await UntilReadyAsync(server.Door);
            var (status, body) = await server.Door.AskAsync(HttpMethod.Post, "api/v1/datasets", new JsonObject { ["package"] = "x", ["name"] = "x" });
            Assert.Equal(507, (int)status);
            Assert.Contains("no dataset begins until there is space again", body, StringComparison.Ordinal);
            Volatile.Write(ref free, Total / 2);
        });
        await _load.AccountAsync(server.Door);
        Assert.True(_load.Ledger.Faults == 0 && _load.Ledger.Acked > 0, $"{_load.Ledger}");
        Assert.Equal([MqttReason.QuotaExceeded], _load.Refused.Keys);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task After_a_failed_sync_nothing_is_acknowledged_and_the_server_says_why_and_ends(int sync)
    {
        var disk = new SimulatedDisk(_random);
        await using (var server = await InProcessServer.StartAsync(_folder.Path, disk))
        {
            await _load.RunAsync(server.Door, async () =>
            {
                disk.FailAt(sync, DiskOperation.Sync, StorageFault.Io);
                await UntilRefusedAsync();
                var (isReady, says) = await server.Door.ReadinessAsync();
                Assert.False(isReady);
                Assert.Contains("failed: injected at a sync", says, StringComparison.Ordinal);
                Assert.Equal("live\n", (await server.Door.AskAsync(HttpMethod.Get, "healthz/live")).Body);
            });
            Assert.Equal(1, await server.ExitAsync());
            Assert.Contains("error: ", server.Errors, StringComparison.Ordinal);
            Assert.Contains("start the server again", server.Errors, StringComparison.Ordinal);
        }

        // What the failed sync left is readable until the power goes: that is the trap.
        disk.Cut();
        await using var after = await InProcessServer.StartAsync(_folder.Path, disk);
        await _load.AccountAsync(after.Door);
        Assert.True(_load.Ledger.Faults == 0 && _load.Ledger.Acked > 0, $"{_load.Ledger}");
        Assert.True((await after.Door.ReadinessAsync()).IsReady);
        Assert.Equal([MqttReason.UnspecifiedError], _load.Refused.Keys);
    }

    [Fact]
    public async Task A_full_disk_stops_acks_with_a_reason_and_heals_without_traffic()
    {
        var disk = new SimulatedDisk(_random);
        await using var server = await InProcessServer.StartAsync(_folder.Path, disk);
        await _load.RunAsync(server.Door, async () =>
        {
            disk.CapacityBytes = 0;
            await UntilRefusedAsync();
        });
        Assert.Equal([MqttReason.QuotaExceeded], _load.Refused.Keys);
        var (_, says) = await server.Door.ReadinessAsync();
        Assert.Contains("the disk is full", says, StringComparison.Ordinal);
        await _load.AccountAsync(server.Door);

        disk.CapacityBytes = long.MaxValue;
        await UntilReadyAsync(server.Door);

        await _load.RunAsync(server.Door, () => Task.CompletedTask);
        await _load.AccountAsync(server.Door);
        Assert.True(_load.Ledger.Faults == 0, $"{_load.Ledger}");
    }

    private async Task LiveAsync(SimulatedDisk disk)
    {
        await using var server = await InProcessServer.StartAsync(_folder.Path, disk);
        await _load.AccountAsync(server.Door);
        await _load.ListenAsync(server.Door);
        await CutUnderLoadAsync(server.Door, disk);
    }

    private Task CutUnderLoadAsync(ServerDoor door, SimulatedDisk disk) => _load.RunAsync(door, async () =>
    {
        await Task.Delay(TimeSpan.FromMilliseconds(_random.Next(2, 100)), TimeProvider.System);
        disk.Cut();
    });

    private static async Task UntilReadyAsync(ServerDoor door)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (!(await door.ReadinessAsync()).IsReady)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(30), "space is back, and nobody noticed");
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        }
    }

    private async Task UntilRefusedAsync()
    {
        var began = TimeProvider.System.GetTimestamp();
        while (_load.Refused.IsEmpty)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(began) < Patience, "nothing was refused");
            await Task.Delay(TimeSpan.FromMilliseconds(2), TimeProvider.System);
        }
    }
}
