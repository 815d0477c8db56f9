using System.Buffers;

namespace Pilotage.Core.Contracts.Forwarding;

/// <summary>One entry of an edge's store-and-forward log: a message, or what was dropped. Its offset is its place in the log.</summary>
public static class ForwardRecord
{
    private const byte KindMessage = 1;

    // Of earlier versions: one gap without a topic.
    private const byte KindGap = 2;
    private const byte KindDrop = 3;

    /// <summary>Writes a message; <see cref="ForwardedMessage.Offset"/> is not written.</summary>
    public static void Write(IBufferWriter<byte> into, ForwardedMessage message)
    {
        into.Write([KindMessage]);
        ForwardBatchWriter.WriteSigned(into, message.EdgeReceiveNs);
        ForwardBatchWriter.WriteMessage(into, message, new Dictionary<string, int>(StringComparer.Ordinal));
    }

    /// <summary>Writes what was dropped.</summary>
    public static void Write(IBufferWriter<byte> into, ForwardDrop drop)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(drop.Gaps.Count, ForwardBatch.GapsMax);
        into.Write([KindDrop]);
        ForwardBatchWriter.WriteNumber(into, (ulong)drop.Cut);
        ForwardBatchWriter.WriteSigned(into, drop.Replaces);
        ForwardBatchWriter.WriteNumber(into, (ulong)drop.Apart);
        ForwardBatchWriter.WriteNumber(into, (ulong)drop.Gaps.Count);
        foreach (var gap in drop.Gaps)
        {
            ForwardBatchWriter.WriteGap(into, gap, withTopic: true);
        }

        ForwardBatchWriter.WriteNumber(into, (ulong)drop.Kept.Length);
        into.Write(drop.Kept.Span);
    }

    /// <summary>Reads an entry; exactly one of the two is set when it is true.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, long offset, out ForwardedMessage? message, out ForwardDrop? drop)
    {
        (message, drop) = (null, null);
        var reader = new BoundedReader(bytes);
        return reader.TryByte(out var kind) && kind switch
        {
            KindMessage => reader.TrySigned(out var receivedNs)
                && ForwardBatchReader.TryMessage(ref reader, offset, receivedNs, [], out message) && reader.AtEnd,
            KindGap => TryGap(ref reader, out drop) && reader.AtEnd,
            KindDrop => TryDrop(ref reader, out drop) && reader.AtEnd,
            _ => false,
        };
    }

    private static bool TryGap(ref BoundedReader reader, out ForwardDrop? drop)
    {
        var isRead = ForwardBatchReader.TryGap(ref reader, withTopic: false, out var gap);
        drop = isRead ? new ForwardDrop(0, -1, 1, [gap!], default) : null;
        return isRead;
    }

    private static bool TryDrop(ref BoundedReader reader, out ForwardDrop? drop)
    {
        drop = null;
        if (!reader.TryNumber(long.MaxValue, out var cut) || !reader.TrySigned(out var replaces) || !reader.TryNumber(ForwardBatch.GapsMax, out var apart) || !reader.TryNumber(ForwardBatch.GapsMax, out var count))
        {
            return false;
        }

        var gaps = new List<ForwardGap>();
        for (var i = 0; i < count; i++)
        {
            if (!ForwardBatchReader.TryGap(ref reader, withTopic: true, out var gap))
            {
                return false;
            }

            gaps.Add(gap);
        }

        if (!reader.TryBytes(ForwardBatch.UnpackedBytesMax, out var kept))
        {
            return false;
        }

        drop = new ForwardDrop(cut, replaces, (int)apart, gaps, kept);
        return true;
    }
}
