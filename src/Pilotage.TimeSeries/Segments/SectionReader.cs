using Pilotage.Core.Durability;
using Pilotage.TimeSeries.Codec;
using Pilotage.TimeSeries.Query;

namespace Pilotage.TimeSeries.Segments;

/// <summary>Reads sections of a block, from its bytes or, where only its head was read, one by one from the file, and keeps them for the next query.</summary>
/// <param name="file">Where to read from; null where the bytes are there.</param>
/// <param name="cache">Bounds what is kept; null where nothing is.</param>
/// <param name="kept">What is kept of this block; null where nothing is.</param>
/// <param name="blockOffset">Where the block begins in it.</param>
/// <param name="block">Room for the whole block.</param>
/// <param name="sections">Where each section stands in it.</param>
internal readonly ref struct SectionReader(
    IDurableFile? file, BlockCache? cache, KeptBlock? kept, long blockOffset, Span<byte> block, (int Offset, int Length, uint Crc)[] sections)
{
    private readonly Span<byte> _block = block;

    /// <summary>The bytes of a section; none when they are damaged.</summary>
    public ReadOnlySpan<byte> Bytes(int section)
    {
        if (kept?.Parts[section] is { } part)
        {
            return part;
        }

        var (offset, length, crc) = sections[section];
        var bytes = _block.Slice(offset, length);
        if ((file is not null && file.Read(blockOffset + offset, bytes) != length) || Crc32C.Of(bytes) != crc)
        {
            return default;
        }

        if (kept is not null)
        {
            cache?.Keep(kept, section, bytes);
        }

        return bytes;
    }

    /// <summary>Numbers of some rows of so many, from one on; where nobody wants any, nothing is read.</summary>
    public bool TryRead(int section, int rows, int first, Span<long> numbers)
    {
        if (numbers.IsEmpty)
        {
            return true;
        }

        var reader = new BytesReader(Bytes(section));
        return IntegerColumn.TryRead(ref reader, rows, first, numbers);
    }

    /// <summary>Those of the times, which never fall, that lie in a range, and the row of the first; null when they are damaged.</summary>
    public long[]? Times(int section, int rows, TimeRange range, out int first)
    {
        var reader = new BytesReader(Bytes(section));
        return IntegerColumn.ReadBetween(ref reader, rows, range.FromNs, range.ToNs, out first);
    }

    public string[]? Texts(int section)
    {
        var reader = new BytesReader(Bytes(section));
        return TextDictionary.Read(ref reader);
    }
}
