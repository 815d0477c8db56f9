using System.Buffers.Binary;
using Pilotage.Core.Durability;
using Pilotage.TimeSeries.Codec;
using Pilotage.TimeSeries.Head;

namespace Pilotage.TimeSeries.Segments;

/// <summary>The bytes of one block: rows of one shape as compressed columns, explained by itself and checksummed.</summary>
/// <remarks>
/// Header: magic, CRC of the rest, length, offset, segment: a block in a wrong place is no block. Body: shape, rows,
/// times, arrivals, received times, edge less received times; then for each property its length, qualities, values.
/// The second magic is of blocks that hold not only doubles: the shape has its kinds, a text is its place in a dictionary,
/// which ends the block and is read only by those who ask for texts.
/// Receive times are the same for a whole commit, so as deltas of neighbouring rows they cost next to nothing.
/// </remarks>
internal static class RowBlock
{
    public const int HeaderBytes = 28;
    private const int CheckedFrom = 8;

    // A text may be 64 KiB and a row may have a thousand: a block that would be larger begins anew.
    private const int TextBytesMax = 4 * 1024 * 1024;
    private const long ValuesMax = 256 * 1024 * 1024;

    /// <summary>With what every magic begins.</summary>
    public static ReadOnlySpan<byte> MagicBegin => "PTB"u8;

    private static ReadOnlySpan<byte> OfDoubles => "PTB1"u8;

    private static ReadOnlySpan<byte> OfKinds => "PTB2"u8;

    /// <summary>How many rows go into one block, at least one.</summary>
    public static int RowsThatFit(RowSpan rows, int start, int countMax)
    {
        long bytes = 0;
        for (var row = 0; rows.Shape.HasText && row < countMax; row++)
        {
            for (var column = 0; column < rows.Width; column++)
            {
                bytes += rows.TextOf(start + row, column)?.Length ?? 0;
            }

            if (bytes > TextBytesMax)
            {
                return Math.Max(row, 1);
            }
        }

        return countMax;
    }

    public static byte[] Write(RowSpan rows, int start, int count, long offset, long segment)
    {
        var body = new BytesWriter();
        ShapeDefinition.Write(body, rows.Shape, rows.Shape.IsTyped);
        body.VarInt((ulong)count);
        IntegerColumn.Write(body, rows.Times.AsSpan(start, count));
        IntegerColumn.Write(body, rows.Arrivals.AsSpan(start, count));
        IntegerColumn.Write(body, rows.ReceivedTimes.AsSpan(start, count));
        var onTheWay = new long[count];
        for (var i = 0; i < count; i++)
        {
            onTheWay[i] = rows.EdgeTimes[start + i] - rows.ReceivedTimes[start + i];
        }

        IntegerColumn.Write(body, onTheWay);
        BlockColumns.Write(body, rows, start, count);

        var block = new byte[HeaderBytes + body.Length];
        body.Written.CopyTo(block.AsSpan(HeaderBytes));
        (rows.Shape.IsTyped ? OfKinds : OfDoubles).CopyTo(block);
        BinaryPrimitives.WriteInt32LittleEndian(block.AsSpan(8), block.Length);
        BinaryPrimitives.WriteInt64LittleEndian(block.AsSpan(12), offset);
        BinaryPrimitives.WriteInt64LittleEndian(block.AsSpan(20), segment);
        BinaryPrimitives.WriteUInt32LittleEndian(block.AsSpan(4), Crc32C.Of(block.AsSpan(CheckedFrom)));
        return block;
    }

    /// <summary>Length of the block that may start here; 0 when none of this place does.</summary>
    public static int LengthAt(ReadOnlySpan<byte> header, long offset, long segment)
    {
        return header.Length >= HeaderBytes
            && (header.StartsWith(OfDoubles) || header.StartsWith(OfKinds))
            && BinaryPrimitives.ReadInt64LittleEndian(header[12..]) == offset
            && BinaryPrimitives.ReadInt64LittleEndian(header[20..]) == segment
                ? Math.Max(BinaryPrimitives.ReadInt32LittleEndian(header[8..]), 0)
                : 0;
    }

    /// <summary>The shape a whole block explains; null when the block is damaged.</summary>
    public static ShapeDefinition? ShapeOf(ReadOnlySpan<byte> block, long offset, long segment)
    {
        if (!IsWhole(block, offset, segment))
        {
            return null;
        }

        var reader = new BytesReader(block[HeaderBytes..]);
        return ShapeDefinition.Read(ref reader, block.StartsWith(OfKinds));
    }

    /// <summary>Decodes the wanted columns, all when none are named; null when the block is damaged.</summary>
    public static RowSpan? Read(ReadOnlySpan<byte> block, long offset, long segment, Shape shape, bool[]? wanted)
    {
        if (!IsWhole(block, offset, segment))
        {
            return null;
        }

        var reader = new BytesReader(block[HeaderBytes..]);
        if (ShapeDefinition.Read(ref reader, block.StartsWith(OfKinds)) is not { } explained)
        {
            return null;
        }

        var width = shape.Properties.Length;
        var count = (int)Math.Min(reader.VarInt(), int.MaxValue);
        if (reader.IsBad
            || explained.Id != shape.Id
            || explained.Properties.Length != width
            || !shape.Kinds.SequenceEqual(explained.Kinds)
            || (long)count * width > ValuesMax)
        {
            return null;
        }

        var rows = new RowSpan(
            shape,
            new long[count],
            new long[count],
            new long[count],
            new long[count],
            new long[count * width],
            new Quality[count * width],
            [],
            count);
        var isGood = IntegerColumn.TryRead(ref reader, rows.Times)
            && IntegerColumn.TryRead(ref reader, rows.Arrivals)
            && IntegerColumn.TryRead(ref reader, rows.ReceivedTimes)
            && IntegerColumn.TryRead(ref reader, rows.EdgeTimes);
        for (var i = 0; i < count; i++)
        {
            rows.EdgeTimes[i] += rows.ReceivedTimes[i];
        }

        return isGood ? BlockColumns.Read(ref reader, rows, wanted) : null;
    }

    private static bool IsWhole(ReadOnlySpan<byte> block, long offset, long segment) =>
        LengthAt(block, offset, segment) == block.Length
            && block.Length > HeaderBytes
            && BinaryPrimitives.ReadUInt32LittleEndian(block[4..]) == Crc32C.Of(block[CheckedFrom..]);
}
