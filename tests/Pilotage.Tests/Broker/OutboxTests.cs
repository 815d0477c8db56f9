using System.Buffers;
using Pilotage.Broker.Connections;
using Xunit;

namespace Pilotage.Tests.Broker;

/// <summary>Bytes leave an outbox as they were written, within its bounds, and whoever was refused is told of room.</summary>
public sealed class OutboxTests
{
    [Fact]
    public void Bytes_come_out_in_order_whatever_the_sizes_of_packets_and_of_what_is_taken()
    {
        var random = new Random(5);
        var outbox = new Outbox(1_000_000, int.MaxValue);
        var (written, taken) = (new List<byte>(), new List<byte>());
        for (var round = 0; round < 2_000; round++)
        {
            var packet = new byte[random.Next(20) == 0 ? random.Next(100_000) : random.Next(1, 300)];
            random.NextBytes(packet);
            Write(outbox, packet);
            written.AddRange(packet);
            for (var turns = random.Next(4); turns > 0 && outbox.Peek() is { Count: > 0 } front; turns--)
            {
                var count = random.Next(1, front.Count + 1);
                taken.AddRange(front.AsSpan(0, count));
                outbox.Sent(count);
            }
        }

        Empty(outbox, taken);
        Assert.True(written.SequenceEqual(taken));
    }

    [Theory]
    [InlineData(4, 1_000, 4)]
    [InlineData(100, 50, 5)]
    public void No_more_is_taken_than_fits_and_room_is_told_once_when_half_is_free(int packets, int bytes, int fitting)
    {
        var outbox = new Outbox(packets, bytes);
        for (var i = 0; i < fitting; i++)
        {
            Assert.True(HasRoom(outbox, 10));
            Write(outbox, new byte[10]);
        }

        Assert.False(HasRoom(outbox, 10));
        var told = new List<int>();
        for (var sent = 1; sent <= 10 * fitting; sent++)
        {
            if (outbox.Sent(1))
            {
                told.Add(sent);
            }
        }

        Assert.Single(told);
        Assert.True(HasRoom(outbox, 10));
    }

    [Fact]
    public void An_empty_one_takes_one_packet_however_large()
    {
        var outbox = new Outbox(10, 50);
        Assert.True(HasRoom(outbox, 1_000_000));
        Write(outbox, new byte[1_000_000]);
        Assert.False(HasRoom(outbox, 1));
        Assert.True(outbox.IsOver);
    }

    [Fact]
    public async Task Whoever_waits_for_room_goes_on_when_half_is_free_or_when_it_is_closed()
    {
        var outbox = new Outbox(10, 100);
        Write(outbox, new byte[150]);
        var waiting = outbox.UntilRoomAsync();
        outbox.Sent(90);
        Assert.False(waiting.IsCompleted);
        outbox.Sent(60);
        await waiting.WaitAsync(TimeSpan.FromSeconds(10));

        Write(outbox, new byte[150]);
        waiting = outbox.UntilRoomAsync();
        outbox.Close();
        await waiting.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.True(outbox.UntilRoomAsync().IsCompleted);
    }

    [Fact]
    public void A_closed_one_still_gives_what_it_has_unless_that_is_thrown_away()
    {
        var kept = new Outbox(10, 100);
        Write(kept, [1, 2, 3]);
        kept.Close();
        Assert.Equal<byte>([1, 2, 3], kept.Peek().ToArray());

        var discarded = new Outbox(10, 100);
        Write(discarded, [1, 2, 3]);
        discarded.Close(discards: true);
        Assert.Equal(0, discarded.Peek().Count);
        Assert.False(discarded.Sent(3));
    }

    private static bool HasRoom(Outbox outbox, int bytes)
    {
        lock (outbox.Gate)
        {
            return outbox.HasRoom(bytes);
        }
    }

    private static void Write(Outbox outbox, byte[] packet)
    {
        lock (outbox.Gate)
        {
            // In pieces, as an encoder may.
            outbox.Write(packet.AsSpan(0, packet.Length / 2));
            outbox.Write(packet.AsSpan(packet.Length / 2));
            outbox.EndPacket();
        }
    }

    private static void Empty(Outbox outbox, List<byte> into)
    {
        while (outbox.Peek() is { Count: > 0 } front)
        {
            into.AddRange(front);
            outbox.Sent(front.Count);
        }
    }
}
