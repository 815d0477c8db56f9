using System.Buffers.Binary;

namespace Pilotage.Core.Durability;

/// <summary>The bytes of one group commit: a header, then a frame for each record.</summary>
/// <remarks>
/// One block is one write and one sync, never two at a time. So a block that stands behind another proves that the
/// earlier one was durable: this is how damage is told from a torn tail. A block without records is such a proof alone.
/// Header: magic, CRC of the rest, salt of the file, own offset, first sequence, count, bytes of frames.
/// Frame: length, CRC over salt, own offset, sequence, length and payload, then the sequence: it can be read without
/// the header, and a copy of it in a wrong place is no frame. Little endian throughout.
/// </remarks>
internal readonly record struct LogBlock(long FirstSequence, int Count, int FrameBytes)
{
    public const int HeaderBytes = 40;
    public const int FrameHeaderBytes = 16;
    private const int CheckedFrom = 8;

    public static ReadOnlySpan<byte> Magic => "PLB1"u8;

    public void Write(Span<byte> header, ulong salt, long offset)
    {
        Magic.CopyTo(header);
        BinaryPrimitives.WriteUInt64LittleEndian(header[8..], salt);
        BinaryPrimitives.WriteInt64LittleEndian(header[16..], offset);
        BinaryPrimitives.WriteInt64LittleEndian(header[24..], FirstSequence);
        BinaryPrimitives.WriteInt32LittleEndian(header[32..], Count);
        BinaryPrimitives.WriteInt32LittleEndian(header[36..], FrameBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], Crc32C.Of(header[CheckedFrom..HeaderBytes]));
    }

    /// <summary>Reads a header; false unless it is whole, of this file and of this place in it.</summary>
    public static bool TryRead(ReadOnlySpan<byte> header, ulong salt, long offset, out LogBlock block)
    {
        block = default;
        if (header.Length < HeaderBytes
            || !header[..Magic.Length].SequenceEqual(Magic)
            || BinaryPrimitives.ReadUInt32LittleEndian(header[4..]) != Crc32C.Of(header[CheckedFrom..HeaderBytes])
            || BinaryPrimitives.ReadUInt64LittleEndian(header[8..]) != salt
            || BinaryPrimitives.ReadInt64LittleEndian(header[16..]) != offset)
        {
            return false;
        }

        block = new LogBlock(
            BinaryPrimitives.ReadInt64LittleEndian(header[24..]),
            BinaryPrimitives.ReadInt32LittleEndian(header[32..]),
            BinaryPrimitives.ReadInt32LittleEndian(header[36..]));
        return block is { FirstSequence: > 0, Count: >= 0, FrameBytes: >= 0 };
    }

    /// <summary>Completes the frame headers of a block whose lengths and payloads are already in place.</summary>
    public static void Seal(Span<byte> frames, ulong salt, long offset, long sequence)
    {
        for (; frames.Length > 0; sequence++)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(frames);
            var payload = frames.Slice(FrameHeaderBytes, length);
            BinaryPrimitives.WriteUInt32LittleEndian(frames[4..], FrameCrc(salt, offset, sequence, payload));
            BinaryPrimitives.WriteInt64LittleEndian(frames[8..], sequence);
            frames = frames[(FrameHeaderBytes + length)..];
            offset += FrameHeaderBytes + length;
        }
    }

    /// <summary>What the start of a span would be, were it a frame; the checksum is not looked at.</summary>
    public static bool TryPeekFrame(ReadOnlySpan<byte> frames, out long sequence, out int length)
    {
        sequence = 0;
        length = 0;
        if (frames.Length < FrameHeaderBytes)
        {
            return false;
        }

        length = BinaryPrimitives.ReadInt32LittleEndian(frames);
        sequence = BinaryPrimitives.ReadInt64LittleEndian(frames[8..]);
        return length >= 0 && length <= frames.Length - FrameHeaderBytes;
    }

    /// <summary>Whether a frame that <see cref="TryPeekFrame"/> saw is whole and of this file.</summary>
    public static bool IsWhole(ReadOnlySpan<byte> frames, ulong salt, long offset, long sequence, int length) =>
        BinaryPrimitives.ReadUInt32LittleEndian(frames[4..])
            == FrameCrc(salt, offset, sequence, frames.Slice(FrameHeaderBytes, length));

    private static uint FrameCrc(ulong salt, long offset, long sequence, ReadOnlySpan<byte> payload)
    {
        Span<byte> bound = stackalloc byte[28];
        BinaryPrimitives.WriteUInt64LittleEndian(bound, salt);
        BinaryPrimitives.WriteInt64LittleEndian(bound[8..], offset);
        BinaryPrimitives.WriteInt64LittleEndian(bound[16..], sequence);
        BinaryPrimitives.WriteInt32LittleEndian(bound[24..], payload.Length);
        return ~Crc32C.Continue(Crc32C.Continue(Crc32C.Start, bound), payload);
    }
}
