namespace Pilotage.Core.Contracts.Forwarding;

/// <summary>
/// The frame: magic, format version, codec, unpacked length (u32), first 8 bytes of the body's SHA-256, then the body. The body
/// is varints and length-prefixed UTF-8; a topic that repeats is written once and then named by its index. Format 2 tells of each
/// gap its topic, and has columns behind the messages; a batch without either is written as format 1, which every server reads.
/// </summary>
internal static class ForwardBatchFormat
{
    public const byte Version = 1;
    public const byte VersionOfColumns = 2;
    public const byte CodecPlain = 0;
    public const byte CodecBrotli = 1;
    public const int ChecksumBytes = 8;
    public const int HeaderBytes = 4 + 1 + 1 + 4 + ChecksumBytes;
    public const byte FlagRetain = 1;
    public const byte FlagContentType = 2;
    public const byte FlagProperties = 4;
    public const byte FlagsKnown = FlagRetain | FlagContentType | FlagProperties;

    public static ReadOnlySpan<byte> Magic => "PFWD"u8;
}
