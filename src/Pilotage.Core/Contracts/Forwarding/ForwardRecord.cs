using System.Buffers;

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
        ForwardBatchWriter.WriteGap(into, gap, withTopic: false);
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
            KindGap => ForwardBatchReader.TryGap(ref reader, withTopic: false, out gap) && reader.AtEnd,
            _ => false,
        };
    }
}
