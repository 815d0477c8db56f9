using System.Buffers.Binary;
using Pilotage.Core.Durability;
using Pilotage.TimeSeries.Codec;
using Pilotage.TimeSeries.Head;

namespace Pilotage.TimeSeries.Segments;

/// <summary>The head of a block, whole and in its place; its parts are read when they are asked for.</summary>
internal readonly ref struct BlockHead
{
    private const int SectionBytesMin = 5;

    private readonly ReadOnlySpan<byte> _sections;
    private readonly ReadOnlySpan<byte> _sums;
    private readonly ReadOnlySpan<byte> _shape;
    private readonly int _sectionCount;

    private BlockHead(int shapeId, int rows, int bytes, scoped ref BytesReader reader)
    {
        (ShapeId, Rows, Bytes) = (shapeId, rows, bytes);
        _sectionCount = reader.Count(SectionBytesMin);
        _sections = reader.Rest;
        for (var i = 0; i < _sectionCount; i++)
        {
            _ = reader.VarInt();
            _ = reader.UInt32();
        }

        _sums = reader.Bytes(reader.Count(1));
        _shape = reader.Rest;
    }

    public int ShapeId { get; }

    public int Rows { get; }

    /// <summary>Its length; the sections follow.</summary>
    public int Bytes { get; }

    /// <summary>Reads the head at the beginning of some bytes; false when it is damaged.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, long offset, long segment, out BlockHead head)
    {
        head = default;
        if (RowBlock.LengthAt(bytes, offset, segment) == 0 || !bytes.StartsWith(RowBlock.Magic))
        {
            return false;
        }

        var length = BinaryPrimitives.ReadInt32LittleEndian(bytes[28..]);
        if (length < RowBlock.FixedBytes
            || length > bytes.Length
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]) != Crc32C.Of(bytes[RowBlock.CheckedFrom..length]))
        {
            return false;
        }

        return TryReadChecked(bytes[..length], out head);
    }

    /// <summary>The same of a head that was found whole and in its place before.</summary>
    public static bool TryReadChecked(ReadOnlySpan<byte> bytes, out BlockHead head)
    {
        var reader = new BytesReader(bytes[RowBlock.FixedBytes..]);
        var shapeId = (int)reader.VarInt();
        var rows = (int)Math.Min(reader.VarInt(), int.MaxValue);
        head = new BlockHead(shapeId, rows, bytes.Length, ref reader);
        return !reader.IsBad;
    }

    public ShapeDefinition? ReadShape()
    {
        var reader = new BytesReader(_shape);
        return ShapeDefinition.Read(ref reader, withKinds: true);
    }

    /// <summary>Whether the block is one of rows of a shape.</summary>
    public bool IsOf(Shape shape) =>
        ShapeId == shape.Id
            && _sectionCount == RowBlock.RowSections + shape.Properties.Length + (shape.HasText ? 1 : 0)
            && Rows <= RowBlock.RowsMax;

    /// <summary>Where each section stands in the block, and its checksum; null when they do not fit into it.</summary>
    public (int Offset, int Length, uint Crc)[]? ReadSections(int blockBytes)
    {
        var reader = new BytesReader(_sections);
        var sections = new (int, int, uint)[_sectionCount];
        var offset = Bytes;
        for (var i = 0; i < sections.Length; i++)
        {
            var length = reader.VarInt();
            if (length > (ulong)(blockBytes - offset))
            {
                return null;
            }

            sections[i] = (offset, (int)length, reader.UInt32());
            offset += (int)length;
        }

        return sections;
    }

    /// <summary>What a column comes to; null where it has no sums, as text has none.</summary>
    public ColumnSums? ReadSums(int column)
    {
        var reader = new BytesReader(_sums);
        if (SumWindows.Read(ref reader, Rows) is not { IsAny: true } windows)
        {
            return null;
        }

        for (; column > 0; column--)
        {
            _ = reader.Bytes(reader.Count(1));
        }

        var bytes = reader.Bytes(reader.Count(1));
        return bytes.IsEmpty ? null : ColumnSums.Read(bytes, windows);
    }
}
