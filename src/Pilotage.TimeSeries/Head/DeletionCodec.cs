using Pilotage.Core;
using Pilotage.TimeSeries.Codec;

namespace Pilotage.TimeSeries.Head;

/// <summary>A deletion as a record of the head's log.</summary>
/// <remarks>The first byte tells it from a batch; then tenant, device, names and how many, 0 for all, first and last time.</remarks>
internal static class DeletionCodec
{
    private const byte Kind = 3;

    public static bool Begins(ReadOnlySpan<byte> record) => record is [Kind, ..];

    public static void Write(BytesWriter writer, Deletion deletion)
    {
        writer.Byte(Kind);
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

    /// <summary>Reads it back; null on bytes that cannot be.</summary>
    public static Deletion? Read(ReadOnlySpan<byte> record)
    {
        var reader = new BytesReader(record[1..]);
        var tenant = new TenantId(reader.Text());
        var device = new DeviceId(reader.Text());
        var count = reader.Count(1);
        var properties = count == 0 ? null : new string[count - 1];
        for (var i = 0; i < properties?.Length; i++)
        {
            properties[i] = reader.Text();
        }

        var deletion = new Deletion(tenant, device, properties, reader.Signed(), reader.Signed());
        return reader.IsBad ? null : deletion;
    }
}
