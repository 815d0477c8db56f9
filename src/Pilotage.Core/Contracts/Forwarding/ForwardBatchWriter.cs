using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;

namespace Pilotage.Core.Contracts.Forwarding;

internal static class ForwardBatchWriter
{
    // Quality 4 packs repetitive JSON about 8:1 at more than 50 MB/s a core; higher ones cost the edge its processor.
    private const int BrotliQuality = 4;
    private const int BrotliWindow = 20;

    public static void Write(ForwardBatch batch, IBufferWriter<byte> into)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(batch.Messages.Count, ForwardBatch.MessagesMax);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(batch.Gaps.Count, ForwardBatch.GapsMax);
        var body = new ArrayBufferWriter<byte>(4096);
        WriteBody(batch, body);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(body.WrittenCount, ForwardBatch.UnpackedBytesMax);

        var packed = ArrayPool<byte>.Shared.Rent(BrotliEncoder.GetMaxCompressedLength(body.WrittenCount));
        try
        {
            var shrunk = BrotliEncoder.TryCompress(body.WrittenSpan, packed, out var length, BrotliQuality, BrotliWindow)
                && length < body.WrittenCount;
            WriteHeader(into, batch.IsOfFormat2, shrunk ? ForwardBatchFormat.CodecBrotli : ForwardBatchFormat.CodecPlain, body.WrittenSpan);
            into.Write(shrunk ? packed.AsSpan(0, length) : body.WrittenSpan);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(packed);
        }
    }

    private static void WriteHeader(IBufferWriter<byte> into, bool isOfFormat2, byte codec, ReadOnlySpan<byte> body)
    {
        var header = into.GetSpan(ForwardBatchFormat.HeaderBytes);
        ForwardBatchFormat.Magic.CopyTo(header);
        header[4] = isOfFormat2 ? ForwardBatchFormat.VersionOfColumns : ForwardBatchFormat.Version;
        header[5] = codec;
        BinaryPrimitives.WriteUInt32LittleEndian(header[6..], (uint)body.Length);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(body, hash);
        hash[..ForwardBatchFormat.ChecksumBytes].CopyTo(header[10..]);
        into.Advance(ForwardBatchFormat.HeaderBytes);
    }

    private static void WriteBody(ForwardBatch batch, IBufferWriter<byte> body)
    {
        WriteText(body, batch.Edge);
        WriteText(body, batch.LogId);
        WriteNumber(body, (ulong)batch.NextOffset);
        WriteNumber(body, (ulong)batch.Gaps.Count);
        foreach (var gap in batch.Gaps)
        {
            WriteGap(body, gap, batch.IsOfFormat2);
        }

        WriteNumber(body, (ulong)batch.Messages.Count);
        var topics = new Dictionary<string, int>(StringComparer.Ordinal);
        long offset = 0, receiveNs = 0;
        foreach (var message in batch.Messages)
        {
            WriteNumber(body, (ulong)(message.Offset - offset));
            WriteSigned(body, message.EdgeReceiveNs - receiveNs);
            (offset, receiveNs) = (message.Offset, message.EdgeReceiveNs);
            WriteMessage(body, message, topics);
        }

        if (batch.IsOfFormat2)
        {
            WriteNumber(body, (ulong)batch.Columns.Length);
            body.Write(batch.Columns.Span);
        }
    }

    internal static void WriteGap(IBufferWriter<byte> body, ForwardGap gap, bool withTopic)
    {
        WriteNumber(body, (ulong)gap.Priority);
        WriteNumber(body, (ulong)gap.Count);
        WriteSigned(body, gap.FirstNs);
        WriteSigned(body, gap.LastNs);
        if (withTopic)
        {
            WriteText(body, gap.Topic ?? "");
        }
    }

    internal static void WriteMessage(IBufferWriter<byte> body, ForwardedMessage message, Dictionary<string, int> topics)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(message.UserProperties.Count, ForwardBatch.UserPropertiesMax);
        var flags = (message.Retain ? ForwardBatchFormat.FlagRetain : 0)
            | (message.ContentType is not null ? ForwardBatchFormat.FlagContentType : 0)
            | (message.UserProperties.Count > 0 ? ForwardBatchFormat.FlagProperties : 0);
        body.Write([(byte)flags]);
        if (topics.TryGetValue(message.Topic, out var known))
        {
            WriteNumber(body, (ulong)known + 1);
        }
        else
        {
            WriteNumber(body, 0);
            WriteText(body, message.Topic);
            topics.Add(message.Topic, topics.Count);
        }

        if (message.ContentType is not null)
        {
            WriteText(body, message.ContentType);
        }

        if (message.UserProperties.Count > 0)
        {
            WriteNumber(body, (ulong)message.UserProperties.Count);
            foreach (var (name, value) in message.UserProperties)
            {
                WriteText(body, name);
                WriteText(body, value);
            }
        }

        WriteNumber(body, (ulong)message.Payload.Length);
        body.Write(message.Payload.Span);
    }

    private static void WriteText(IBufferWriter<byte> body, string text)
    {
        var length = Encoding.UTF8.GetByteCount(text);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, ForwardBatch.TextBytesMax, nameof(text));
        WriteNumber(body, (ulong)length);
        Encoding.UTF8.GetBytes(text, body);
    }

    internal static void WriteSigned(IBufferWriter<byte> body, long value) =>
        WriteNumber(body, (ulong)((value << 1) ^ (value >> 63)));

    internal static void WriteNumber(IBufferWriter<byte> body, ulong value)
    {
        var span = body.GetSpan(10);
        var length = 0;
        while (value >= 0x80)
        {
            span[length++] = (byte)(value | 0x80);
            value >>= 7;
        }

        span[length++] = (byte)value;
        body.Advance(length);
    }
}
