using System.Text;
using Pilotage.Core.Durability;
using Pilotage.Testing;
using Xunit;

namespace Pilotage.Tests.Core.Durability;

public sealed class CommitLogTests
{
    private readonly SimulatedDisk _disk = new(new Random(1));
    private readonly InlineScheduler _scheduler = new();
    private readonly ManualTime _time = new();

    [Fact]
    public async Task Returns_what_was_appended_after_reopening()
    {
        var log = Open();
        Assert.Equal(1, await log.AppendAsync(Bytes("one"), default));
        Assert.Equal(2, await log.AppendAsync(Bytes("two"), default));
        await log.DisposeAsync();

        var again = Open();
        Assert.Equal(["1 one", "2 two"], Texts(again, 1));
        Assert.Equal(["2 two"], Texts(again, 2));
        Assert.Equal(3, again.NextSequence);
        Assert.Equal(3, await again.AppendAsync(Bytes("three"), default));
        Assert.Equal(["1 one", "2 two", "3 three"], Texts(again, 0));
    }

    [Fact]
    public async Task Shares_one_sync_among_records_that_wait()
    {
        var log = Open();
        _scheduler.Hold();
        var waiting = Enumerable.Range(0, 100).Select(i => log.AppendAsync(Bytes($"{i}"), default).AsTask()).ToArray();
        var before = _disk.Syncs;
        Assert.DoesNotContain(waiting, task => task.IsCompleted);

        _scheduler.Release();

        Assert.Equal(Enumerable.Range(1, 100).Select(i => (long)i), await Task.WhenAll(waiting));
        Assert.Equal(1, _disk.Syncs - before);
    }

    [Fact]
    public async Task Numbers_more_records_than_one_commit_can_tell_apart()
    {
        const int Count = ushort.MaxValue + 2_000;
        var log = Open();
        _scheduler.Hold();
        var waiting = Enumerable.Range(0, Count).Select(_ => log.AppendAsync(Bytes("x"), default).AsTask()).ToArray();

        _scheduler.Release();

        Assert.Equal(Enumerable.Range(1, Count).Select(i => (long)i), await Task.WhenAll(waiting));
    }

    [Fact]
    public async Task A_record_that_nobody_waits_for_is_written_all_the_same_and_may_be_asked_for_late()
    {
        var log = Open();
        _scheduler.Hold();
        var late = log.AppendAsync(Bytes("late"), default);
        var never = log.AppendAsync(Bytes("never"), default);
        _scheduler.Release();

        Assert.True(late.IsCompletedSuccessfully && never.IsCompleted);
        Assert.Equal(1, await late);
        Assert.Equal(["1 late", "2 never"], Texts(log, 1));
    }

    [Fact]
    public void Does_not_show_a_record_that_is_not_durable()
    {
        var log = Open();
        _scheduler.Hold();
        var waiting = log.AppendAsync(Bytes("waiting"), default).AsTask();

        Assert.False(waiting.IsCompleted);
        Assert.Empty(log.Read(1));
        Assert.Equal(0, log.DurableSequence);
    }

    [Fact]
    public async Task Holds_appenders_back_at_the_bound_and_keeps_their_order()
    {
        var log = Open(new CommitLogOptions { BatchBytesMax = 4096, Writer = _scheduler });
        _scheduler.Hold();
        var appends = Enumerable.Range(0, 50)
            .Select(i => log.AppendAsync(new byte[1000 + i], default).AsTask()).ToArray();

        _scheduler.Release();

        Assert.Equal(Enumerable.Range(1, 50).Select(i => (long)i), await Task.WhenAll(appends));
        Assert.Equal(Enumerable.Range(1000, 50), log.Read(1).Select(record => record.Payload.Length));
        Assert.True(_disk.Syncs > 12, "the bound makes many commits of it");
    }

    [Fact]
    public async Task A_wait_for_room_can_be_given_up_and_leaves_nothing()
    {
        var log = Open(new CommitLogOptions { BatchBytesMax = 4096, Writer = _scheduler });
        _scheduler.Hold();
        var first = log.AppendAsync(new byte[4000], default).AsTask();
        using var source = new CancellationTokenSource();
        var second = log.AppendAsync(new byte[4001], source.Token).AsTask();
        var third = log.AppendAsync(new byte[4002], default).AsTask();

        await source.CancelAsync();
        _scheduler.Release();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        long[] expected = [1, 2];
        Assert.Equal(expected, await Task.WhenAll(first, third));
        Assert.Equal([4000, 4002], log.Read(1).Select(record => record.Payload.Length));
    }

    [Fact]
    public async Task Trims_whole_files_only()
    {
        var log = Open(new CommitLogOptions { SegmentBytes = 4096, Writer = _scheduler });
        for (var i = 0; i < 40; i++)
        {
            await log.AppendAsync(new byte[1000], default);
        }

        await log.TrimBeforeAsync(21);

        Assert.InRange(log.FirstSequence, 15, 21);
        Assert.Equal(log.FirstSequence, log.Read(0).First().Sequence);
        await log.TrimBeforeAsync(1000);
        Assert.NotEmpty(log.Read(0));
        Assert.Equal(40, Open().Read(0).Last().Sequence);
        Assert.Empty(log.Damages);
    }

    [Fact]
    public async Task Trims_one_file_at_a_time_for_who_asks_for_it()
    {
        var log = Open(new CommitLogOptions { SegmentBytes = 4096, Writer = _scheduler });
        for (var i = 0; i < 40; i++)
        {
            await log.AppendAsync(new byte[1000], default);
        }

        var files = _disk.Root.List().Count;
        Assert.False(log.TrimOldestBefore(2));
        Assert.Equal(files, _disk.Root.List().Count);
        Assert.True(log.TrimOldestBefore(1000));
        Assert.Equal(files - 1, _disk.Root.List().Count);
        Assert.Equal(40, log.Read(0).Last().Sequence);
    }

    [Fact]
    public async Task A_full_disk_refuses_without_a_trace_and_heals_when_space_returns()
    {
        var log = Open();
        await log.AppendAsync(Bytes("before"), default);
        _disk.CapacityBytes = 300;
        for (var i = 0; i < 3; i++)
        {
            await Assert.ThrowsAsync<CommitLogFullException>(() => log.AppendAsync(new byte[4000], default).AsTask());
        }

        Assert.False(log.Failed);
        _disk.CapacityBytes = long.MaxValue;
        Assert.Equal(2, await log.AppendAsync(Bytes("after"), default));

        _disk.Cut();
        Assert.Equal(["1 before", "2 after"], Texts(Open(), 1));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Records_refused_for_want_of_space_never_come_to_light(bool isCut)
    {
        var log = Open();
        await log.AppendAsync(Bytes("before"), default);
        _disk.CapacityBytes = 300;
        _scheduler.Hold();

        // Several fit whole into what space there is, so they stand in the file when the write fails.
        var refused = Enumerable.Range(0, 30).Select(i => log.AppendAsync(Bytes($"refused {i}"), default).AsTask()).ToArray();
        _scheduler.Release();
        foreach (var append in refused)
        {
            await Assert.ThrowsAsync<CommitLogFullException>(() => append);
        }

        if (isCut)
        {
            _disk.Cut();
        }

        Assert.Equal(["1 before"], Texts(Open(), 1));
    }

    [Theory]
    [InlineData(DiskOperation.Write)]
    [InlineData(DiskOperation.Sync)]
    public async Task After_a_failed_write_or_sync_nothing_is_acknowledged_until_reopened(DiskOperation operation)
    {
        var log = Open();
        await log.AppendAsync(Bytes("before"), default);
        _disk.FailAt(1, operation, StorageFault.Io);

        await Assert.ThrowsAsync<CommitLogFailedException>(() => log.AppendAsync(Bytes("in doubt"), default).AsTask());
        Assert.True(log.Failed);
        await Assert.ThrowsAsync<CommitLogFailedException>(() => log.AppendAsync(Bytes("later"), default).AsTask());
        await Assert.ThrowsAsync<CommitLogFailedException>(() => log.FlushedAsync(9, default).AsTask());

        // What the system held for clean after its failed sync must not be served unless it reached the platter.
        var again = Open();
        var served = Texts(again, 1);
        _disk.Cut();
        Assert.Equal(served, Texts(Open(), 1));
        Assert.Equal("1 before", served[0]);
    }

    [Fact]
    public async Task Flushed_waits_for_a_record_that_has_yet_to_come()
    {
        var log = Open();
        var reached = log.FlushedAsync(2, default).AsTask();
        await log.AppendAsync(Bytes("one"), default);
        Assert.False(reached.IsCompleted);

        await log.AppendAsync(Bytes("two"), default);

        await reached;
        Assert.True(log.FlushedAsync(1, default).AsTask().IsCompletedSuccessfully);
    }

    [Fact]
    public async Task Closing_writes_out_what_was_appended_and_refuses_more()
    {
        var log = Open();
        _scheduler.Hold();
        var append = log.AppendAsync(Bytes("last"), default).AsTask();
        var closing = log.DisposeAsync().AsTask();
        _scheduler.Release();
        await closing;

        Assert.Equal(1, await append);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => log.AppendAsync(Bytes("late"), default).AsTask());
    }

    [Fact]
    public async Task An_owner_that_knows_better_lets_the_log_go_on_further_up()
    {
        var log = Open();
        await log.AppendAsync(Bytes("one"), default);
        log.SkipTo(1);
        log.SkipTo(10);
        Assert.Equal(10, await log.AppendAsync(Bytes("ten"), default));
        _disk.Cut();

        var again = Open();
        Assert.Equal(["1 one", "10 ten"], Texts(again, 1));
        Assert.Equal([new LogDamage(2, 9)], again.Damages);
        Assert.Equal(11, again.NextSequence);
    }

    [Fact]
    public async Task Two_logs_share_a_folder()
    {
        var left = Open(new CommitLogOptions { Name = "left", Writer = _scheduler });
        var right = Open(new CommitLogOptions { Name = "right", Writer = _scheduler });
        await left.AppendAsync(Bytes("l"), default);
        await right.AppendAsync(Bytes("r"), default);

        Assert.Equal(["1 l"], Texts(Open(new CommitLogOptions { Name = "left", Writer = _scheduler }), 1));
        Assert.Equal(["1 r"], Texts(Open(new CommitLogOptions { Name = "right", Writer = _scheduler }), 1));
    }

    [Fact]
    public async Task A_record_past_the_bound_is_refused_at_the_call()
    {
        var log = Open(new CommitLogOptions { RecordBytesMax = 100, Writer = _scheduler });
        await log.AppendAsync(new byte[100], default);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => log.AppendAsync(new byte[101], default).AsTask());
    }

    [Fact]
    public async Task Appends_from_many_tasks_through_the_logs_own_thread()
    {
        var log = CommitLog.Open(_disk.Root, new CommitLogOptions { BatchBytesMax = 8192 }, _time);
        var tasks = Enumerable.Range(0, 8).Select(writer => Task.Run(async () =>
        {
            var last = 0L;
            for (var i = 0; i < 500; i++)
            {
                var sequence = await log.AppendAsync(Bytes($"{writer} {i}"), default);
                Assert.True(sequence > last);
                last = sequence;
            }
        }));
        await Task.WhenAll(tasks);
        await log.DisposeAsync();

        var records = Texts(Open(), 1);
        Assert.Equal(4000, records.Count);
        Assert.Equal(4000, records.Select(text => text[(text.IndexOf(' ') + 1)..]).Distinct().Count());
    }

    private static ReadOnlyMemory<byte> Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static List<string> Texts(CommitLog log, long from) =>
        [.. log.Read(from).Select(record => $"{record.Sequence} {Encoding.UTF8.GetString(record.Payload.Span)}")];

    private CommitLog Open(CommitLogOptions? options = null) =>
        CommitLog.Open(_disk.Root, options ?? new CommitLogOptions { Writer = _scheduler }, _time);
}
