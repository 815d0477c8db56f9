using Pilotage.Core.Durability;
using Pilotage.Testing;
using Pilotage.TimeSeries;
using Xunit;
using Xunit.Abstractions;

namespace Pilotage.System.Store;

/// <summary>P1 at the level of the store: a real process, killed and cut off from power, every ack accounted.</summary>
public sealed class StoreSurvivalTests(ITestOutputHelper output)
{
    private const int Fillings = 20;
    private static readonly int Kills = TestSize.Count(80, 2000);
    private static readonly int Cuts = TestSize.Count(50, 1000);
    private static readonly TimeSpan ReadyWithin = TimeSpan.FromSeconds(60);
    private readonly Random _random = new(20260101);
    private readonly MessageLedger _ledger = new();
    private long _next = 1;
    private long _damaged;

    [Fact]
    public async Task Nothing_acknowledged_is_lost_however_often_the_writer_is_killed()
    {
        var path = Directory.CreateTempSubdirectory("pilotage-kill-").FullName;
        try
        {
            for (var kill = 0; kill < Kills; kill++)
            {
                await WriteAndKillAsync(path, isUnsynced: false);
                await AccountAsync(path);
            }

            output.WriteLine($"{Kills} kills: {_ledger}");
            output.WriteLine(PromiseTotals.Line("P1", ("kills", Kills), ("messages accounted", _ledger.Acked)));
            Assert.True(_ledger.Faults == 0 && _damaged == 0 && _ledger.Acked > 100, $"{_ledger}, damaged {_damaged}");
        }
        finally
        {
            Directory.Delete(path, recursive: true);
        }
    }

    [PowerCutFact]
    public async Task Nothing_acknowledged_is_lost_however_often_the_power_is_cut()
    {
        await CutAsync(Cuts, isUnsynced: false);
        output.WriteLine($"{Cuts} power cuts: {_ledger}");
        output.WriteLine(PromiseTotals.Line("P1", ("power cuts", Cuts), ("messages accounted", _ledger.Acked)));
        Assert.True(_ledger.Faults == 0 && _damaged == 0 && _ledger.Acked > 100, $"{_ledger}, damaged {_damaged}");
    }

    [PowerCutFact]
    public async Task The_same_loop_reports_loss_when_syncing_is_switched_off()
    {
        await CutAsync(5, isUnsynced: true);
        output.WriteLine($"5 power cuts without syncing: {_ledger}");
        Assert.True(_ledger.Missing > 0, $"a writer that never syncs lost nothing: the harness is blind ({_ledger})");
    }

    [PowerCutFact]
    public async Task A_disk_that_fills_up_stops_acks_keeps_reading_and_heals_twenty_times()
    {
        await using var volume = await PowerCutVolume.CreateAsync();
        var path = Path.Combine(volume.MountPath, "store");
        var refused = 0;
        await using (var store = StoreWriter.Open(path, isUnsynced: false))
        {
            for (var cycle = 0; cycle < Fillings; cycle++)
            {
                var filler = await volume.FillAsync(kilobytesLeft: 256);
                refused += await AppendUntilRefusedAsync(store);
                Assert.Equal(_ledger.Acked, StoreWriter.Stored(store).Count());
                File.Delete(filler);
                await AppendAsync(store, 100);
            }

            Assert.False(store.Failed);
        }

        await volume.InspectCutAsync(mount => AccountAsync(Path.Combine(mount, "store")));
        output.WriteLine($"{Fillings} fillings, {refused} refused: {_ledger}");
        output.WriteLine(PromiseTotals.Line("P12", ("fillings", Fillings), ("messages accounted", _ledger.Acked)));
        Assert.True(_ledger.Faults == 0 && _damaged == 0 && refused >= Fillings, $"{_ledger}, damaged {_damaged}, refused {refused}");
    }

    private async Task<int> AppendUntilRefusedAsync(TimeSeriesStore store)
    {
        const int AppendsMax = 50_000;
        for (var i = 0; i < AppendsMax; i += 100)
        {
            var appends = Enumerable.Range(0, 100).Select(async _ =>
            {
                var number = Interlocked.Increment(ref _next);
                try
                {
                    await store.AppendAsync(StoreWriter.Message(number), null, CancellationToken.None);
                    return number;
                }
                catch (CommitLogFullException)
                {
                    return 0;
                }
            }).ToArray();
            var stored = await Task.WhenAll(appends);
            foreach (var number in stored.Where(number => number > 0))
            {
                _ledger.Ack(number);
            }

            if (stored.Count(number => number == 0) is var refused and > 0)
            {
                return refused;
            }
        }

        return 0;
    }

    private async Task AppendAsync(TimeSeriesStore store, int count)
    {
        for (var i = 0; i < count; i++)
        {
            await store.AppendAsync(StoreWriter.Message(++_next), null, CancellationToken.None);
            _ledger.Ack(_next);
        }
    }

    private async Task CutAsync(int cuts, bool isUnsynced)
    {
        await using var volume = await PowerCutVolume.CreateAsync();
        for (var cut = 0; cut < cuts; cut++)
        {
            await WriteAndKillAsync(Path.Combine(volume.MountPath, "store"), isUnsynced);
            await volume.InspectCutAsync(mount => AccountAsync(Path.Combine(mount, "store")));
        }
    }

    private async Task WriteAndKillAsync(string path, bool isUnsynced)
    {
        string[] flags = isUnsynced ? ["--no-sync"] : [];
        await using var writer = ChildProcess.Start(
            Path.Combine(AppContext.BaseDirectory, "Pilotage.System"), ["store-writer", path, $"{_next}", .. flags]);
        await writer.WaitForAsync("ready", ReadyWithin);
        Note(await writer.WaitForAsync("ack", ReadyWithin));
        await Task.Delay(TimeSpan.FromMilliseconds(_random.Next(2, 200)), TimeProvider.System);
        writer.Kill();
        foreach (var line in await writer.EndAsync())
        {
            Note(line);
        }

        // Numbers that were in flight stay unused, so that no message is sent twice.
        _next += 1_000_000;
    }

    private void Note(string line)
    {
        // The dot tells a whole line from one that the kill cut short.
        if (line is ['a', 'c', 'k', ' ', .. var number, '.'])
        {
            _ledger.Ack(long.Parse(number));
        }
    }

    private async Task AccountAsync(string path)
    {
        await using var store = StoreWriter.Open(path, isUnsynced: false);
        _ledger.Account(StoreWriter.Stored(store), knowsAllSent: false);
        _damaged += store.Damaged;
    }
}
