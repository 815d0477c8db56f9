using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Pilotage.Core.Contracts.Forwarding;
using Pilotage.Edge.Buffer;
using Pilotage.Testing;
using Xunit;

namespace Pilotage.Tests.Edge;

public sealed class BufferLaneTests
{
    private readonly SimulatedDisk _disk = new(new Random(1));
    private int _ns;

    [Fact]
    public async Task Gives_what_was_stored_in_order_and_nothing_below_the_mark()
    {
        await using var lane = Open();
        await FillAsync(lane, 10);

        var first = (await NextAsync(lane, 4, 1 << 20))!;
        await lane.AckAsync(first.NextOffset, default);
        var second = (await NextAsync(lane, 100, 1 << 20))!;

        Assert.Equal(["0", "1", "2", "3"], Texts(first));
        Assert.Equal(["4", "5", "6", "7", "8", "9"], Texts(second));
    }

    [Fact]
    public async Task After_a_restart_it_goes_on_from_the_mark_under_the_same_id()
    {
        string id;
        await using (var lane = Open())
        {
            id = lane.LogId;
            await FillAsync(lane, 10);
            await lane.AckAsync((await NextAsync(lane, 4, 1 << 20))!.NextOffset, default);
        }

        await using var again = Open();

        Assert.Equal(id, again.LogId);
        Assert.Equal("4", Texts((await NextAsync(again, 100, 1 << 20))!)[0]);
    }

    [Fact]
    public async Task After_a_power_cut_nothing_stored_is_missing()
    {
        var lane = Open();
        await FillAsync(lane, 10);
        await lane.AckAsync((await NextAsync(lane, 4, 1 << 20))!.NextOffset, default);
        _disk.Cut();

        await using var again = Open();

        // The mark is written lazily: some is sent again, and the offset tells the server which.
        var texts = Texts((await NextAsync(again, 100, 1 << 20))!);
        Assert.Equal(["4", "5", "6", "7", "8", "9"], texts[^6..]);
    }

    [Fact]
    public async Task A_full_lane_drops_the_oldest_and_says_exactly_how_many()
    {
        await using var lane = Open(bytesMax: 1 << 20);
        var payload = new string('x', 1000);
        for (var i = 0; i < 3000; i++)
        {
            await lane.AppendAsync(Message(i, payload), default);
        }

        var (kept, dropped, lastOffset) = (0L, 0L, -1L);
        while (await NextAsync(lane, 500, 1 << 20) is { } batch)
        {
            kept += batch.Messages.Count;
            dropped += batch.Gaps.Sum(gap => gap.Count);
            Assert.All(batch.Messages, message => Assert.True(message.Offset > lastOffset));
            lastOffset = batch.NextOffset - 1;
            await lane.AckAsync(batch.NextOffset, default);
        }

        Assert.Equal(3000, kept + dropped);
        Assert.InRange(dropped, 1500, 2500);
        Assert.Equal(0, lane.PendingBytes);
    }

    [Fact]
    public async Task What_was_dropped_is_told_topic_by_topic_from_when_to_when()
    {
        await using var lane = Open(bytesMax: 100_000);
        var payload = new string('x', 1000);
        for (var i = 0; i < 300; i++)
        {
            await lane.AppendAsync(Message(i, payload) with { Topic = $"acme/s/d{i % 2}/_tele" }, default);
        }

        var (gaps, kept) = (new List<ForwardGap>(), new List<ForwardedMessage>());
        while (await NextAsync(lane, 500, 1 << 20) is { } batch)
        {
            gaps.AddRange(batch.Gaps);
            kept.AddRange(batch.Messages);
            await lane.AckAsync(batch.NextOffset, default);
        }

        Assert.Equal(2, gaps.Count);
        foreach (var device in new[] { 0, 1 })
        {
            var first = kept.Where(message => message.EdgeReceiveNs % 2 == device).Min(message => message.EdgeReceiveNs);
            Assert.Equal(new ForwardGap(2, (first - device) / 2, device, first - 2) { Topic = $"acme/s/d{device}/_tele" }, gaps.Single(gap => gap.FirstNs == device));
        }
    }

    [Fact]
    public async Task What_is_on_its_way_is_neither_dropped_nor_told_even_after_a_power_cut()
    {
        var lane = Open(bytesMax: 100_000);
        await FillAsync(lane, 30);
        var sent = (await NextAsync(lane, 10, 1 << 20))!;
        await OverflowAsync(lane);
        _disk.Cut();
        await using var again = Open(bytesMax: 100_000);

        var first = (await NextAsync(again, 10, 1 << 20))!;
        await again.AckAsync(first.NextOffset, default);
        var second = (await NextAsync(again, 1000, 1 << 24))!;

        Assert.Equal((sent.NextOffset, sent.LogId), (first.NextOffset, first.LogId));
        Assert.Equal(Texts(sent), Texts(first));
        var gap = Assert.Single(second.Gaps);
        Assert.Equal((10, second.Messages[0].EdgeReceiveNs - 10), (gap.FirstNs, gap.Count));
    }

    [Fact]
    public async Task A_drop_that_was_told_is_not_told_again_after_a_restart()
    {
        var lane = Open(bytesMax: 100_000);
        await OverflowAsync(lane);
        var told = (await NextAsync(lane, 1000, 1 << 24))!;
        await lane.AckAsync(told.NextOffset, default);
        await lane.DisposeAsync();
        await using var again = Open(bytesMax: 100_000);

        Assert.NotEmpty(told.Gaps);
        Assert.False(again.HasPending);
        Assert.Null(await NextAsync(again, 1000, 1 << 24));
    }

    [Fact]
    public async Task Drops_between_which_something_was_sent_are_told_apart()
    {
        await using var lane = Open(bytesMax: 100_000);
        await OverflowAsync(lane);

        // Sent up to before the record of the drop, and not acknowledged; then the buffer runs over again.
        var sent = (await NextAsync(lane, 20, 1 << 24))!;
        await OverflowAsync(lane);
        await lane.AckAsync(sent.NextOffset, default);
        var gaps = new List<ForwardGap>();
        while (await NextAsync(lane, 1000, 1 << 24) is { } batch)
        {
            gaps.AddRange(batch.Gaps);
            await lane.AckAsync(batch.NextOffset, default);
        }

        Assert.Equal(2, gaps.Count);
        var of = sent.Messages.Select(message => message.EdgeReceiveNs).ToList();
        Assert.All(gaps, gap => Assert.DoesNotContain(of, ns => ns >= gap.FirstNs && ns <= gap.LastNs));
    }

    [Fact]
    public async Task A_disk_without_room_does_not_keep_what_is_on_it_from_being_sent()
    {
        await using var lane = Open();
        await FillAsync(lane, 10);
        _disk.CapacityBytes = _disk.UsedBytes;

        var batch = (await NextAsync(lane, 100, 1 << 20))!;
        await lane.AckAsync(batch.NextOffset, default);

        Assert.Equal(10, batch.Messages.Count);
        Assert.False(lane.HasPending);
    }

    [Fact]
    public async Task What_was_forwarded_stays_as_history_up_to_its_bound()
    {
        await using var lane = Open(bytesMax: 1 << 20, historyBytesMax: 300_000);
        var payload = new string('x', 1000);
        for (var i = 0; i < 2000; i++)
        {
            await lane.AppendAsync(Message(i, payload), default);
            if (await NextAsync(lane, 500, 1 << 20) is { Messages.Count: >= 50 } batch)
            {
                await lane.AckAsync(batch.NextOffset, default);
            }
        }

        var history = lane.History().ToList();
        Assert.InRange(history.Count, 150, 900);
        Assert.Equal(1999, history[^1].EdgeReceiveNs);
    }

    private BufferLane Open(long bytesMax = 1 << 24, long historyBytesMax = 0)
    {
        var ids = 0;
        return BufferLane.Open(_disk.Root, "telemetry", 2, bytesMax, historyBytesMax, () => "log" + ids++, new ManualTime(), NullLogger.Instance);
    }

    private static ValueTask<ForwardBatch?> NextAsync(BufferLane lane, int messagesMax, int bytesMax) => lane.NextAsync("e1", messagesMax, bytesMax, default);

    private async Task FillAsync(BufferLane lane, int count)
    {
        for (var i = 0; i < count; i++)
        {
            await lane.AppendAsync(Message(_ns++, i.ToString(System.Globalization.CultureInfo.InvariantCulture)), default);
        }
    }

    private async Task OverflowAsync(BufferLane lane)
    {
        var payload = new string('x', 1000);
        for (var i = 0; i < 150; i++)
        {
            await lane.AppendAsync(Message(_ns++, payload), default);
        }
    }

    private static ForwardedMessage Message(int i, string text) => new(0, i, "acme/s/d1/_tele", Encoding.UTF8.GetBytes(text));

    private static List<string> Texts(ForwardBatch batch) => [.. batch.Messages.Select(message => Encoding.UTF8.GetString(message.Payload.Span))];
}
