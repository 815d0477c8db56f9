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

    [Fact]
    public async Task Gives_what_was_stored_in_order_and_nothing_below_the_mark()
    {
        await using var lane = Open();
        await FillAsync(lane, 10);

        var first = lane.Next("e1", 4, 1 << 20)!;
        await lane.AckAsync(first.NextOffset, default);
        var second = lane.Next("e1", 100, 1 << 20)!;

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
            await lane.AckAsync(lane.Next("e1", 4, 1 << 20)!.NextOffset, default);
        }

        await using var again = Open();

        Assert.Equal(id, again.LogId);
        Assert.Equal("4", Texts(again.Next("e1", 100, 1 << 20)!)[0]);
    }

    [Fact]
    public async Task After_a_power_cut_nothing_stored_is_missing()
    {
        var lane = Open();
        await FillAsync(lane, 10);
        await lane.AckAsync(lane.Next("e1", 4, 1 << 20)!.NextOffset, default);
        _disk.Cut();

        await using var again = Open();

        // The mark is written lazily: some is sent again, and the offset tells the server which.
        var texts = Texts(again.Next("e1", 100, 1 << 20)!);
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
        while (lane.Next("e1", 500, 1 << 20) is { } batch)
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
    public async Task What_was_forwarded_stays_as_history_up_to_its_bound()
    {
        await using var lane = Open(bytesMax: 1 << 20, historyBytesMax: 300_000);
        var payload = new string('x', 1000);
        for (var i = 0; i < 2000; i++)
        {
            await lane.AppendAsync(Message(i, payload), default);
            if (lane.Next("e1", 500, 1 << 20) is { Messages.Count: >= 50 } batch)
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
        return BufferLane.Open(_disk.Root, 1, bytesMax, historyBytesMax, () => "log" + ids++, new ManualTime(), NullLogger.Instance);
    }

    private static async Task FillAsync(BufferLane lane, int count)
    {
        for (var i = 0; i < count; i++)
        {
            await lane.AppendAsync(Message(i, i.ToString(System.Globalization.CultureInfo.InvariantCulture)), default);
        }
    }

    private static ForwardedMessage Message(int i, string text) => new(0, i, "acme/s/d1/_tele", Encoding.UTF8.GetBytes(text));

    private static List<string> Texts(ForwardBatch batch) => [.. batch.Messages.Select(message => Encoding.UTF8.GetString(message.Payload.Span))];
}
