using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.IO.Compression;
using System.Security.Cryptography;

namespace Pilotage.Core.Contracts.Forwarding;

internal static class ForwardBatchReader
{
    public static Outcome<ForwardBatch> Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < ForwardBatchFormat.HeaderBytes || !bytes.StartsWith(ForwardBatchFormat.Magic))
        {
            return Bad("it does not begin with the header of a forward batch");
        }

        if (bytes[4] is not (ForwardBatchFormat.Version or ForwardBatchFormat.VersionOfColumns))
        {
            return new Refusal("forward.version", $"This batch is of format {bytes[4]}; this server reads formats 1 and 2. Upgrade the server first.");
        }

        var length = BinaryPrimitives.ReadUInt32LittleEndian(bytes[6..]);
        if (length > ForwardBatch.UnpackedBytesMax)
        {
            return new Refusal("forward.too_large", $"A batch may hold {ForwardBatch.UnpackedBytesMax} bytes; this one says {length}.");
        }

        var body = ArrayPool<byte>.Shared.Rent(Math.Max(1, (int)length));
        try
        {
            var unpacked = body.AsSpan(0, (int)length);
            if (!Unpack(bytes[5], bytes[ForwardBatchFormat.HeaderBytes..], unpacked))
            {
                return Bad("its body does not unpack to the stated length");
            }

            if (!ChecksumHolds(unpacked, bytes.Slice(10, ForwardBatchFormat.ChecksumBytes)))
            {
                return Bad("its checksum does not match");
            }

            return ReadBody(unpacked, bytes[4] == ForwardBatchFormat.VersionOfColumns, out var batch) ? batch : Bad("its body ends early, runs over or breaks a bound");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(body);
        }
    }

    private static Refusal Bad(string why) => new("forward.malformed", $"The forward batch cannot be read: {why}.");

    private static bool Unpack(byte codec, ReadOnlySpan<byte> packed, Span<byte> into)
    {
        switch (codec)
        {
            case ForwardBatchFormat.CodecPlain when packed.Length == into.Length:
                packed.CopyTo(into);
                return true;
            case ForwardBatchFormat.CodecBrotli:
                // The destination is the bound: a bomb stops at the stated length.
                return BrotliDecoder.TryDecompress(packed, into, out var written) && written == into.Length;
            default:
                return false;
        }
    }

    private static bool ChecksumHolds(ReadOnlySpan<byte> body, ReadOnlySpan<byte> stated)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(body, hash);
        return hash[..ForwardBatchFormat.ChecksumBytes].SequenceEqual(stated);
    }

    private static bool ReadBody(ReadOnlySpan<byte> body, bool isOfFormat2, [NotNullWhen(true)] out ForwardBatch? batch)
    {
        batch = null;
        byte[]? columns = [];
        var reader = new BoundedReader(body);
        if (!reader.TryText(ForwardBatch.TextBytesMax, out var edge)
            || !reader.TryText(ForwardBatch.TextBytesMax, out var logId)
            || !reader.TryNumber(long.MaxValue, out var nextOffset)
            || !TryGaps(ref reader, isOfFormat2, out var gaps)
            || !TryMessages(ref reader, nextOffset, out var messages)
            || (isOfFormat2 && !reader.TryBytes(ForwardBatch.UnpackedBytesMax, out columns))
            || !reader.AtEnd)
        {
            return false;
        }

        batch = new ForwardBatch(edge, logId, nextOffset, messages) { Gaps = gaps, Columns = columns };
        return true;
    }

    private static bool TryGaps(ref BoundedReader reader, bool isOfFormat2, out ForwardGap[] gaps)
    {
        gaps = [];
        if (!reader.TryNumber(isOfFormat2 ? ForwardBatch.GapsMax : ForwardBatch.GapsMaxOfFormat1, out var count))
        {
            return false;
        }

        var read = new List<ForwardGap>();
        for (var i = 0; i < count; i++)
        {
            if (!TryGap(ref reader, isOfFormat2, out var gap))
            {
                return false;
            }

            read.Add(gap);
        }

        gaps = [.. read];
        return true;
    }

    internal static bool TryGap(ref BoundedReader reader, bool withTopic, [NotNullWhen(true)] out ForwardGap? gap)
    {
        gap = null;
        var topic = "";
        if (!reader.TryNumber(int.MaxValue, out var priority)
            || !reader.TryNumber(long.MaxValue, out var dropped)
            || !reader.TrySigned(out var first)
            || !reader.TrySigned(out var last)
            || (withTopic && !reader.TryText(ForwardBatch.TextBytesMax, out topic)))
        {
            return false;
        }

        gap = new ForwardGap((int)priority, dropped, first, last) { Topic = topic.Length == 0 ? null : topic };
        return true;
    }

    private static bool TryMessages(ref BoundedReader reader, long nextOffset, out List<ForwardedMessage> messages)
    {
        // Grown as messages are really read: a batch of ten bytes that promises 16,384 messages allocates nothing for them.
        messages = [];
        if (!reader.TryNumber(ForwardBatch.MessagesMax, out var count))
        {
            return false;
        }

        var topics = new List<string>();
        long offset = 0, receiveNs = 0;
        for (var i = 0; i < count; i++)
        {
            if (!reader.TryNumber(long.MaxValue, out var step) || !reader.TrySigned(out var stepNs)
                || step > nextOffset - 1 - offset || (i > 0 && step == 0))
            {
                return false;
            }

            offset += step;
            receiveNs = unchecked(receiveNs + stepNs);
            if (!TryMessage(ref reader, offset, receiveNs, topics, out var message))
            {
                return false;
            }

            messages.Add(message);
        }

        return true;
    }

    internal static bool TryMessage(
        ref BoundedReader reader, long offset, long receiveNs, List<string> topics, [NotNullWhen(true)] out ForwardedMessage? message)
    {
        message = null;
        string? contentType = null;
        (string, string)[] properties = [];
        if (!reader.TryByte(out var flags) || (flags & ~ForwardBatchFormat.FlagsKnown) != 0
            || !TryTopic(ref reader, topics, out var topic)
            || ((flags & ForwardBatchFormat.FlagContentType) != 0 && !reader.TryText(ForwardBatch.TextBytesMax, out contentType))
            || ((flags & ForwardBatchFormat.FlagProperties) != 0 && !TryProperties(ref reader, out properties))
            || !reader.TryBytes(ForwardBatch.UnpackedBytesMax, out var payload))
        {
            return false;
        }

        message = new ForwardedMessage(offset, receiveNs, topic, payload)
        {
            ContentType = contentType,
            Retain = (flags & ForwardBatchFormat.FlagRetain) != 0,
            UserProperties = properties,
        };
        return true;
    }

    private static bool TryTopic(ref BoundedReader reader, List<string> topics, [NotNullWhen(true)] out string? topic)
    {
        topic = null;
        if (!reader.TryNumber(topics.Count, out var index))
        {
            return false;
        }

        if (index > 0)
        {
            topic = topics[(int)index - 1];
            return true;
        }

        if (!reader.TryText(ForwardBatch.TextBytesMax, out topic) || topic.Length == 0)
        {
            return false;
        }

        topics.Add(topic);
        return true;
    }

    private static bool TryProperties(ref BoundedReader reader, out (string, string)[] properties)
    {
        properties = [];
        if (!reader.TryNumber(ForwardBatch.UserPropertiesMax, out var count) || count == 0)
        {
            return false;
        }

        var read = new (string, string)[count];
        for (var i = 0; i < count; i++)
        {
            if (!reader.TryText(ForwardBatch.TextBytesMax, out var name) || !reader.TryText(ForwardBatch.TextBytesMax, out var value))
            {
                return false;
            }

            read[i] = (name, value);
        }

        properties = read;
        return true;
    }
}
