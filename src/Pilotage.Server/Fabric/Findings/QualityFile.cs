using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Pilotage.Core.Durability;

namespace Pilotage.Server.Fabric.Findings;

/// <summary>What was learned of all series, in one file of the data folder that is either whole or the one before.</summary>
/// <remarks>
/// About half a kilobyte a series. A file of another version, or one that is damaged, is left: everything is learned anew, which takes some
/// points of each series. What it says is some time old, so the first point of each series is compared with nothing.
/// </remarks>
internal static class QualityFile
{
    public const string Name = "quality.bin";
    private const int Version = 1;
    private const int ChecksumBytes = sizeof(uint);

    /// <summary>The whole content.</summary>
    public static byte[] ToBytes(SeriesTracks tracks, WatchedSeries series)
    {
        using var bytes = new MemoryStream();
        using (var writer = new BinaryWriter(bytes, Encoding.UTF8, leaveOpen: true))
        {
            writer.Write(Shape());
            foreach (var device in series.Devices.OrderBy(device => device.SeenAt))
            {
                writer.Write(true);
                writer.Write(device.Tenant.Value);
                writer.Write(device.Id.Value);
                writer.Write(device.Slots.Count);
                foreach (var (property, slot) in device.Slots)
                {
                    writer.Write(property);
                    tracks.Write(writer, slot);
                }
            }

            writer.Write(false);
        }

        Span<byte> checksum = stackalloc byte[ChecksumBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(checksum, Crc32C.Of(bytes.GetBuffer().AsSpan(0, (int)bytes.Length)));
        bytes.Write(checksum);
        return bytes.ToArray();
    }

    /// <summary>Takes over what was kept, if anything was; false, and why, where it cannot be.</summary>
    public static bool TryRead(IDurableDirectory folder, int seriesMax, SeriesTracks tracks, WatchedSeries series, out string why)
    {
        why = "";
        try
        {
            if (AtomicFile.Read(folder, Name) is not { } bytes)
            {
                return true;
            }

            if (bytes.Length <= ChecksumBytes || Crc32C.Of(bytes.AsSpan(..^ChecksumBytes)) != BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(^ChecksumBytes..)))
            {
                why = $"{Name} is damaged";
                return false;
            }

            using var reader = new BinaryReader(new MemoryStream(bytes, 0, bytes.Length - ChecksumBytes));
            if (reader.ReadString() != Shape())
            {
                why = $"{Name} is of another version";
                return false;
            }

            Read(reader, seriesMax, tracks, series);
            return true;
        }
        catch (IOException failure)
        {
            why = failure.Message.TrimEnd('.');
            return false;
        }
    }

    private static void Read(BinaryReader reader, int seriesMax, SeriesTracks tracks, WatchedSeries series)
    {
        while (reader.ReadBoolean())
        {
            var device = new WatchedDevice(new TenantId(reader.ReadString()), new DeviceId(reader.ReadString()));
            for (var left = reader.ReadInt32(); left > 0; left--)
            {
                var property = reader.ReadString();
                var slot = tracks.Read(reader);
                if (tracks.Count > seriesMax)
                {
                    tracks.Remove(slot);
                    continue;
                }

                device.Slots.Add(property, slot);
            }

            if (device.Slots.Count > 0)
            {
                series.Restore(device);
            }
        }
    }

    // What is written as it lies in memory is only read by what lays it out the same way.
    private static string Shape() =>
        $"pilotage.quality/{Version} {Unsafe.SizeOf<SeriesPulse>()} {Unsafe.SizeOf<SeriesHabits>()} {Unsafe.SizeOf<Finding>()} {FindingKinds.All.Count} {UnitSteps.Count}";

    internal static void Write<T>(BinaryWriter writer, ReadOnlySpan<T> values)
        where T : unmanaged => writer.Write(MemoryMarshal.AsBytes(values));

    internal static void Read<T>(BinaryReader reader, Span<T> values)
        where T : unmanaged => reader.BaseStream.ReadExactly(MemoryMarshal.AsBytes(values));
}
