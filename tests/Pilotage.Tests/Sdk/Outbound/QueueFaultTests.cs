using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Pilotage.Core.Durability;
using Pilotage.Sdk;
using Pilotage.Sdk.Outbound;
using Pilotage.Testing;
using Xunit;

namespace Pilotage.Tests.Sdk.Outbound;

/// <summary>Power cuts, full and failing disks, damage, strangers in the folder.</summary>
public sealed class QueueFaultTests
{
    [Fact]
    public async Task Nothing_that_was_taken_is_lost_in_power_cuts()
    {
        foreach (var seed in TestSize.Cases(30, 600))
        {
            Assert.Equal(0, await LostInCutsAsync(seed, ignoresSync: false));
        }
    }

    [Fact]
    public async Task The_same_loop_reports_loss_when_syncing_is_switched_off()
    {
        var lost = 0;
        for (var seed = 0; seed < 10; seed++)
        {
            lost += await LostInCutsAsync(seed, ignoresSync: true);
        }

        Assert.True(lost > 0, "a queue that never syncs lost nothing: the loop is blind");
    }

    private static async Task<int> LostInCutsAsync(int seed, bool ignoresSync)
    {
        var random = new Random(seed);
        await using var rig = new QueueRig(seed);
        rig.Disk.IgnoresSync = ignoresSync;
        await rig.OpenAsync();
        var (taken, gone, next) = (new List<int>(), new HashSet<int>(), 0);
        for (var life = 0; life < 4; life++)
        {
            var publishing = new List<(int Number, Task Task)>();
            var count = random.Next(1, 40);
            for (var i = 0; i < count; i++)
            {
                publishing.Add((++next, rig.PublishAsync(next, (byte)random.Next(1, 3), random.Next(4, 3000))));
            }

            // Some are waited for, the power goes under the others.
            await Task.WhenAll(publishing.Take(random.Next(count + 1)).Select(publish => publish.Task));
            for (var sends = random.Next(6); sends > 0 && await rig.TryTakeAsync() is { } queued; sends--)
            {
                gone.Add(rig.Number(queued));
                rig.Queue.Acknowledged(queued);
            }

            rig.Disk.Cut();
            await Task.WhenAll(publishing.Select(async publish =>
            {
                if (await Record.ExceptionAsync(() => publish.Task) is null)
                {
                    taken.Add(publish.Number);
                }
            }));
            if (await Record.ExceptionAsync(() => rig.RestartAsync()) is not null)
            {
                // Without syncing even the log itself may not come back.
                Assert.True(ignoresSync);
                return taken.Count;
            }
        }

        var found = await rig.DrainAsync();
        Assert.True(ignoresSync || found.SequenceEqual(found.Order().Distinct()), "out of order, or twice");
        return taken.Except(found).Except(gone).Count();
    }

    [Fact]
    public async Task Whenever_the_power_goes_qos_2_arrives_once()
    {
        foreach (var seed in TestSize.Cases(30, 600))
        {
            await OnceAsync(seed);
        }
    }

    /// <summary>One side of QoS 2 with the power cut at any step, against a broker that remembers what it must.</summary>
    private static async Task OnceAsync(int seed)
    {
        var random = new Random(seed);
        await using var rig = new QueueRig(seed);
        await rig.OpenAsync();
        var (held, arrived) = (new HashSet<ushort>(), new List<int>());
        const int Count = 12;
        for (var number = 1; number <= Count; number++)
        {
            await rig.PublishAsync(number, qos: 2);
        }

        while (rig.Queue.State.Waiting > 0)
        {
            var steps = random.Next(1, 12);
            var open = new Queue<QueuedMessage>(rig.Queue.Unanswered(sessionPresent: true));
            while (steps-- > 0 && (open.TryDequeue(out var unanswered) ? unanswered : await rig.TryTakeAsync()) is { } queued)
            {
                if (!queued.IsReceived)
                {
                    if (held.Add(queued.PacketId))
                    {
                        arrived.Add(rig.Number(queued));
                    }

                    if (--steps < 0)
                    {
                        break;
                    }

                    await rig.ReceiveAsync(queued);
                }

                // PUBREL reaches the broker; PUBCOMP does, or does not, come back.
                held.Remove(queued.PacketId);
                if (random.Next(4) > 0)
                {
                    rig.Queue.Acknowledged(queued);
                }
            }

            await rig.CutAsync();
        }

        Assert.Equal(Enumerable.Range(1, Count), arrived.Order());
    }

    [Fact]
    public async Task A_full_disk_refuses_keeps_what_it_has_lets_it_be_sent_and_heals()
    {
        await using var rig = new QueueRig();
        rig.Options = rig.Options with { BytesMax = 4 * 1024 * 1024 };
        rig.Disk.CapacityBytes = 1024 * 1024;
        await rig.OpenAsync();
        var taken = 0;
        MqttQueueException full;
        while ((full = (await Record.ExceptionAsync(() => rig.PublishAsync(taken + 1, qos: 2, bytes: 3000)) as MqttQueueException)!) is null)
        {
            taken++;
        }

        Assert.Equal(MqttQueueFault.DiskFull, full.Fault);
        Assert.Contains("has no room. Make room and publish again", full.Message, StringComparison.Ordinal);
        Assert.Equal(taken, rig.Queue.State.Waiting);

        // Nobody makes room: sending does. Each message takes three notes, for which room was set aside.
        for (var number = 1; number <= taken; number++)
        {
            var queued = await rig.TakeAsync();
            Assert.Equal(number, rig.Number(queued));
            await rig.ReceiveAsync(queued);
            await rig.AcknowledgeAsync(queued);
        }

        await rig.PublishAsync(taken + 1, bytes: 3000);
        await rig.RestartAsync();
        Assert.Equal([taken + 1], await rig.DrainAsync());
    }

    [Fact]
    public async Task Room_for_notes_is_not_given_to_messages()
    {
        await using var rig = new QueueRig();
        await rig.OpenAsync();
        await rig.PublishAsync(1);
        rig.Disk.CapacityBytes = rig.LogBytes() + (64 * 1024);
        await Assert.ThrowsAsync<MqttQueueException>(() => rig.PublishAsync(2, bytes: 1000));
        await rig.AcknowledgeAsync(await rig.TakeAsync());

        // The note has taken the reserve; a small message would fit, and must not have the rest of it.
        var full = await Assert.ThrowsAsync<MqttQueueException>(() => rig.PublishAsync(3));
        Assert.Equal(MqttQueueFault.DiskFull, full.Fault);
        rig.Disk.CapacityBytes = long.MaxValue;
        await rig.PublishAsync(4);
        Assert.Equal([4], await rig.DrainAsync());
    }

    [Fact]
    public async Task A_failed_disk_ends_the_queue_with_its_reason_and_a_restart_has_all()
    {
        await using var rig = new QueueRig();
        await rig.OpenAsync();
        await rig.PublishAsync(1);
        rig.Disk.FailAt(1, DiskOperation.Sync, StorageFault.Io);

        var failed = await Assert.ThrowsAsync<MqttQueueException>(() => rig.PublishAsync(2));
        Assert.Equal(MqttQueueFault.DiskFailed, failed.Fault);
        Assert.Contains("injected at a sync", failed.Message, StringComparison.Ordinal);
        Assert.Equal(MqttQueueFault.DiskFailed, (await Assert.ThrowsAsync<MqttQueueException>(() => rig.PublishAsync(3))).Fault);
        await Assert.ThrowsAsync<MqttQueueException>(() => rig.Queue.ReadyAsync(default));
        await Assert.ThrowsAsync<MqttQueueException>(() => rig.Queue.EmptyAsync(default));
        Assert.NotNull(rig.Queue.State.Failure);

        await rig.RestartAsync();
        Assert.Equal(1, (await rig.DrainAsync())[0]);
    }

    [Fact]
    public async Task Damage_costs_what_it_hits_and_is_told()
    {
        await using var rig = new QueueRig();
        await rig.OpenAsync();
        rig.Queue.SessionBegan();
        for (var number = 1; number <= 20; number++)
        {
            await rig.PublishAsync(number, bytes: 200);
        }

        await rig.CloseAsync();
        var log = rig.Disk.Root.List().Single(name => name.EndsWith(".log", StringComparison.Ordinal));
        var bytes = rig.Disk.Peek("", log)!;
        var pattern = new byte[20];
        BitConverter.TryWriteBytes(pattern, 7);
        bytes[bytes.AsSpan().IndexOf(pattern) + 50] ^= 0x40;
        rig.Disk.Poke("", log, bytes);

        var queue = await rig.OpenAsync();

        Assert.Equal((19, 1L), (queue.State.Waiting, queue.State.Damaged));
        Assert.Equal(MqttQueueLossCause.Damaged, Assert.Single(rig.Losses).Cause);

        // What is not known any more of the session is cleared away on the other side.
        Assert.False(queue.HasSession);
        Assert.Equal(Enumerable.Range(1, 20).Except([7]), await rig.DrainAsync());
    }

    [Fact]
    public async Task Damage_while_the_program_runs_costs_what_it_hits_too()
    {
        await using var rig = new QueueRig();
        rig.Options = rig.Options with { BytesMax = 4 * 1024 * 1024 };
        await rig.OpenAsync();
        const int Count = 2000;
        for (var number = 1; number <= Count; number++)
        {
            await rig.PublishAsync(number, bytes: 1000);
        }

        // Not the first, which are in memory.
        var log = rig.Disk.Root.List().Last(name => name.EndsWith(".log", StringComparison.Ordinal));
        var bytes = rig.Disk.Peek("", log)!;
        bytes[bytes.Length / 2] ^= 0x40;
        rig.Disk.Poke("", log, bytes);

        var drained = await rig.DrainAsync();
        Assert.Equal(Count - 1, drained.Count);
        Assert.Equal(drained.Order(), drained);
        Assert.Equal(1, rig.Queue.State.Damaged);
    }

    [Fact]
    public async Task A_damaged_mark_costs_no_message()
    {
        await using var rig = new QueueRig();
        await rig.OpenAsync();
        await rig.PublishAsync(1);
        await rig.CloseAsync();
        rig.Disk.Poke("", "queue.json", "{\"form"u8.ToArray());

        Assert.Equal((1, 1L), ((await rig.OpenAsync()).State.Waiting, rig.Queue.State.Damaged));
        Assert.Equal([1], await rig.DrainAsync());
        Assert.Equal(0, (await rig.RestartAsync()).State.Damaged);
    }

    [Fact]
    public async Task A_newer_format_is_refused_and_left_as_it_is()
    {
        await using var rig = new QueueRig();
        await rig.OpenAsync();
        await rig.PublishAsync(1);
        await rig.CloseAsync();
        var mark = rig.Disk.Peek("", "queue.json")!;
        rig.Disk.Poke("", "queue.json", Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(mark).Replace("\"format\":1", "\"format\":2", StringComparison.Ordinal)));

        var newer = await Assert.ThrowsAsync<MqttQueueException>(() => rig.OpenAsync());
        Assert.Equal(MqttQueueFault.NewerFormat, newer.Fault);
        Assert.Contains("format 2; this one reads up to format 1", newer.Message, StringComparison.Ordinal);

        rig.Disk.Poke("", "queue.json", mark);
        await using (var log = CommitLog.Open(rig.Disk.Root, new() { Name = "queue" }, rig.Time))
        {
            await log.AppendAsync(new byte[] { 9, 1 }, default);
        }

        Assert.Equal(MqttQueueFault.NewerFormat, (await Assert.ThrowsAsync<MqttQueueException>(() => rig.OpenAsync())).Fault);
    }

    [Fact]
    public async Task Two_programs_on_one_folder_are_one_too_many()
    {
        var folder = Directory.CreateTempSubdirectory("pilotage-queue-");
        try
        {
            var options = new MqttQueueOptions { Folder = folder.FullName };
            await using (await OpenAsync(options))
            {
                var second = await Assert.ThrowsAsync<MqttQueueException>(() => OpenAsync(options));
                Assert.Equal(MqttQueueFault.InUse, second.Fault);
                Assert.Contains($"Another program uses the queue in {folder.FullName}", second.Message, StringComparison.Ordinal);
            }

            await (await OpenAsync(options)).DisposeAsync();
            var file = Path.Combine(folder.FullName, "queue.json");
            Assert.Equal(MqttQueueFault.Unusable, (await Assert.ThrowsAsync<MqttQueueException>(() => OpenAsync(options with { Folder = Path.Combine(file, "sub") }))).Fault);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static Task<OutboundQueue> OpenAsync(MqttQueueOptions options) =>
        OutboundQueue.OpenAsync(options, "pump-7", TimeProvider.System, NullLogger.Instance, null);
}
