using System.Buffers.Binary;
using Pilotage.TimeSeries.Head;

namespace Pilotage.TimeSeries.Segments;

/// <summary>The bytes of one block: rows of one shape in order of time, as columns that are compressed, checked and read each by itself.</summary>
/// <remarks>
/// <para>
/// Head: magic, CRC of the rest of the head, length, offset, segment (a block in a wrong place is no block), length of the
/// head; then id of the shape, rows, for each section its length and CRC, what each column comes to by windows
/// (<see cref="ColumnSums"/>), and the shape. Sections: times, arrivals, received times, edge less received times; then a
/// <see cref="ColumnSection"/> for each property, and last, where there are texts, their dictionary.
/// </para>
/// <para>Receive times are the same for a whole commit, so as steps of neighbouring rows they cost next to nothing.</para>
/// </remarks>
internal static class RowBlock
{
    /// <summary>Bytes of the head whose places are fixed.</summary>
    public const int FixedBytes = 32;

    /// <summary>Where the bytes begin that the checksum of the head covers.</summary>
    public const int CheckedFrom = 8;

    /// <summary>Sections before those of the columns.</summary>
    public const int RowSections = 4;

    /// <summary>Rows of a block at most.</summary>
    public const int RowsMax = 65_536;

    /// <summary>Letters of a block at most, and of one row more: a text may be 64 KiB and a row may have a thousand.</summary>
    public const int TextBytesMax = 4 * 1024 * 1024;
    private const int ValuesPerBlock = 64 * 1024;
    private const int RowsMin = 64;

    /// <summary>With what the magic of every version begins.</summary>
    public static ReadOnlySpan<byte> MagicBegin => "PTB"u8;

    public static ReadOnlySpan<byte> Magic => "PTB3"u8;

    /// <summary>Rows of a block at most for a number of properties: rows with many make blocks of few.</summary>
    public static int RowsOf(int width) => Math.Max(ValuesPerBlock / Math.Max(width, 1), RowsMin);

    /// <summary>How many rows go into one block, at least one.</summary>
    public static int RowsThatFit(RowSpan rows, int start, int rowsMax)
    {
        var countMax = Math.Min(Math.Min(rowsMax, RowsOf(rows.Width)), rows.Count - start);
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

    /// <summary>Length of the block that may start here, of whatever version; 0 when none of this place does.</summary>
    public static int LengthAt(ReadOnlySpan<byte> header, long offset, long segment)
    {
        return header.Length >= FixedBytes
            && (header.StartsWith(Magic) || EarlierBlock.Begins(header))
            && BinaryPrimitives.ReadInt64LittleEndian(header[12..]) == offset
            && BinaryPrimitives.ReadInt64LittleEndian(header[20..]) == segment
                ? Math.Max(BinaryPrimitives.ReadInt32LittleEndian(header[8..]), 0)
                : 0;
    }

    /// <summary>Length of the head of a whole block; 0 of an earlier version, which has none.</summary>
    public static int HeadBytesOf(ReadOnlySpan<byte> block) =>
        block.StartsWith(Magic) ? BinaryPrimitives.ReadInt32LittleEndian(block[28..]) : 0;

    /// <summary>The shape a whole block explains; null when its head is damaged.</summary>
    public static ShapeDefinition? ShapeOf(ReadOnlySpan<byte> block, long offset, long segment)
    {
        if (LengthAt(block, offset, segment) != block.Length)
        {
            return null;
        }

        if (EarlierBlock.Begins(block))
        {
            return EarlierBlock.ShapeOf(block);
        }

        return BlockHead.TryRead(block, offset, segment, out var head) ? head.ReadShape() : null;
    }
}
