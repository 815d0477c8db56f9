namespace Pilotage.TimeSeries.Segments;

/// <summary>What queries read of a block and found whole: asked for again, it costs neither a call of the system nor a checksum.</summary>
/// <param name="block">The block.</param>
/// <param name="head">What explains it and sums it up.</param>
/// <param name="sections">Where each section stands in it, and its checksum.</param>
internal sealed class KeptBlock(BlockRef block, byte[] head, (int Offset, int Length, uint Crc)[] sections)
{
    /// <summary>About what one takes beside the bytes in it.</summary>
    public const int BytesBeside = 200;
    private const int BytesPerSection = 32;

    public BlockRef Block { get; } = block;

    public byte[] Head { get; } = head;

    public (int Offset, int Length, uint Crc)[] Sections { get; } = sections;

    /// <summary>The sections that were asked for.</summary>
    public byte[]?[] Parts { get; } = new byte[]?[sections.Length];

    /// <summary>What the columns come to that were asked for.</summary>
    public ColumnSums?[] Sums { get; } = new ColumnSums?[block.Shape.Properties.Length];

    /// <summary>Memory that it takes, about. Guarded by the cache.</summary>
    public long Bytes { get; set; } = BytesBeside + head.Length + (sections.Length * BytesPerSection);

    /// <summary>The turn of the cache it was last used in.</summary>
    public int Turn { get; set; }
}
