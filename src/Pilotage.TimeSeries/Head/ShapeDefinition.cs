using Pilotage.Core;
using Pilotage.TimeSeries.Codec;

namespace Pilotage.TimeSeries.Head;

/// <summary>A shape as it stands on disk, in records, blocks and footers.</summary>
/// <remarks>Id, tenant, device, names; from version 2 of what it stands in, then a byte for the kind of each.</remarks>
/// <param name="Kinds">Null where all are doubles.</param>
internal readonly record struct ShapeDefinition(int Id, TenantId Tenant, DeviceId Device, string[] Properties, SeriesKind[]? Kinds)
{
    /// <summary>Writes a shape, its kinds too where the reader will expect them.</summary>
    public static void Write(BytesWriter writer, Shape shape, bool withKinds)
    {
        writer.VarInt((ulong)shape.Id);
        writer.Text(shape.Tenant.Value);
        writer.Text(shape.Device.Value);
        writer.VarInt((ulong)shape.Properties.Length);
        foreach (var property in shape.Properties)
        {
            writer.Text(property);
        }

        for (var i = 0; withKinds && i < shape.Properties.Length; i++)
        {
            writer.Byte((byte)shape.KindOf(i));
        }
    }

    /// <summary>Reads one; null on bytes that cannot be.</summary>
    public static ShapeDefinition? Read(ref BytesReader reader, bool withKinds)
    {
        var id = (int)reader.VarInt();
        var tenant = new TenantId(reader.Text());
        var device = new DeviceId(reader.Text());
        var properties = new string[reader.Count(1)];
        for (var i = 0; i < properties.Length; i++)
        {
            properties[i] = reader.Text();
        }

        var kinds = withKinds ? KindsOf(reader.Bytes(properties.Length)) : null;
        return reader.IsBad || Array.Exists(kinds ?? [], kind => kind > SeriesKind.Json)
            ? null
            : new ShapeDefinition(id, tenant, device, properties, kinds);
    }

    private static SeriesKind[]? KindsOf(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IndexOfAnyExcept((byte)SeriesKind.Number) < 0)
        {
            return null;
        }

        var kinds = new SeriesKind[bytes.Length];
        for (var i = 0; i < kinds.Length; i++)
        {
            kinds[i] = (SeriesKind)bytes[i];
        }

        return kinds;
    }
}
