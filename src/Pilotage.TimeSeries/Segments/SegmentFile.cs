using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using Pilotage.Core.Durability;
using Pilotage.TimeSeries.Codec;
using Pilotage.TimeSeries.Head;
using Pilotage.TimeSeries.Query;

namespace Pilotage.TimeSeries.Segments;

/// <summary>One immutable file of blocks with a footer, open as long as anybody may read it.</summary>
/// <remarks>Whoever got a block before its segment was merged into another goes on reading it: the name is gone then, the file not.</remarks>
internal sealed class SegmentFile
{
    private const string Prefix = "segment-";
    private const string Suffix = ".pts";
    private const int TrailerBytes = 24;
    private const int BlockBytesMax = 256 * 1024 * 1024;

    // A block of this size is read whole: more calls would cost more than the bytes that nobody wants.
    private const int WholeBytesMax = 16 * 1024;
    private readonly IDurableFile _file;
    private readonly DamageTally _damages;
    private readonly BlockCache _cache;
    private bool _isWhole;
    private volatile bool _isLeftAlone;

    /// <summary>Takes over an open file; its blocks are told later.</summary>
    public SegmentFile(IDurableFile file, long id, DamageTally damages, BlockCache cache)
    {
        (_file, Id, _damages, _cache) = (file, id, damages, cache);
    }

    public long Id { get; }

    public string FileName => NameOf(Id);

    public IReadOnlyList<BlockRef> Blocks { get; private set; } = [];

    public long Points { get; private set; }

    /// <summary>Length of its blocks.</summary>
    public long Bytes => Blocks.Count == 0 ? 0 : Blocks[^1].Offset + Blocks[^1].Length;

    /// <summary>Nothing of deletions up to this one is in it any more.</summary>
    public long PurgedTo { get; set; }

    /// <summary>Whether it may be merged: without its footer, nobody knows the states of its series.</summary>
    public bool IsMergeable => _isWhole && !_isLeftAlone;

    /// <summary>Whether it was merged into another, so that nobody new will ask for it.</summary>
    public bool IsRetired { get; set; }

    /// <summary>Whether its footer was there and whole when it was opened.</summary>
    public bool HasFooter => _isWhole;

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

    /// <summary>What ends a file: where its footer begins, and that this is its file.</summary>
    public static byte[] Trailer(ReadOnlySpan<byte> footer, long id)
    {
        var trailer = new byte[TrailerBytes];
        BinaryPrimitives.WriteInt32LittleEndian(trailer, footer.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(trailer.AsSpan(4), Crc32C.Of(footer));
        BinaryPrimitives.WriteInt64LittleEndian(trailer.AsSpan(8), id);
        TrailerMagic.CopyTo(trailer.AsSpan(16));
        return trailer;
    }

    /// <summary>Opens a segment and its footer, or makes one up from the blocks when it is damaged.</summary>
    public static (SegmentFile Segment, SegmentFooter Footer) Open(IDurableDirectory directory, long id, ShapeRegistry registry, DamageTally damages, BlockCache cache)
    {
        var segment = new SegmentFile(directory.Open(NameOf(id), DurableOpen.ReadOnly), id, damages, cache);
        if (segment.ReadFooter() is { } bytes && SegmentFooter.Read(bytes, segment, registry) is { } footer)
        {
            segment.Has(footer.Blocks, isWhole: true);
            return (segment, footer);
        }

        damages.Notice();
        footer = segment.Rebuild(registry);
        segment.Has(footer.Blocks, isWhole: false);
        return (segment, footer);
    }

    /// <summary>Says which blocks it has.</summary>
    public void Has(IReadOnlyList<BlockRef> blocks, bool isWhole)
    {
        (Blocks, _isWhole) = (blocks, isWhole);
        Points = blocks.Sum(block => (long)block.Rows * block.Shape.Properties.Length);
    }

    /// <summary>Decodes the wanted columns of a block, all when none are named; null when what is wanted of it is damaged, which is noticed.</summary>
    public RowSpan? Load(BlockRef block, int[]? columns, BlockParts parts) => Load(block, columns, parts, TimeRange.All);

    /// <summary>The same of the rows in a range of time; those beside it may be there or not.</summary>
    public RowSpan? Load(BlockRef block, int[]? columns, BlockParts parts, TimeRange range)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(block.Length);
        try
        {
            var bytes = buffer.AsSpan(0, block.Length);
            var rows = block.HeadBytes == 0 ? LoadEarlier(block, bytes) : Load(block, bytes, columns, parts, range);
            if (rows is null)
            {
                _damages.Notice();
            }

            return rows;
        }
        catch (StorageException fault) when (fault.Fault is StorageFault.Io or StorageFault.NotFound)
        {
            // A sector that cannot be read is damage like any other: it costs this block and no other.
            _damages.Notice();
            return null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Fast path of one column of numbers in a part of a block: what is kept of it is decoded and nothing else made; null where it has to be read, or is no run.</summary>
    public ColumnRun? KeptRun(BlockRef block, int column, TimeRange range)
    {
        if (block.Shape.KindOf(column) >= SeriesKind.Text
            || range.Contains(block.FirstNs, block.LastNs)
            || block.Kept is null
            || _cache.Find(block) is not { } kept
            || kept.Parts[0] is not { } times
            || kept.Parts[RowBlock.RowSections + column] is not { } section
            || !ColumnSection.IsGood(section))
        {
            return null;
        }

        var between = kept.Between;
        if (between?.Range != range)
        {
            var reader = new BytesReader(times);
            if (IntegerColumn.ReadBetween(ref reader, block.Rows, range.FromNs, range.ToNs, out var row) is not { } read || !RowSpan.IsSorted(read, strictly: true))
            {
                return null;
            }

            between = new(range, row, read);
            _cache.Keep(kept, between);
        }

        var values = GC.AllocateUninitializedArray<long>(between.Times.Length);
        var bytes = new BytesReader(section);
        return ColumnSection.TryRead(ref bytes, block.Shape.KindOf(column), block.Rows, between.Row, values, [])
            ? new ColumnRun(between.Times, values, block.Shape.KindOf(column), default)
            : null;
    }

    /// <summary>What a column of a block comes to; null where nobody summed it up, or that is damaged.</summary>
    public ColumnSums? LoadSums(BlockRef block, int column)
    {
        if (block.HeadBytes == 0)
        {
            return null;
        }

        var kept = _cache.Find(block);
        if (kept?.Sums[column] is { } known)
        {
            return known;
        }

        var buffer = ArrayPool<byte>.Shared.Rent(block.HeadBytes);
        try
        {
            if (!TryReadHead(block, buffer.AsSpan(0, block.HeadBytes), _cache, ref kept, out var head, out _) || head.ReadSums(column) is not { } sums)
            {
                return null;
            }

            if (kept is not null)
            {
                _cache.Keep(kept, column, sums);
            }

            return sums;
        }
        catch (StorageException fault) when (fault.Fault is StorageFault.Io or StorageFault.NotFound)
        {
            // The points say it too, or are damaged as well, and then that is noticed.
            return null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>What its footer says beside the blocks; null when it is damaged by now.</summary>
    /// <param name="known">Shapes whose states are known already, and left out.</param>
    public SegmentFacts? LoadFacts(IReadOnlySet<int> known)
    {
        try
        {
            return ReadFooter() is { } bytes ? SegmentFooter.ReadFacts(bytes, known) : null;
        }
        catch (StorageException fault) when (fault.Fault is StorageFault.Io or StorageFault.NotFound)
        {
            return null;
        }
    }

    /// <summary>Closes the file.</summary>
    public void Close() => _file.Dispose();

    /// <summary>Says that a merge met damage in it: it stays as it is, so that what may be mended yet is not thrown away.</summary>
    public void LeaveAlone() => _isLeftAlone = true;

    private RowSpan? LoadEarlier(BlockRef block, Span<byte> bytes) =>
        _file.Read(block.Offset, bytes) == bytes.Length && RowBlock.LengthAt(bytes, block.Offset, Id) == bytes.Length
            ? EarlierBlock.Read(bytes, block.Shape)
            : null;

    private RowSpan? Load(BlockRef block, Span<byte> bytes, int[]? columns, BlockParts parts, TimeRange range)
    {
        // Whoever wants all of a block reads on, and does not come back.
        var cache = columns is null ? null : _cache;
        var kept = cache?.Find(block);
        var isWhole = kept is null && (cache is null || bytes.Length <= WholeBytesMax);
        if (!TryReadHead(block, isWhole ? bytes : bytes[..block.HeadBytes], cache, ref kept, out var head, out var sections))
        {
            return null;
        }

        var reading = new SectionReader(isWhole ? null : _file, cache, kept, block.Offset, bytes, sections);
        if (Times(reading, head.Rows, block, range, out var row) is not { } times)
        {
            return null;
        }

        var rows = new RowDecoder(block.Shape, head.Rows, row, times, columns, parts);
        if (!reading.TryRead(1, head.Rows, row, rows.Arrivals)
            || !reading.TryRead(2, head.Rows, row, rows.ReceivedTimes)
            || !reading.TryRead(3, head.Rows, row, rows.OnTheWay))
        {
            return null;
        }

        for (var column = 0; column < block.Shape.Properties.Length; column++)
        {
            if (!rows.Wants(column))
            {
                continue;
            }

            var section = new BytesReader(reading.Bytes(RowBlock.RowSections + column));
            if (!rows.TryRead(ref section, column))
            {
                return null;
            }
        }

        return rows.ToRows(rows.WantsText ? reading.Texts(sections.Length - 1) : []);
    }

    /// <summary>The head of a block: the one that is kept, or from the file with as much of what follows it as there is room for.</summary>
    private bool TryReadHead(
        BlockRef block, Span<byte> room, BlockCache? cache, ref KeptBlock? kept, out BlockHead head, out (int Offset, int Length, uint Crc)[] sections)
    {
        sections = kept?.Sections ?? [];
        if (kept is not null)
        {
            return BlockHead.TryReadChecked(kept.Head, out head);
        }

        head = default;
        if (_file.Read(block.Offset, room) != room.Length
            || !BlockHead.TryRead(room, block.Offset, Id, out head)
            || !head.IsOf(block.Shape)
            || (head.Rows != block.Rows && block.Rows != 0)
            || head.ReadSections(block.Length) is not { } read)
        {
            return false;
        }

        sections = read;
        kept = cache?.Keep(block, room[..head.Bytes], sections);
        return true;
    }

    private static long[]? Times(SectionReader reading, int rows, BlockRef block, TimeRange range, out int first)
    {
        if (!range.Contains(block.FirstNs, block.LastNs))
        {
            return reading.Times(0, rows, range, out first);
        }

        first = 0;
        var times = GC.AllocateUninitializedArray<long>(rows);
        return reading.TryRead(0, rows, 0, times) ? times : null;
    }

    private byte[]? ReadFooter()
    {
        var trailer = new byte[TrailerBytes];
        var length = _file.Length;
        if (length < TrailerBytes
            || _file.Read(length - TrailerBytes, trailer) != TrailerBytes
            || !trailer.AsSpan(16).SequenceEqual(TrailerMagic)
            || BinaryPrimitives.ReadInt64LittleEndian(trailer.AsSpan(8)) != Id)
        {
            return null;
        }

        var bytes = BinaryPrimitives.ReadInt32LittleEndian(trailer);
        if (bytes < 0 || bytes > length - TrailerBytes)
        {
            return null;
        }

        var footer = new byte[bytes];
        return _file.Read(length - TrailerBytes - bytes, footer) == bytes
            && Crc32C.Of(footer) == BinaryPrimitives.ReadUInt32LittleEndian(trailer.AsSpan(4))
                ? footer
                : null;
    }

    private SegmentFooter Rebuild(ShapeRegistry registry)
    {
        const int WindowBytes = 64 * 1024;
        var blocks = new List<BlockRef>();
        var window = new byte[WindowBytes];
        var length = _file.Length;
        long nextArrival = 0;
        for (long offset = 0; offset + RowBlock.FixedBytes <= length;)
        {
            var bytes = window.AsSpan(0, _file.Read(offset, window));
            var hit = bytes.IndexOf(RowBlock.MagicBegin);
            if (hit != 0)
            {
                // Keep two bytes: a magic may stand across the windows.
                offset += hit > 0 ? hit : Math.Max(bytes.Length - RowBlock.MagicBegin.Length + 1, 1);
            }
            else if (Describe(offset, RowBlock.LengthAt(bytes, offset, Id), length, registry) is { } block)
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

    private BlockRef? Describe(long offset, int length, long fileBytes, ShapeRegistry registry)
    {
        if (length is 0 or > BlockBytesMax || offset + length > fileBytes)
        {
            return null;
        }

        var bytes = new byte[length];
        if (_file.Read(offset, bytes) != length
            || RowBlock.ShapeOf(bytes, offset, Id) is not { } explained
            || registry.Define(explained) is not { } shape)
        {
            return null;
        }

        var block = new BlockRef(this, offset, length, RowBlock.HeadBytesOf(bytes), shape, 0, 0, 0, 0, 0);
        var rows = block.HeadBytes == 0 ? EarlierBlock.Read(bytes, shape) : Load(block, bytes, null, BlockParts.All, TimeRange.All);
        if (rows is not { Count: > 0 })
        {
            return null;
        }

        TakeStates(rows);
        var ((first, last), (firstArrival, lastArrival)) = (rows.Span, RowSpan.Bounds(rows.Arrivals));
        return block with { Rows = rows.Count, FirstNs = first, LastNs = last, FirstArrival = firstArrival, LastArrival = lastArrival };
    }

    private static void TakeStates(RowSpan rows)
    {
        for (var row = 0; row < rows.Count; row++)
        {
            for (var column = 0; column < rows.Width; column++)
            {
                var text = rows.TextOf(row, column);
                rows.Shape.Series[column].Take(
                    rows.Times[row], text is null ? rows.Bits(row, column) : 0, text, rows.QualityOf(row, column));
            }
        }
    }
}
