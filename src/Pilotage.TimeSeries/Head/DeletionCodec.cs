using Pilotage.Core;
using Pilotage.TimeSeries.Codec;

namespace Pilotage.TimeSeries.Head;

/// <summary>A deletion as it stands in a record of the head's log, whose first byte tells it from a batch, and in the manifest.</summary>
/// <remarks>Tenant, device, how many names and one more, 0 for all, the names, first and last time.</remarks>
internal static class DeletionCodec
{
    /// <summary>Bytes of one at least.</summary>
    public const int BytesMin = 5;

    private const byte Kind = 3;

    public static bool IsRecord(ReadOnlySpan<byte> record) => record is [Kind, ..];

    public static void WriteRecord(BytesWriter writer, Deletion deletion)
    {
        writer.Byte(Kind);
        Write(writer, deletion);
    }

    /// <summary>Reads a record back; null on bytes that cannot be.</summary>
    public static Deletion? ReadRecord(ReadOnlySpan<byte> record)
    {
        var reader = new BytesReader(record[1..]);
        var deletion = Read(ref reader);
        return reader.IsBad ? null : deletion;
    }

    public static void Write(BytesWriter writer, Deletion deletion)
    {
        writer.Text(deletion.Tenant.Value);
        writer.Text(deletion.Device.Value);
        writer.VarInt(deletion.Properties is null ? 0 : (ulong)deletion.Properties.Count + 1);
        foreach (var property in deletion.Properties ?? [])
        {
            writer.Text(property);
        }

        writer.Signed(deletion.FromNs);
        writer.Signed(deletion.ToNs);
    }

    public static Deletion Read(ref BytesReader reader)
    {
        var tenant = new TenantId(reader.Text());
        var device = new DeviceId(reader.Text());
        var count = reader.Count(1);
        var properties = count == 0 ? null : new string[count - 1];
        for (var i = 0; i < properties?.Length; i++)
        {
            properties[i] = reader.Text();
        }

        return new Deletion(tenant, device, properties, reader.Signed(), reader.Signed());
    }
}
