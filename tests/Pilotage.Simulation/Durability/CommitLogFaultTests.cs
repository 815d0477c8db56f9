using Pilotage.Core.Durability;
using Pilotage.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Pilotage.Simulation.Durability;

/// <summary>P2: a scripted run with a fault at every single write and sync in turn: no false acknowledgement.</summary>
public sealed class CommitLogFaultTests(ITestOutputHelper output)
{
    private const int Records = 130;

    [Theory]
    [InlineData(DiskOperation.Write, StorageFault.Io)]
    [InlineData(DiskOperation.Write, StorageFault.Full)]
    [InlineData(DiskOperation.Sync, StorageFault.Io)]
    [InlineData(DiskOperation.Sync, StorageFault.Full)]
    public async Task A_fault_at_any_operation_leads_to_no_false_acknowledgement(DiskOperation operation, StorageFault fault)
    {
        var reached = 0;
        for (var k = 1; k <= 125; k++)
        {
            var random = new Random(k);
            var disk = new SimulatedDisk(random);
            var ledger = new LogLedger();
            var wasFaulty = false;
            try
            {
                disk.FailAt(k, operation, fault);
                wasFaulty = await RunAsync(disk, ledger, random, fault);
            }
            catch (StorageException)
            {
                wasFaulty = true;
            }

            reached += wasFaulty ? 1 : 0;
            await GoOnAsync(disk, ledger, random, k);
        }

        output.WriteLine(PromiseTotals.Line("P2", ("fault points", reached)));
        Assert.Equal(125, reached);
    }

    /// <summary>Appends one by one; the answer is whether a fault showed.</summary>
    private static async Task<bool> RunAsync(SimulatedDisk disk, LogLedger ledger, Random random, StorageFault fault)
    {
        var log = Open(disk);
        var refused = 0;
        for (var i = 0; i < Records; i++)
        {
            var record = ledger.Next(random);
            var hadFailed = log.Failed;
            try
            {
                await log.AppendAsync(record, default);
                Assert.False(hadFailed, "acknowledged after a failure");
                ledger.Note(record, acked: true);
            }
            catch (CommitLogFullException)
            {
                // Refused: it must never come to light, so the ledger does not know it.
                Assert.Equal(StorageFault.Full, fault);
                refused++;
            }
            catch (CommitLogFailedException)
            {
                ledger.Note(record, acked: false);
                refused++;
            }
        }

        // The proof of the last sync is written when there is nothing else to do; a full disk may swallow it.
        return refused > 0 || fault == StorageFault.Full || log.Failed;
    }

    private static async Task GoOnAsync(SimulatedDisk disk, LogLedger ledger, Random random, int k)
    {
        if (k % 2 == 0)
        {
            disk.Cut();
        }

        var log = Open(disk);
        ledger.Account(log.Read(1));
        var record = ledger.Next(random);
        await log.AppendAsync(record, default);
        ledger.Note(record, acked: true);

        disk.Cut();
        ledger.Account(Open(disk).Read(1));
        Assert.True(
            ledger.Faults == 0,
            $"fault {k}: missing {ledger.Missing}, altered {ledger.Altered}, invented {ledger.Invented}");
    }

    private static CommitLog Open(SimulatedDisk disk) => CommitLog.Open(
        disk.Root, new CommitLogOptions { SegmentBytes = 8 * 1024, Writer = new InlineScheduler() }, new ManualTime());
}
