using Pilotage.Core.Durability;
using Pilotage.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Pilotage.Simulation.Durability;

/// <summary>P1 in simulation: thousands of power cuts, every acknowledged record accounted; and the harness itself.</summary>
public sealed class CommitLogPowerCutTests(ITestOutputHelper output)
{
    private const int CutsPerSeed = 5;

    [Fact]
    public async Task No_power_cut_loses_an_acknowledged_record()
    {
        var (cuts, acked) = (0, 0L);
        foreach (var seed in TestSize.Cases(600, 60_000))
        {
            var ledger = await LiveThroughAsync(seed, ignoresSync: false);
            Assert.True(
                ledger.Faults == 0 && ledger.Acked > 0,
                $"seed {seed}: missing {ledger.Missing}, altered {ledger.Altered}, invented {ledger.Invented}");
            (cuts, acked) = (cuts + CutsPerSeed, acked + ledger.Acked);
        }

        output.WriteLine(PromiseTotals.Line("P1", ("simulated power cuts", cuts), ("messages accounted in simulation", acked)));
    }

    [Fact]
    public async Task The_same_loop_reports_loss_when_syncing_is_switched_off()
    {
        var lost = 0;
        for (var seed = 0; seed < 50; seed++)
        {
            lost += (await LiveThroughAsync(seed, ignoresSync: true)).Missing > 0 ? 1 : 0;
        }

        Assert.True(lost > 40, $"only {lost} of 50 runs without syncing showed a loss: the harness is blind");
    }

    private static async Task<LogLedger> LiveThroughAsync(int seed, bool ignoresSync)
    {
        var random = new Random(seed);
        var disk = new SimulatedDisk(random) { IgnoresSync = ignoresSync };
        var ledger = new LogLedger();
        for (var life = 0; life < CutsPerSeed; life++)
        {
            await LiveAsync(disk, ledger, random);
            disk.Cut();
        }

        ledger.Account(Open(disk, new InlineScheduler()).Read(1));
        return ledger;
    }

    private static async Task LiveAsync(SimulatedDisk disk, LogLedger ledger, Random random)
    {
        var scheduler = new InlineScheduler();
        CommitLog log;
        try
        {
            if (random.Next(3) == 0)
            {
                // The power goes in the middle of a write or a sync, perhaps already while opening.
                disk.FailAt(1 + random.Next(30), random.Next(2) == 0 ? DiskOperation.Write : DiskOperation.Sync, StorageFault.Io);
            }

            log = Open(disk, scheduler);
        }
        catch (StorageException)
        {
            return;
        }

        ledger.Account(log.Read(1));
        for (var round = random.Next(12); round >= 0; round--)
        {
            scheduler.Hold();
            var appends = Enumerable.Range(0, 1 + random.Next(random.Next(2) == 0 ? 3 : 25)).Select(_ =>
            {
                var record = ledger.Next(random);
                return (Record: record, Task: log.Failed ? Task.FromException<long>(new IOException()) : log.AppendAsync(record, default).AsTask());
            }).ToArray();
            var isReleased = random.Next(10) > 0;
            if (isReleased)
            {
                scheduler.Release();
                await Task.WhenAll(appends.Select(append => append.Task)).ContinueWith(
                    _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            }

            foreach (var (record, task) in appends)
            {
                ledger.Note(record, isReleased && task.IsCompletedSuccessfully);
            }
        }
    }

    private static CommitLog Open(SimulatedDisk disk, InlineScheduler scheduler) => CommitLog.Open(
        disk.Root,
        new CommitLogOptions { SegmentBytes = 16 * 1024, BatchBytesMax = 8 * 1024, Writer = scheduler },
        new ManualTime());
}
