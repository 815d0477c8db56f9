using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Pilotage.Core.Contracts.Forwarding;

/// <summary>One entry of an edge's store-and-forward log: a message, or the record of a gap. Its offset is its place in the log.</summary>
public static class ForwardRecord
{
    private const byte KindMessage = 1;
    private const byte KindGap = 2;

    /// <summary>Writes a message; <see cref="ForwardedMessage.Offset"/> is not written.</summary>
    public static void Write(IBufferWriter<byte> into, ForwardedMessage message)
    {
        into.Write([KindMessage]);
        ForwardBatchWriter.WriteSigned(into, message.EdgeReceiveNs);
        ForwardBatchWriter.WriteMessage(into, message, new Dictionary<string, int>(StringComparer.Ordinal));
    }

    /// <summary>Writes a gap.</summary>
    public static void Write(IBufferWriter<byte> into, ForwardGap gap)
    {
        into.Write([KindGap]);
        ForwardBatchWriter.WriteNumber(into, (ulong)gap.Priority);
        ForwardBatchWriter.WriteNumber(into, (ulong)gap.Count);
        ForwardBatchWriter.WriteSigned(into, gap.FirstNs);
        ForwardBatchWriter.WriteSigned(into, gap.LastNs);
    }

    /// <summary>Reads an entry; exactly one of the two is set when it is true.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, long offset, out ForwardedMessage? message, out ForwardGap? gap)
    {
        (message, gap) = (null, null);
        var reader = new BoundedReader(bytes);
        return reader.TryByte(out var kind) && kind switch
        {
            KindMessage => reader.TrySigned(out var receivedNs)
                && ForwardBatchReader.TryMessage(ref reader, offset, receivedNs, [], out message) && reader.AtEnd,
            KindGap => TryGap(ref reader, out gap) && reader.AtEnd,
            _ => false,
        };
    }

    private static bool TryGap(ref BoundedReader reader, [NotNullWhen(true)] out ForwardGap? gap)
    {
        gap = null;
        if (!reader.TryNumber(int.MaxValue, out var priority) || !reader.TryNumber(long.MaxValue, out var count)
            || !reader.TrySigned(out var first) || !reader.TrySigned(out var last))
        {
            return false;
        }

        gap = new ForwardGap((int)priority, count, first, last);
        return true;
    }
}
