using System.Buffers.Binary;
using Pilotage.Core.Durability;
using Pilotage.TimeSeries.Codec;
using Pilotage.TimeSeries.Head;

namespace Pilotage.TimeSeries.Segments;

/// <summary>Blocks of the first two versions, which are read for ever: one checksum for all, rows in order of arrival.</summary>
/// <remarks>
/// Header: magic, CRC of the rest, length, offset, segment. Body: shape, rows, times, arrivals, received times, edge less
/// received times; then for each property its length and its <see cref="ColumnSection"/>; last the dictionary of texts. The
/// second magic is of blocks that hold not only doubles: the shape has its kinds.
/// </remarks>
internal static class EarlierBlock
{
    private const int HeaderBytes = 28;
    private const int CheckedFrom = 8;
    private const long ValuesMax = 256 * 1024 * 1024;

    private static ReadOnlySpan<byte> OfDoubles => "PTB1"u8;

    private static ReadOnlySpan<byte> OfKinds => "PTB2"u8;

    public static bool Begins(ReadOnlySpan<byte> block) => block.StartsWith(OfDoubles) || block.StartsWith(OfKinds);

    /// <summary>The shape of a block that stands in its place; null when it is damaged.</summary>
    public static ShapeDefinition? ShapeOf(ReadOnlySpan<byte> block)
    {
        if (!IsWhole(block))
        {
            return null;
        }

        var reader = new BytesReader(block[HeaderBytes..]);
        return ShapeDefinition.Read(ref reader, block.StartsWith(OfKinds));
    }

    /// <summary>Decodes a block that stands in its place, whole; null when it is damaged.</summary>
    public static RowSpan? Read(ReadOnlySpan<byte> block, Shape shape)
    {
        if (!IsWhole(block))
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
        return reader.IsBad
            || explained.Id != shape.Id
            || explained.Properties.Length != width
            || !shape.Kinds.SequenceEqual(explained.Kinds)
            || (long)count * width > ValuesMax
                ? null
                : Read(ref reader, shape, count);
    }

    private static RowSpan? Read(ref BytesReader reader, Shape shape, int count)
    {
        var rows = new RowDecoder(shape, count, null, BlockParts.All);
        if (!IntegerColumn.TryRead(ref reader, rows.Times)
            || !IntegerColumn.TryRead(ref reader, rows.Arrivals)
            || !IntegerColumn.TryRead(ref reader, rows.ReceivedTimes)
            || !IntegerColumn.TryRead(ref reader, rows.OnTheWay))
        {
            return null;
        }

        for (var property = 0; property < shape.Properties.Length; property++)
        {
            var column = new BytesReader(reader.Bytes(reader.Count(1)));
            if (reader.IsBad || !rows.TryRead(ref column, property))
            {
                return null;
            }
        }

        return rows.ToRows(shape.HasText ? TextDictionary.Read(ref reader) : []);
    }

    private static bool IsWhole(ReadOnlySpan<byte> block) =>
        block.Length > HeaderBytes && BinaryPrimitives.ReadUInt32LittleEndian(block[4..]) == Crc32C.Of(block[CheckedFrom..]);
}
