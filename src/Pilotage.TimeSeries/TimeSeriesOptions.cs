using System.ComponentModel.DataAnnotations;

namespace Pilotage.TimeSeries;

/// <summary>Bounds of a <see cref="TimeSeriesStore"/>.</summary>
public sealed record TimeSeriesOptions
{
    /// <summary>Points held in memory before they are sealed into a segment file, about 20 bytes each. Twice this is the most held, and read back from the log after a crash.</summary>
    [Range(100, 100_000_000)]
    public int HeadPointsMax { get; init; } = 4_000_000;

    /// <summary>Memory that different texts may take, in bytes, before the head is sealed: 64 MiB. Twice this is the most held, and a batch.</summary>
    [Range(64 * 1024, 1024 * 1024 * 1024)]
    public int HeadTextBytesMax { get; init; } = 64 * 1024 * 1024;

    /// <summary>The longest text or JSON document of a point, in bytes of UTF-8: 4 KiB, the text of a fault with room. Longer ones are refused.</summary>
    [Range(16, 64 * 1024)]
    public int TextBytesMax { get; init; } = 4 * 1024;

    /// <summary>Messages in one block of a segment: what a query for a single point decodes the times and one column of.</summary>
    [Range(1, 65_536)]
    public int BlockRowsMax { get; init; } = 2048;

    /// <summary>So many segments of a size are merged into one of the next. Fewer make queries faster and writing dearer.</summary>
    [Range(2, 64)]
    public int MergedSegments { get; init; } = 8;

    /// <summary>Points of a segment that is not merged any more: what one merge or one deletion writes anew at most, about.</summary>
    [Range(1_000, 10_000_000_000)]
    public long MergedPointsMax { get; init; } = 64_000_000;

    /// <summary>A segment is written anew once this share of its points is deleted. Until then, or until it is merged, they are hidden and take their space.</summary>
    [Range(0.01, 1)]
    public double PurgedShare { get; init; } = 0.2;

    /// <summary>Deletions that hide points at most; beyond, segments are written anew however little of them is deleted.</summary>
    [Range(1, 1_000_000)]
    public int TombstonesMax { get; init; } = 10_000;

    /// <summary>Memory for parts of segments that queries read, in bytes: 32 MiB, an hour of some thousand series. 0 keeps none, and each query reads the files anew.</summary>
    [Range(0, 64L * 1024 * 1024 * 1024)]
    public long CacheBytes { get; init; } = 32 * 1024 * 1024;

    /// <summary>Size at which the head's log starts a new file.</summary>
    [Range(4 * 1024, 1024 * 1024 * 1024)]
    public int LogSegmentBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>Whether the disk has room for so many bytes that a merge writes before it gives as many back; what has none waits. By default there is always room.</summary>
    public Func<long, bool> HasRoomFor { get; init; } = static _ => true;

    /// <summary>Where commits run; by default on a thread of the store's own. Simulations pass one they drive.</summary>
    public TaskScheduler? Writer { get; init; }

    /// <summary>Where segments are sealed and merged; by default on the thread pool.</summary>
    public TaskScheduler? Sealer { get; init; }

    internal void Validate()
    {
        InRange(HeadPointsMax, 100, 100_000_000, nameof(HeadPointsMax));
        InRange(HeadTextBytesMax, 64 * 1024, 1024 * 1024 * 1024, nameof(HeadTextBytesMax));
        InRange(TextBytesMax, 16, 64 * 1024, nameof(TextBytesMax));
        InRange(BlockRowsMax, 1, 65_536, nameof(BlockRowsMax));
        InRange(MergedSegments, 2, 64, nameof(MergedSegments));
        InRange(PurgedShare * 100, 1, 100, nameof(PurgedShare));
        InRange(TombstonesMax, 1, 1_000_000, nameof(TombstonesMax));
        InRange(CacheBytes, 0, 64L * 1024 * 1024 * 1024, nameof(CacheBytes));
        InRange(MergedPointsMax, 1_000, 10_000_000_000, nameof(MergedPointsMax));
    }

    private static void InRange(double value, double least, double most, string name)
    {
        if (value < least || value > most)
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} is {value}; it must lie in {least}..{most}.");
        }
    }
}
