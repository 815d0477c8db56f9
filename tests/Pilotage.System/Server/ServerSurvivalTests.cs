using Pilotage.System.Store;
using Pilotage.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Pilotage.System.Server;

/// <summary>P1 against the whole server: the real process, killed and cut off from power under load, every answer accounted over its API.</summary>
public sealed class ServerSurvivalTests(ITestOutputHelper output)
{
    private readonly Random _random = new(20260801);
    private readonly ServerObjects _objects = new();

    [Fact]
    public async Task Nothing_acknowledged_is_lost_when_the_server_is_killed()
    {
        var kills = TestSize.Count(20, 200);
        var load = new ServerLoad();
        using var folder = new TemporaryFolder();
        await LiveAsync(load, folder.Path, kills, () => Task.CompletedTask);
        Report(load, ("kills", kills));
    }

    [Fact]
    public async Task Devices_with_certificates_are_known_again_after_a_kill_and_nothing_of_theirs_is_lost()
    {
        var kills = TestSize.Count(4, 40);
        using var folder = new TemporaryFolder();
        DeviceCredentials credentials;
        await using (var server = await ServerProcess.StartAsync(folder.Path))
        {
            credentials = await ServerObjects.EnrolLoadAsync(server.Door);
            await server.KillAsync();
        }

        var load = new ServerLoad { Credentials = credentials };
        await LiveAsync(load, folder.Path, kills, () => Task.CompletedTask);
        Report(load, ("kills", kills));
    }

    [PowerCutFact]
    public async Task Nothing_acknowledged_is_lost_when_the_power_is_cut()
    {
        var cuts = TestSize.Count(20, 150);
        var load = new ServerLoad();
        await using var volume = await PowerCutVolume.CreateAsync(256);
        await LiveAsync(load, Path.Combine(volume.MountPath, "data"), cuts, volume.CutAsync);
        Report(load, ("power cuts", cuts));
    }

    [PowerCutFact]
    public async Task The_same_loop_reports_loss_when_flushing_is_switched_off()
    {
        var load = new ServerLoad();
        await using var volume = await PowerCutVolume.CreateAsync(256);
        var data = Path.Combine(volume.MountPath, "data");
        var lost = "nothing";
        for (var cut = 0; cut < 3 && lost == "nothing"; cut++)
        {
            await using (var server = await ServerProcess.StartUnsyncedAsync(data))
            {
                await LoadAndKillAsync(load, server);
            }

            await volume.CutAsync();
            lost = await LostAsync(load, data);
        }

        output.WriteLine($"without flushing: lost {lost}; {load.Ledger}");
        Assert.True(lost != "nothing", $"a server that never flushes lost nothing: the harness is blind ({load.Ledger})");
    }

    private async Task<string> LostAsync(ServerLoad load, string data)
    {
        try
        {
            await using var server = await ServerProcess.StartAsync(data);
            await load.AccountAsync(server.Door);
            await _objects.AccountAsync(server.Door);
        }
        catch (InvalidOperationException failure)
        {
            return $"so much that it did not start ({failure.Message})";
        }

        return load.Ledger.Missing + _objects.Missing > 0 ? $"{load.Ledger.Missing} messages and {_objects.Missing} objects" : "nothing";
    }

    private async Task LiveAsync(ServerLoad load, string data, int lives, Func<Task> afterKill)
    {
        for (var life = 0; life < lives; life++)
        {
            await using (var server = await ServerProcess.StartAsync(data))
            {
                await AccountAsync(load, server.Door);
                await LoadAndKillAsync(load, server);
            }

            await afterKill();
        }

        await using var last = await ServerProcess.StartAsync(data);
        await AccountAsync(load, last.Door);
    }

    private async Task AccountAsync(ServerLoad load, ServerDoor door)
    {
        await load.AccountAsync(door);
        await load.ListenAsync(door);
        await _objects.AccountAsync(door);
        Assert.True(load.Ledger.Faults == 0 && _objects.Missing == 0, $"{load.Ledger}; objects: {_objects.Answered} answered, {_objects.Missing} missing");
    }

    private async Task LoadAndKillAsync(ServerLoad load, ServerProcess server)
    {
        // One that is answered for certain, however short the load; others are under way when the server dies.
        await _objects.CreateAsync(server.Door);
        await load.RunAsync(server.Door, async () =>
        {
            var death = KillSoonAsync(server);
            await _objects.CreateUntilAsync(server.Door, death);
            await death;
        });
    }

    private async Task KillSoonAsync(ServerProcess server)
    {
        await Task.Delay(TimeSpan.FromMilliseconds(_random.Next(2, 200)), TimeProvider.System);
        await server.KillAsync();
    }

    private void Report(ServerLoad load, (string What, long Count) deaths)
    {
        output.WriteLine($"{deaths.Count} {deaths.What}: {load.Ledger}; {_objects.Answered} objects answered, {_objects.Missing} missing");
        output.WriteLine(PromiseTotals.Line("P1", deaths, ("messages accounted", load.Ledger.Acked)));
        Assert.True(load.Ledger.Faults == 0 && load.Ledger.Acked > 100 && load.Refused.IsEmpty && _objects.Answered >= 8, $"{load.Ledger}, refused {load.Refused.Count}");
    }
}
