using Pilotage.Core.Durability;
using Pilotage.TimeSeries.Codec;

namespace Pilotage.TimeSeries.Segments;

/// <summary>Reads sections of a block, from its bytes or, where only its head was read, one by one from the file.</summary>
/// <param name="file">Where to read from; null where the bytes are there.</param>
/// <param name="blockOffset">Where the block begins in it.</param>
/// <param name="block">Room for the whole block.</param>
/// <param name="sections">Where each section stands in it.</param>
internal readonly ref struct SectionReader(IDurableFile? file, long blockOffset, Span<byte> block, (int Offset, int Length, uint Crc)[] sections)
{
    private readonly Span<byte> _block = block;

    /// <summary>The bytes of a section; none when they are damaged.</summary>
    public ReadOnlySpan<byte> Bytes(int section)
    {
        var (offset, length, crc) = sections[section];
        var bytes = _block.Slice(offset, length);
        var isThere = file is null || file.Read(blockOffset + offset, bytes) == length;
        return isThere && Crc32C.Of(bytes) == crc ? bytes : default;
    }

    public bool TryRead(int section, Span<long> numbers)
    {
        var reader = new BytesReader(Bytes(section));
        return IntegerColumn.TryRead(ref reader, numbers);
    }

    public string[]? Texts(int section)
    {
        var reader = new BytesReader(Bytes(section));
        return TextDictionary.Read(ref reader);
    }
}
