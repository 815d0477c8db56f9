using System.Buffers;
using System.Collections.Frozen;
using System.IO.Compression;
using Pilotage.TimeSeries.Codec;
using Pilotage.TimeSeries.Head;

namespace Pilotage.TimeSeries.Segments;

/// <summary>What a segment says of itself at its end: shapes, states of their series, blocks, and what it took from the log.</summary>
/// <remarks>
/// Version, length when unpacked; then compressed: last sequence, next arrival, marks; shapes with the states of their
/// series; blocks, which stand one behind the other: length, length of the head, shape, rows, and what they span, as
/// distances from the block before. The first two versions are not compressed and tell every block in full.
/// </remarks>
internal sealed class SegmentFooter
{
    private const byte OfDoubles = 1;
    private const byte OfKinds = 2;
    private const byte Packed = 3;
    private const int UnpackedBytesMax = 1024 * 1024 * 1024;
    private const int BrotliQuality = 3;
    private const int BrotliWindow = 22;
    private const int PieceBytes = 64 * 1024;

    /// <summary>Sequence of the last record of the head's log that is in the segment.</summary>
    public long LastSequence { get; init; }

    /// <summary>The next arrival after the segment.</summary>
    public long NextArrival { get; init; }

    public IReadOnlyDictionary<(string Edge, string LogId), long> Marks { get; init; } =
        new Dictionary<(string, string), long>();

    public IReadOnlyList<BlockRef> Blocks { get; init; } = [];

    public byte[] Write(IEnumerable<(Shape Shape, SeriesSnapshot[] States)> shapes)
    {
        var body = new BytesWriter();
        body.Int64(LastSequence);
        body.Int64(NextArrival);
        WriteMarks(body, Marks);
        var all = shapes.ToList();
        body.VarInt((ulong)all.Count);
        foreach (var (shape, states) in all)
        {
            ShapeDefinition.Write(body, shape, withKinds: true);
            foreach (var state in states)
            {
                state.Write(body);
            }
        }

        WriteBlocks(body);
        var writer = new BytesWriter();
        writer.Byte(Packed);
        writer.VarInt((ulong)body.Length);
        Pack(writer, body.Written);
        return writer.Written.ToArray();
    }

    /// <summary>Compresses piece by piece: of a million series the bytes are many, and what becomes of them is not.</summary>
    private static void Pack(BytesWriter writer, ReadOnlySpan<byte> bytes)
    {
        using var encoder = new BrotliEncoder(BrotliQuality, BrotliWindow);
        var piece = new byte[PieceBytes];
        OperationStatus status;
        do
        {
            status = encoder.Compress(bytes, piece, out var consumed, out var written, isFinalBlock: true);
            writer.Bytes(piece.AsSpan(0, written));
            bytes = bytes[consumed..];
        }
        while (status == OperationStatus.DestinationTooSmall);
    }

    /// <summary>The states of its series when its last head was sealed; to be restored in order of the segments.</summary>
    private IReadOnlyList<(Shape Shape, SeriesSnapshot[] States)> States { get; init; } = [];

    /// <summary>Sets the series to what they were at the end of the segment.</summary>
    public void RestoreStates()
    {
        foreach (var (shape, states) in States)
        {
            for (var i = 0; i < states.Length; i++)
            {
                states[i].RestoreTo(shape.Series[i]);
            }
        }
    }

    /// <summary>Reads a footer, defining its shapes; null when the bytes cannot be.</summary>
    public static SegmentFooter? Read(ReadOnlySpan<byte> bytes, SegmentFile segment, ShapeRegistry registry)
    {
        if (Unpack(bytes, out var version) is not { } body)
        {
            return null;
        }

        var reader = new BytesReader(body);
        var lastSequence = reader.Int64();
        var nextArrival = reader.Int64();
        var marks = ReadMarks(ref reader);
        var known = new List<(Shape, SeriesSnapshot[])>();
        foreach (var (definition, states) in ReadShapes(ref reader, version, FrozenSet<int>.Empty))
        {
            if (registry.Define(definition) is not { } shape)
            {
                return null;
            }

            known.Add((shape, states));
        }

        var blocks = version == Packed ? ReadBlocks(ref reader, segment, registry) : ReadEarlierBlocks(ref reader, segment, registry);
        return blocks is null || reader.IsBad
            ? null
            : new SegmentFooter { LastSequence = lastSequence, NextArrival = nextArrival, Marks = marks, Blocks = blocks, States = known };
    }

    /// <summary>What a footer says beside its blocks, but for the states of some shapes; null when the bytes cannot be.</summary>
    public static SegmentFacts? ReadFacts(ReadOnlySpan<byte> bytes, IReadOnlySet<int> leftOut)
    {
        if (Unpack(bytes, out var version) is not { } body)
        {
            return null;
        }

        var reader = new BytesReader(body);
        var lastSequence = reader.Int64();
        var nextArrival = reader.Int64();
        var marks = ReadMarks(ref reader);
        var shapes = ReadShapes(ref reader, version, leftOut);
        return reader.IsBad
            ? null
            : new SegmentFacts(lastSequence, nextArrival, marks, shapes.ConvertAll(each => (each.Definition.Id, each.States)));
    }

    public static void WriteMarks(BytesWriter writer, IReadOnlyDictionary<(string Edge, string LogId), long> marks)
    {
        writer.VarInt((ulong)marks.Count);
        foreach (var ((edge, logId), offset) in marks)
        {
            writer.Text(edge);
            writer.Text(logId);
            writer.Int64(offset);
        }
    }

    public static Dictionary<(string Edge, string LogId), long> ReadMarks(ref BytesReader reader)
    {
        var marks = new Dictionary<(string, string), long>();
        for (var left = reader.Count(10); left > 0; left--)
        {
            marks[(reader.Text(), reader.Text())] = reader.Int64();
        }

        return marks;
    }

    private static byte[]? Unpack(ReadOnlySpan<byte> bytes, out byte version)
    {
        var reader = new BytesReader(bytes);
        version = reader.Byte();
        if (version is OfDoubles or OfKinds)
        {
            return reader.Rest.ToArray();
        }

        var length = reader.VarInt();
        if (version != Packed || reader.IsBad || length > UnpackedBytesMax)
        {
            return null;
        }

        var body = new byte[length];
        return BrotliDecoder.TryDecompress(reader.Rest, body, out var written) && written == body.Length ? body : null;
    }

    private static List<(ShapeDefinition Definition, SeriesSnapshot[] States)> ReadShapes(ref BytesReader reader, byte version, IReadOnlySet<int> leftOut)
    {
        var shapes = new List<(ShapeDefinition, SeriesSnapshot[])>();
        for (var left = reader.Count(4); left > 0 && !reader.IsBad; left--)
        {
            if (ShapeDefinition.Read(ref reader, version != OfDoubles) is { } definition)
            {
                var states = leftOut.Contains(definition.Id) ? null : new SeriesSnapshot[definition.Properties.Length];
                for (var i = 0; i < definition.Properties.Length; i++)
                {
                    var state = SeriesSnapshot.Read(ref reader, definition.Kinds?[i] ?? SeriesKind.Number);
                    states?[i] = state;
                }

                if (states is not null)
                {
                    shapes.Add((definition, states));
                }
            }
        }

        return shapes;
    }

    private void WriteBlocks(BytesWriter writer)
    {
        writer.VarInt((ulong)Blocks.Count);
        var (time, arrival) = (0L, 0L);
        foreach (var block in Blocks)
        {
            writer.VarInt((ulong)block.Length);
            writer.VarInt((ulong)block.HeadBytes);
            writer.VarInt((ulong)block.Shape.Id);
            writer.VarInt((ulong)block.Rows);
            writer.Signed(block.FirstNs - time);
            writer.Signed(block.LastNs - block.FirstNs);
            writer.Signed(block.FirstArrival - arrival);
            writer.Signed(block.LastArrival - block.FirstArrival);
            (time, arrival) = (block.FirstNs, block.FirstArrival);
        }
    }

    private static List<BlockRef>? ReadBlocks(ref BytesReader reader, SegmentFile segment, ShapeRegistry registry)
    {
        const int BytesMin = 8;
        var blocks = new List<BlockRef>();
        var (offset, time, arrival) = (0L, 0L, 0L);
        for (var left = reader.Count(BytesMin); left > 0; left--)
        {
            var length = (int)reader.VarInt();
            var headBytes = (int)reader.VarInt();
            var shape = registry.Find((int)reader.VarInt());
            var rows = (int)reader.VarInt();
            time += reader.Signed();
            var last = time + reader.Signed();
            arrival += reader.Signed();
            var lastArrival = arrival + reader.Signed();
            if (shape is null || reader.IsBad || length <= 0 || headBytes <= 0 || headBytes > length)
            {
                return null;
            }

            blocks.Add(new BlockRef(segment, offset, length, headBytes, shape, rows, time, last, arrival, lastArrival));
            offset += length;
        }

        return blocks;
    }

    private static List<BlockRef>? ReadEarlierBlocks(ref BytesReader reader, SegmentFile segment, ShapeRegistry registry)
    {
        const int BytesMin = 43;
        var blocks = new List<BlockRef>();
        for (var left = reader.Count(BytesMin); left > 0; left--)
        {
            var offset = reader.Int64();
            var length = (int)reader.VarInt();
            var shape = registry.Find((int)reader.VarInt());
            var rows = (int)reader.VarInt();
            var (first, last) = (reader.Int64(), reader.Int64());
            var (firstArrival, lastArrival) = (reader.Int64(), reader.Int64());
            if (shape is null || reader.IsBad)
            {
                return null;
            }

            blocks.Add(new BlockRef(segment, offset, length, 0, shape, rows, first, last, firstArrival, lastArrival));
        }

        return blocks;
    }
}
