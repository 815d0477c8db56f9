namespace Pilotage.TimeSeries.Chunks;

/// <summary>
/// A chunk: version; how many skeletons, each behind its length; how many groups, each: its skeleton, flags, topic, content type
/// if the flags say so, how many messages, then the columns of offsets, of edge times and of each mark, each behind its length.
/// </summary>
internal static class ChunkFormat
{
    public const byte Version = 1;
    public const byte FlagRetain = 1;
    public const byte FlagContentType = 2;
    public const byte FlagsKnown = FlagRetain | FlagContentType;

    /// <summary>Skeleton, flags, a topic of one byte, count, and three columns of at least a length and a form.</summary>
    public const int GroupBytesMin = 11;
}
