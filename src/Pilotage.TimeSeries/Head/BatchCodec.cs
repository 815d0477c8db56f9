using Pilotage.Core;
using Pilotage.TimeSeries.Codec;

namespace Pilotage.TimeSeries.Head;

/// <summary>A batch as a record of the head's log.</summary>
/// <remarks>
/// Version, received time, mark or none, definitions of shapes that are not durable yet, rows: shape, time, edge time
/// less received time, quality (one for all, or 255 and one each), values as they are.
/// </remarks>
internal static class BatchCodec
{
    private const byte Version = 1;
    private const byte QualityEach = 255;

    public static void Write(
        BytesWriter writer, PointBatch batch, ReadOnlySpan<Shape> shapes, long receivedNs, ForwardMark? mark)
    {
        writer.Byte(Version);
        writer.Int64(receivedNs);
        writer.Byte(mark is null ? (byte)0 : (byte)1);
        if (mark is { } there)
        {
            writer.Text(there.Edge);
            writer.Text(there.LogId);
            writer.Int64(there.Offset);
        }

        WriteShapes(writer, shapes);
        writer.VarInt((ulong)batch.RowCount);
        for (var i = 0; i < batch.RowCount; i++)
        {
            var row = batch.Rows[i];
            writer.VarInt((ulong)shapes[i].Id);
            writer.Int64(row.TimeNs);
            writer.Int64(row.EdgeNs);
            var qualities = batch.QualitiesOf(row);
            if (qualities.IndexOfAnyExcept(qualities[0]) < 0)
            {
                writer.Byte((byte)qualities[0]);
            }
            else
            {
                writer.Byte(QualityEach);
                foreach (var quality in qualities)
                {
                    writer.Byte((byte)quality);
                }
            }

            foreach (var value in batch.ValuesOf(row))
            {
                writer.Double(value);
            }
        }
    }

    /// <summary>Reads a record back, defining shapes on the way; null when the bytes cannot be.</summary>
    public static (PointBatch Batch, List<Shape> Shapes, ForwardMark? Mark)? Read(ReadOnlySpan<byte> record, ShapeRegistry registry)
    {
        var reader = new BytesReader(record);
        var version = reader.Byte();
        var batch = new PointBatch { ReceivedNs = reader.Int64() };
        ForwardMark? mark = reader.Byte() == 1 ? new ForwardMark(reader.Text(), reader.Text(), reader.Int64()) : null;
        for (var left = reader.Count(4); left > 0; left--)
        {
            var (id, tenant, device, properties) = ReadShape(ref reader);
            if (reader.IsBad || registry.Define(id, tenant, device, properties) is null)
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

        return version == Version && !reader.IsBad ? (batch, shapes, mark) : null;
    }

    public static void WriteShape(BytesWriter writer, Shape shape)
    {
        writer.VarInt((ulong)shape.Id);
        writer.Text(shape.Tenant.Value);
        writer.Text(shape.Device.Value);
        writer.VarInt((ulong)shape.Properties.Length);
        foreach (var property in shape.Properties)
        {
            writer.Text(property);
        }
    }

    public static (int Id, TenantId Tenant, DeviceId Device, string[] Properties) ReadShape(ref BytesReader reader)
    {
        var id = (int)reader.VarInt();
        var tenant = new TenantId(reader.Text());
        var device = new DeviceId(reader.Text());
        var properties = new string[reader.Count(1)];
        for (var i = 0; i < properties.Length; i++)
        {
            properties[i] = reader.Text();
        }

        return (id, tenant, device, properties);
    }

    private static void WriteShapes(BytesWriter writer, ReadOnlySpan<Shape> shapes)
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
            WriteShape(writer, shape);
        }
    }

    private static void ReadRow(ref BytesReader reader, PointBatch batch, Shape shape)
    {
        var timeNs = reader.Int64();
        var edgeNs = reader.Int64();
        var quality = reader.Byte();
        var width = shape.Properties.Length;
        var each = quality == QualityEach ? reader.Bytes(width) : default;
        var values = new double[width];
        for (var i = 0; i < width; i++)
        {
            values[i] = reader.Double();
        }

        if (!reader.IsBad)
        {
            batch.AddRow(shape.Tenant, shape.Device, timeNs, edgeNs, shape.Properties, values, (Quality)quality, each);
        }
    }
}
