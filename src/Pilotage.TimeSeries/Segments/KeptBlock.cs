using Pilotage.TimeSeries.Query;

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

    /// <summary>The times that were asked for last, where that was a part of the block: a chart asks for many columns of one span.</summary>
    public TimesBetween? Between { get; set; }

    /// <summary>Memory that it takes, about. Guarded by the cache.</summary>
    public long Bytes { get; set; } = BytesBeside + head.Length + (sections.Length * BytesPerSection);

    /// <summary>The turn of the cache it was last used in.</summary>
    public int Turn { get; set; }
}

/// <summary>Times of a block in a range, and the row of the first.</summary>
internal sealed record TimesBetween(TimeRange Range, int Row, long[] Times)
{
    private const int BytesBeside = 80;

    /// <summary>Memory that they take, about.</summary>
    public long Bytes => BytesBeside + ((long)Times.Length * sizeof(long));
}
