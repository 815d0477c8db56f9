using Pilotage.TimeSeries.Codec;

namespace Pilotage.TimeSeries.Head;

/// <summary>A batch as a record of the head's log.</summary>
/// <remarks>
/// Version, received time, mark or none, definitions of shapes that are not durable yet, rows: shape, time, edge time
/// less received time, quality (one for all, or 255 and one each), values as they are: eight bytes a number, one a truth
/// value, text as UTF-8 behind its length. Version 1 knows doubles alone, and is written wherever there is nothing else.
/// </remarks>
internal static class BatchCodec
{
    private const byte OfDoubles = 1;
    private const byte OfKinds = 2;
    private const byte QualityEach = 255;

    public static void Write(
        BytesWriter writer, PointBatch batch, ReadOnlySpan<Shape> shapes, long receivedNs, ForwardMark? mark)
    {
        var isTyped = IsTyped(shapes);
        writer.Byte(isTyped ? OfKinds : OfDoubles);
        writer.Int64(receivedNs);
        writer.Byte(mark is null ? (byte)0 : (byte)1);
        if (mark is { } there)
        {
            writer.Text(there.Edge);
            writer.Text(there.LogId);
            writer.Int64(there.Offset);
        }

        WriteShapes(writer, shapes, isTyped);
        writer.VarInt((ulong)batch.RowCount);
        for (var i = 0; i < batch.RowCount; i++)
        {
            var row = batch.Rows[i];
            writer.VarInt((ulong)shapes[i].Id);
            writer.Int64(row.TimeNs);
            writer.Int64(row.EdgeNs);
            WriteQualities(writer, batch.QualitiesOf(row));
            if (shapes[i].IsTyped)
            {
                WriteTyped(writer, batch, row, shapes[i].Kinds);
                continue;
            }

            foreach (var value in batch.ValuesOf(row))
            {
                writer.Int64(value);
            }
        }
    }

    /// <summary>Reads a record back, defining shapes on the way; null when the bytes cannot be.</summary>
    public static (PointBatch Batch, List<Shape> Shapes, ForwardMark? Mark)? Read(ReadOnlySpan<byte> record, ShapeRegistry registry)
    {
        var reader = new BytesReader(record);
        var version = reader.Byte();
        if (version is not (OfDoubles or OfKinds))
        {
            return null;
        }

        var batch = new PointBatch { ReceivedNs = reader.Int64() };
        ForwardMark? mark = reader.Byte() == 1 ? new ForwardMark(reader.Text(), reader.Text(), reader.Int64()) : null;
        for (var left = reader.Count(4); left > 0; left--)
        {
            if (ShapeDefinition.Read(ref reader, version == OfKinds) is not { } definition || registry.Define(definition) is null)
            {
                return null;
            }
        }

        var shapes = new List<Shape>();
        for (var left = reader.Count(18); left > 0 && !reader.IsBad; left--)
        {
            // A shape whose definition was in a damaged record: its rows cannot be told apart from here on.
            if (registry.Find((int)reader.VarInt()) is not { } shape)
            {
                return null;
            }

            ReadRow(ref reader, batch, shape);
            shapes.Add(shape);
        }

        return reader.IsBad ? null : (batch, shapes, mark);
    }

    private static bool IsTyped(ReadOnlySpan<Shape> shapes)
    {
        foreach (var shape in shapes)
        {
            if (shape.IsTyped)
            {
                return true;
            }
        }

        return false;
    }

    private static void WriteShapes(BytesWriter writer, ReadOnlySpan<Shape> shapes, bool withKinds)
    {
        var fresh = new List<Shape>();
        foreach (var shape in shapes)
        {
            if (!shape.IsDurable && !fresh.Contains(shape))
            {
                fresh.Add(shape);
            }
        }

        writer.VarInt((ulong)fresh.Count);
        foreach (var shape in fresh)
        {
            ShapeDefinition.Write(writer, shape, withKinds);
        }
    }

    private static void WriteQualities(BytesWriter writer, ReadOnlySpan<Quality> qualities)
    {
        if (qualities.IndexOfAnyExcept(qualities[0]) < 0)
        {
            writer.Byte((byte)qualities[0]);
            return;
        }

        writer.Byte(QualityEach);
        foreach (var quality in qualities)
        {
            writer.Byte((byte)quality);
        }
    }

    private static void WriteTyped(BytesWriter writer, PointBatch batch, BatchRow row, ReadOnlySpan<SeriesKind> kinds)
    {
        var values = batch.ValuesOf(row);
        for (var i = 0; i < values.Length; i++)
        {
            switch (kinds[i])
            {
                case SeriesKind.Truth:
                    writer.Byte((byte)values[i]);
                    break;
                case SeriesKind.Text or SeriesKind.Json:
                    writer.Text(batch.Texts[(int)values[i]]);
                    break;
                default:
                    writer.Int64(values[i]);
                    break;
            }
        }
    }

    private static void ReadRow(ref BytesReader reader, PointBatch batch, Shape shape)
    {
        var timeNs = reader.Int64();
        var edgeNs = reader.Int64();
        var quality = reader.Byte();
        var width = shape.Properties.Length;
        var each = quality == QualityEach ? reader.Bytes(width) : default;
        var values = new SeriesValue[width];
        for (var i = 0; i < width; i++)
        {
            values[i] = ReadValue(ref reader, shape.KindOf(i));
        }

        if (!reader.IsBad)
        {
            batch.AddRow(shape.Tenant, shape.Device, timeNs, edgeNs, shape.Properties, values, (Quality)quality);
            batch.SetQualities(each);
        }
    }

    private static SeriesValue ReadValue(ref BytesReader reader, SeriesKind kind) => kind switch
    {
        SeriesKind.Truth => SeriesValue.OfTruth(reader.Byte() != 0),
        SeriesKind.Text or SeriesKind.Json => new SeriesValue(kind, 0, reader.Text()),
        _ => new SeriesValue(kind, reader.Int64(), null),
    };
}
