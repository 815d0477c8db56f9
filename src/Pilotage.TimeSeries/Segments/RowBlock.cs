using System.Buffers.Binary;
using Pilotage.Core;
using Pilotage.Core.Durability;
using Pilotage.TimeSeries.Codec;
using Pilotage.TimeSeries.Head;

namespace Pilotage.TimeSeries.Segments;

/// <summary>The bytes of one block: rows of one shape as compressed columns, explained by itself and checksummed.</summary>
/// <remarks>
/// Header: magic, CRC of the rest, length, offset, segment: a block in a wrong place is no block. Body: shape, rows,
/// times, arrivals, received times, edge less received times; then for each property its length, qualities, values.
/// Receive times are the same for a whole commit, so as deltas of neighbouring rows they cost next to nothing.
/// </remarks>
internal static class RowBlock
{
    public const int HeaderBytes = 28;
    private const int CheckedFrom = 8;
    private const byte QualityEach = 255;
    private const int QualityBits = 2;

    public static ReadOnlySpan<byte> Magic => "PTB1"u8;

    public static byte[] Write(RowSpan rows, int start, int count, long offset, long segment)
    {
        var body = new BytesWriter();
        BatchCodec.WriteShape(body, rows.Shape);
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
        WriteProperties(body, rows, start, count);

        var block = new byte[HeaderBytes + body.Length];
        body.Written.CopyTo(block.AsSpan(HeaderBytes));
        Magic.CopyTo(block);
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
            && header.StartsWith(Magic)
            && BinaryPrimitives.ReadInt64LittleEndian(header[12..]) == offset
            && BinaryPrimitives.ReadInt64LittleEndian(header[20..]) == segment
                ? Math.Max(BinaryPrimitives.ReadInt32LittleEndian(header[8..]), 0)
                : 0;
    }

    /// <summary>The shape a whole block explains; null when the block is damaged.</summary>
    public static (int Id, TenantId Tenant, DeviceId Device, string[] Properties)? ShapeOf(
        ReadOnlySpan<byte> block, long offset, long segment)
    {
        if (!IsWhole(block, offset, segment))
        {
            return null;
        }

        var reader = new BytesReader(block[HeaderBytes..]);
        return BatchCodec.ReadShape(ref reader);
    }

    /// <summary>Decodes the wanted columns, all when none are named; null when the block is damaged.</summary>
    public static RowSpan? Read(ReadOnlySpan<byte> block, long offset, long segment, Shape shape, bool[]? wanted)
    {
        if (!IsWhole(block, offset, segment))
        {
            return null;
        }

        var reader = new BytesReader(block[HeaderBytes..]);
        var explained = BatchCodec.ReadShape(ref reader);
        var count = (int)Math.Min(reader.VarInt(), int.MaxValue);
        if (reader.IsBad || explained.Id != shape.Id || explained.Properties.Length != shape.Properties.Length)
        {
            return null;
        }

        var width = shape.Properties.Length;
        var rows = new RowSpan(
            shape,
            new long[count],
            new long[count],
            new long[count],
            new long[count],
            new double[count * width],
            new Quality[count * width],
            count);
        var isGood = IntegerColumn.TryRead(ref reader, rows.Times)
            && IntegerColumn.TryRead(ref reader, rows.Arrivals)
            && IntegerColumn.TryRead(ref reader, rows.ReceivedTimes)
            && IntegerColumn.TryRead(ref reader, rows.EdgeTimes);
        for (var i = 0; i < count; i++)
        {
            rows.EdgeTimes[i] += rows.ReceivedTimes[i];
        }

        return isGood && TryReadProperties(ref reader, rows, wanted) ? rows : null;
    }

    private static bool IsWhole(ReadOnlySpan<byte> block, long offset, long segment) =>
        LengthAt(block, offset, segment) == block.Length
            && block.Length > HeaderBytes
            && BinaryPrimitives.ReadUInt32LittleEndian(block[4..]) == Crc32C.Of(block[CheckedFrom..]);

    private static void WriteProperties(BytesWriter body, RowSpan rows, int start, int count)
    {
        var column = new BytesWriter();
        var values = new double[count];
        var qualities = new ulong[count];
        for (var property = 0; property < rows.Width; property++)
        {
            for (var i = 0; i < count; i++)
            {
                values[i] = rows.Value(start + i, property);
                qualities[i] = (ulong)rows.QualityOf(start + i, property);
            }

            column.Clear();
            if (qualities.AsSpan().IndexOfAnyExcept(qualities[0]) < 0)
            {
                column.Byte((byte)qualities[0]);
            }
            else
            {
                column.Byte(QualityEach);
                BitPacking.Pack(qualities, QualityBits, column.Room(BitPacking.BytesOf(count, QualityBits)));
            }

            DoubleColumn.Write(column, values);
            body.VarInt((ulong)column.Length);
            body.Bytes(column.Written);
        }
    }

    private static bool TryReadProperties(ref BytesReader reader, RowSpan rows, bool[]? wanted)
    {
        var values = new double[rows.Count];
        var qualities = new ulong[rows.Count];
        for (var property = 0; property < rows.Width; property++)
        {
            var bytes = reader.Bytes(reader.Count(1));
            if (reader.IsBad)
            {
                return false;
            }

            if (wanted is not null && !wanted[property])
            {
                continue;
            }

            var column = new BytesReader(bytes);
            if (!TryReadQualities(ref column, qualities) || !DoubleColumn.TryRead(ref column, values))
            {
                return false;
            }

            for (var i = 0; i < rows.Count; i++)
            {
                rows.Values[(i * rows.Width) + property] = values[i];
                rows.Qualities[(i * rows.Width) + property] = (Quality)qualities[i];
            }
        }

        return true;
    }

    private static bool TryReadQualities(ref BytesReader column, ulong[] qualities)
    {
        var quality = column.Byte();
        if (quality != QualityEach)
        {
            qualities.AsSpan().Fill(quality);
            return !column.IsBad;
        }

        var packed = column.Bytes(BitPacking.BytesOf(qualities.Length, QualityBits));
        if (column.IsBad)
        {
            return false;
        }

        BitPacking.Unpack(packed, QualityBits, qualities);
        return true;
    }
}
