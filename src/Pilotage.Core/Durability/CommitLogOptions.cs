using System.ComponentModel.DataAnnotations;

namespace Pilotage.Core.Durability;

/// <summary>Bounds of a <see cref="CommitLog"/>.</summary>
public sealed record CommitLogOptions
{
    /// <summary>Start of the names of the log's files, so that several logs can share a folder.</summary>
    [Required]
    public string Name { get; init; } = "log";

    /// <summary>Size at which the next block starts a new file; trimming drops whole files.</summary>
    [Range(4 * 1024, 1024 * 1024 * 1024)]
    public int SegmentBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>Bytes collected for one commit; past that appenders wait. Twice this is the most held in memory.</summary>
    [Range(4 * 1024, 256 * 1024 * 1024)]
    public int BatchBytesMax { get; init; } = 4 * 1024 * 1024;

    /// <summary>The largest record; a larger one is a bug of the caller.</summary>
    [Range(1, 256 * 1024 * 1024)]
    public int RecordBytesMax { get; init; } = 16 * 1024 * 1024;

    /// <summary>Where commits run; by default on a thread of the log's own. Simulations pass one they drive.</summary>
    public TaskScheduler? Writer { get; init; }

    internal void Validate()
    {
        ArgumentException.ThrowIfNullOrEmpty(Name);
        InRange(SegmentBytes, 4 * 1024, 1024 * 1024 * 1024, nameof(SegmentBytes));
        InRange(BatchBytesMax, 4 * 1024, 256 * 1024 * 1024, nameof(BatchBytesMax));
        InRange(RecordBytesMax, 1, 256 * 1024 * 1024, nameof(RecordBytesMax));
    }

    private static void InRange(int value, int least, int most, string name)
    {
        if (value < least || value > most)
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} is {value}; it must lie in {least}..{most}.");
        }
    }
}
