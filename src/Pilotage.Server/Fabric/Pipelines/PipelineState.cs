using System.Buffers.Binary;
using System.Text;
using Pilotage.Core.Durability;

namespace Pilotage.Server.Fabric.Pipelines;

/// <summary>What a pipeline would go on with after a kill: how far it has read, the alerts that stand, and all that its steps keep.</summary>
/// <param name="Owner">The pipeline whose it is.</param>
/// <param name="Version">The version of the pipeline that wrote it.</param>
/// <param name="NextArrival">The first row that is not in it, by the order of arrival.</param>
/// <param name="Standing">Alerts that were raised and not cleared, by device and kind.</param>
/// <param name="Flow">The checkpoint of its steps, which checks itself.</param>
internal sealed record PipelineState(string Owner, int Version, long NextArrival, IReadOnlyDictionary<(DeviceId Device, string Kind), string> Standing, byte[] Flow)
{
    // "PLPS", and the version of this format.
    private const int Magic = 0x53504C50;
    private const int FormatVersion = 1;
    private const int ChecksumBytes = sizeof(uint);

    /// <summary>The file of a pipeline.</summary>
    public static string FileOf(TenantId tenant, string name) => $"{tenant.Value}.{name}.state";

    /// <summary>Who a pipeline is among all.</summary>
    public static string OwnerOf(TenantId tenant, string name) => $"{tenant.Value}/{name}";

    /// <summary>Replaces the file: it is the old state or this one, whole.</summary>
    public long Write(IDurableDirectory folder, TenantId tenant, string name)
    {
        using var bytes = new MemoryStream();
        using (var writer = new BinaryWriter(bytes, Encoding.UTF8, leaveOpen: true))
        {
            writer.Write(Magic);
            writer.Write(FormatVersion);
            writer.Write(Owner);
            writer.Write(Version);
            writer.Write(NextArrival);
            writer.Write(Standing.Count);
            foreach (var ((device, kind), alert) in Standing)
            {
                writer.Write(device.Value);
                writer.Write(kind);
                writer.Write(alert);
            }

            writer.Write(Flow.Length);
            writer.Write(Flow);
        }

        Span<byte> checksum = stackalloc byte[ChecksumBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(checksum, Crc32C.Of(bytes.GetBuffer().AsSpan(0, (int)bytes.Length)));
        bytes.Write(checksum);
        AtomicFile.Write(folder, FileOf(tenant, name), bytes.GetBuffer().AsSpan(0, (int)bytes.Length));
        return bytes.Length;
    }

    /// <summary>The state of a pipeline; null where there is none, a refusal where it cannot be read.</summary>
    public static Outcome<PipelineState?> Read(IDurableDirectory folder, TenantId tenant, string name)
    {
        var file = FileOf(tenant, name);
        if (AtomicFile.Read(folder, file) is not { } bytes)
        {
            return (PipelineState?)null;
        }

        if (bytes.Length <= ChecksumBytes || Crc32C.Of(bytes.AsSpan(..^ChecksumBytes)) != BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(^ChecksumBytes..)))
        {
            return new Refusal("fabric.pipeline.state", $"The state {file} is damaged: its checksum is wrong.");
        }

        using var reader = new BinaryReader(new MemoryStream(bytes, 0, bytes.Length - ChecksumBytes));
        if (reader.ReadInt32() != Magic || reader.ReadInt32() != FormatVersion)
        {
            return new Refusal("fabric.pipeline.state", $"The state {file} is of another version.");
        }

        var owner = reader.ReadString();
        if (owner != OwnerOf(tenant, name))
        {
            return new Refusal("fabric.pipeline.state", $"The state {file} is that of {owner}.");
        }

        var (version, next) = (reader.ReadInt32(), reader.ReadInt64());
        var standing = new Dictionary<(DeviceId, string), string>();
        for (var left = reader.ReadInt32(); left > 0; left--)
        {
            standing[(new DeviceId(reader.ReadString()), reader.ReadString())] = reader.ReadString();
        }

        return new PipelineState(owner, version, next, standing, reader.ReadBytes(reader.ReadInt32()));
    }
}
