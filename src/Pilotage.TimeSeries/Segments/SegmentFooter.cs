using Pilotage.TimeSeries.Codec;
using Pilotage.TimeSeries.Head;

namespace Pilotage.TimeSeries.Segments;

/// <summary>What a segment says of itself at its end: shapes, states of their series, blocks, and what it took from the log.</summary>
internal sealed class SegmentFooter
{
    private const byte OfDoubles = 1;
    private const byte OfKinds = 2;

    /// <summary>Sequence of the last record of the head's log that is in the segment.</summary>
    public long LastSequence { get; init; }

    /// <summary>The next arrival after the segment.</summary>
    public long NextArrival { get; init; }

    public IReadOnlyDictionary<(string Edge, string LogId), long> Marks { get; init; } =
        new Dictionary<(string, string), long>();

    public IReadOnlyList<BlockRef> Blocks { get; init; } = [];

    public static byte[] Write(
        HeadTables head, IReadOnlyDictionary<Shape, SeriesSnapshot[]> states, IReadOnlyList<BlockRef> blocks)
    {
        var writer = new BytesWriter();
        var isTyped = states.Keys.Any(shape => shape.IsTyped);
        writer.Byte(isTyped ? OfKinds : OfDoubles);
        writer.Int64(head.LastSequence);
        writer.Int64(head.NextArrival);
        WriteMarks(writer, head.Marks);
        writer.VarInt((ulong)states.Count);
        foreach (var (shape, series) in states)
        {
            ShapeDefinition.Write(writer, shape, isTyped);
            foreach (var state in series)
            {
                state.Write(writer);
            }
        }

        writer.VarInt((ulong)blocks.Count);
        foreach (var block in blocks)
        {
            writer.Int64(block.Offset);
            writer.VarInt((ulong)block.Length);
            writer.VarInt((ulong)block.Shape.Id);
            writer.VarInt((ulong)block.Rows);
            writer.Int64(block.FirstNs);
            writer.Int64(block.LastNs);
            writer.Int64(block.FirstArrival);
            writer.Int64(block.LastArrival);
        }

        return writer.Written.ToArray();
    }

    /// <summary>Reads a footer, defining its shapes and restoring their series; null when the bytes cannot be.</summary>
    public static SegmentFooter? Read(ReadOnlySpan<byte> bytes, SegmentFile segment, ShapeRegistry registry)
    {
        var reader = new BytesReader(bytes);
        var version = reader.Byte();
        if (version is not (OfDoubles or OfKinds))
        {
            return null;
        }

        var lastSequence = reader.Int64();
        var nextArrival = reader.Int64();
        var marks = ReadMarks(ref reader);
        for (var left = reader.Count(4); left > 0; left--)
        {
            if (ShapeDefinition.Read(ref reader, version == OfKinds) is not { } definition || registry.Define(definition) is not { } shape)
            {
                return null;
            }

            for (var i = 0; i < shape.Series.Length; i++)
            {
                SeriesSnapshot.Read(ref reader, shape.KindOf(i)).RestoreTo(shape.Series[i]);
            }
        }

        var blocks = new List<BlockRef>();
        for (var left = reader.Count(43); left > 0; left--)
        {
            if (ReadBlock(ref reader, segment, registry) is not { } block)
            {
                return null;
            }

            blocks.Add(block);
        }

        return reader.IsBad
            ? null
            : new SegmentFooter { LastSequence = lastSequence, NextArrival = nextArrival, Marks = marks, Blocks = blocks };
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

    private static BlockRef? ReadBlock(ref BytesReader reader, SegmentFile segment, ShapeRegistry registry)
    {
        var offset = reader.Int64();
        var length = (int)reader.VarInt();
        var shape = registry.Find((int)reader.VarInt());
        var rows = (int)reader.VarInt();
        var block = shape is null ? null : new BlockRef(
            segment, offset, length, shape, rows, reader.Int64(), reader.Int64(), reader.Int64(), reader.Int64());
        return reader.IsBad ? null : block;
    }
}
