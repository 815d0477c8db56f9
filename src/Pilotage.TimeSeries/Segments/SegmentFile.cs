using System.Buffers.Binary;
using System.Globalization;
using Pilotage.Core.Durability;
using Pilotage.TimeSeries.Head;

namespace Pilotage.TimeSeries.Segments;

/// <summary>One immutable file of blocks with a footer; a damaged footer is rebuilt from the blocks.</summary>
internal sealed class SegmentFile(IDurableDirectory directory, long id)
{
    private const string Prefix = "segment-";
    private const string Suffix = ".pts";
    private const int TrailerBytes = 24;
    private const int BlockBytesMax = 256 * 1024 * 1024;

    public long Id => id;

    public string FileName => NameOf(id);

    private static ReadOnlySpan<byte> TrailerMagic => "PTSFOOT1"u8;

    public static string NameOf(long id) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{id:D10}{Suffix}");

    /// <summary>The number in the name of a segment file; null when it is another file.</summary>
    public static long? IdOf(string fileName)
    {
        return fileName.StartsWith(Prefix, StringComparison.Ordinal)
            && fileName.EndsWith(Suffix, StringComparison.Ordinal)
            && long.TryParse(fileName.AsSpan()[Prefix.Length..^Suffix.Length], NumberStyles.None, CultureInfo.InvariantCulture, out var id)
                ? id
                : null;
    }

    /// <summary>Writes a head durably; nothing refers to the file yet.</summary>
    public static IReadOnlyList<BlockRef> Write(
        IDurableDirectory directory, long id, HeadTables head, IReadOnlyDictionary<Shape, SeriesSnapshot[]> states, int blockRowsMax)
    {
        var segment = new SegmentFile(directory, id);
        using var file = directory.Open(segment.FileName, DurableOpen.CreateNew);
        var blocks = new List<BlockRef>();
        long offset = 0;
        foreach (var table in head.Tables)
        {
            var rows = table.Snapshot();
            for (var start = 0; start < rows.Count;)
            {
                var count = RowBlock.RowsThatFit(rows, start, Math.Min(blockRowsMax, rows.Count - start));
                var bytes = RowBlock.Write(rows, start, count, offset, id);
                file.Write(offset, bytes);
                blocks.Add(segment.Describe(rows, start, count, offset, bytes.Length));
                offset += bytes.Length;
                start += count;
            }
        }

        var footer = SegmentFooter.Write(head, states, blocks);
        file.Write(offset, footer);
        file.Write(offset + footer.Length, Trailer(footer, id));
        file.Sync();
        directory.Sync();
        return blocks;
    }

    /// <summary>Reads the footer, or makes one up from the blocks when it is damaged.</summary>
    public SegmentFooter Open(ShapeRegistry registry, out bool isDamaged)
    {
        using var file = directory.Open(FileName, DurableOpen.ReadOnly);
        var footer = ReadFooter(file, registry);
        isDamaged = footer is null;
        return footer ?? Rebuild(file, registry);
    }

    /// <summary>Decodes the wanted columns of a block, all when none are named; null when it is damaged.</summary>
    public RowSpan? Load(BlockRef block, bool[]? wanted)
    {
        try
        {
            using var file = directory.Open(FileName, DurableOpen.ReadOnly);
            var bytes = new byte[block.Length];
            return file.Read(block.Offset, bytes) == bytes.Length
                ? RowBlock.Read(bytes, block.Offset, id, block.Shape, wanted)
                : null;
        }
        catch (StorageException fault) when (fault.Fault is StorageFault.Io or StorageFault.NotFound)
        {
            // A sector that cannot be read is damage like any other: it costs this block and no other.
            return null;
        }
    }

    private static byte[] Trailer(byte[] footer, long id)
    {
        var trailer = new byte[TrailerBytes];
        BinaryPrimitives.WriteInt32LittleEndian(trailer, footer.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(trailer.AsSpan(4), Crc32C.Of(footer));
        BinaryPrimitives.WriteInt64LittleEndian(trailer.AsSpan(8), id);
        TrailerMagic.CopyTo(trailer.AsSpan(16));
        return trailer;
    }

    private SegmentFooter? ReadFooter(IDurableFile file, ShapeRegistry registry)
    {
        var trailer = new byte[TrailerBytes];
        var length = file.Length;
        if (length < TrailerBytes
            || file.Read(length - TrailerBytes, trailer) != TrailerBytes
            || !trailer.AsSpan(16).SequenceEqual(TrailerMagic)
            || BinaryPrimitives.ReadInt64LittleEndian(trailer.AsSpan(8)) != id)
        {
            return null;
        }

        var bytes = BinaryPrimitives.ReadInt32LittleEndian(trailer);
        if (bytes < 0 || bytes > length - TrailerBytes)
        {
            return null;
        }

        var footer = new byte[bytes];
        return file.Read(length - TrailerBytes - bytes, footer) == bytes
            && Crc32C.Of(footer) == BinaryPrimitives.ReadUInt32LittleEndian(trailer.AsSpan(4))
                ? SegmentFooter.Read(footer, this, registry)
                : null;
    }

    private SegmentFooter Rebuild(IDurableFile file, ShapeRegistry registry)
    {
        const int WindowBytes = 64 * 1024;
        var blocks = new List<BlockRef>();
        var window = new byte[WindowBytes];
        var length = file.Length;
        long nextArrival = 0;
        for (long offset = 0; offset + RowBlock.HeaderBytes <= length;)
        {
            var bytes = window.AsSpan(0, file.Read(offset, window));
            var hit = bytes.IndexOf(RowBlock.MagicBegin);
            if (hit != 0)
            {
                // Keep two bytes: a magic may stand across the windows.
                offset += hit > 0 ? hit : Math.Max(bytes.Length - RowBlock.MagicBegin.Length + 1, 1);
            }
            else if (Describe(file, offset, RowBlock.LengthAt(bytes, offset, id), registry) is { } block)
            {
                blocks.Add(block);
                nextArrival = Math.Max(nextArrival, block.LastArrival + 1);
                offset += block.Length;
            }
            else
            {
                offset++;
            }
        }

        return new SegmentFooter { NextArrival = nextArrival, Blocks = blocks };
    }

    private BlockRef? Describe(IDurableFile file, long offset, int length, ShapeRegistry registry)
    {
        if (length is 0 or > BlockBytesMax || offset + length > file.Length)
        {
            return null;
        }

        var bytes = new byte[length];
        if (file.Read(offset, bytes) != length
            || RowBlock.ShapeOf(bytes, offset, id) is not { } explained
            || registry.Define(explained) is not { } shape
            || RowBlock.Read(bytes, offset, id, shape, null) is not { } rows)
        {
            return null;
        }

        for (var row = 0; row < rows.Count; row++)
        {
            for (var column = 0; column < rows.Width; column++)
            {
                var text = rows.TextOf(row, column);
                shape.Series[column].Take(
                    rows.Times[row], text is null ? rows.Bits(row, column) : 0, text, rows.QualityOf(row, column));
            }
        }

        return Describe(rows, 0, rows.Count, offset, length);
    }

    private BlockRef Describe(RowSpan rows, int start, int count, long offset, int length)
    {
        var first = long.MaxValue;
        var last = long.MinValue;
        foreach (var time in rows.Times.AsSpan(start, count))
        {
            first = Math.Min(first, time);
            last = Math.Max(last, time);
        }

        return new BlockRef(
            this, offset, length, rows.Shape, count, first, last, rows.Arrivals[start], rows.Arrivals[start + count - 1]);
    }
}
