using System.Text;
using Pilotage.TimeSeries.Codec;

namespace Pilotage.TimeSeries.Chunks;

/// <summary>Writes groups as <see cref="ChunkFormat"/> says.</summary>
internal static class ChunkWriter
{
    public static ReadOnlyMemory<byte> Write(IReadOnlyList<MessageGroup> groups)
    {
        var writer = new BytesWriter();
        writer.Byte(ChunkFormat.Version);

        // Machines of a kind send the same, each to its own topic.
        var skeletons = groups.Select(group => group.Shared.Skeleton).Distinct(StringComparer.Ordinal).ToList();
        writer.VarInt((ulong)skeletons.Count);
        foreach (var skeleton in skeletons)
        {
            writer.VarInt((ulong)skeleton.Length);
            writer.Bytes(Encoding.Latin1.GetBytes(skeleton));
        }

        var places = skeletons.Select((skeleton, place) => (skeleton, place)).ToDictionary(one => one.skeleton, one => one.place, StringComparer.Ordinal);
        writer.VarInt((ulong)groups.Count);
        foreach (var group in groups)
        {
            Write(writer, group, places[group.Shared.Skeleton]);
        }

        return writer.WrittenMemory;
    }

    private static void Write(BytesWriter writer, MessageGroup group, int skeleton)
    {
        var (topic, contentType, retain, text) = group.Shared;
        writer.VarInt((ulong)skeleton);
        writer.Byte((byte)((retain ? ChunkFormat.FlagRetain : 0) | (contentType is null ? 0 : ChunkFormat.FlagContentType)));
        writer.Text(topic);
        if (contentType is not null)
        {
            writer.Text(contentType);
        }

        writer.VarInt((ulong)group.Messages.Count);
        var column = new BytesWriter();
        IntegerColumn.Write(column, group.Messages.Select(message => message.Offset).ToArray());
        Put(writer, column);
        IntegerColumn.Write(column, group.Messages.Select(message => message.EdgeReceiveNs).ToArray());
        Put(writer, column);
        var hole = 0;
        foreach (var character in text)
        {
            if (Skeleton.IsMark((byte)character))
            {
                CellColumn.Write(column, (byte)character, group, hole++);
                Put(writer, column);
            }
        }
    }

    private static void Put(BytesWriter writer, BytesWriter column)
    {
        writer.VarInt((ulong)column.Length);
        writer.Bytes(column.Written);
        column.Clear();
    }
}
