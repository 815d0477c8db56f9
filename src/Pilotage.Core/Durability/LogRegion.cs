namespace Pilotage.Core.Durability;

/// <summary>A stretch of a log file: one block, or what stands between two blocks where a header is damaged.</summary>
/// <param name="Offset">Where it starts in the file.</param>
/// <param name="FramesOffset">Where its frames start.</param>
/// <param name="End">Where it ends; the end of the file when cut short.</param>
/// <param name="FirstSequence">Sequence of its first frame.</param>
/// <param name="Count">Frames it should hold; the most it can hold when a header is damaged.</param>
/// <param name="HeaderIsWhole">Whether its header could be read.</param>
/// <param name="IsCut">Whether the file ends before the block does.</param>
internal readonly record struct LogRegion(
    long Offset, long FramesOffset, long End, long FirstSequence, long Count, bool HeaderIsWhole, bool IsCut);

/// <summary>A good frame inside the bytes of a region.</summary>
internal readonly record struct LogFrame(long Sequence, int Start, int Length);
