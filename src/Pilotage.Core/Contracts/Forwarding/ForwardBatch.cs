using System.Buffers;

namespace Pilotage.Core.Contracts.Forwarding;

/// <summary>
/// What an edge sends upstream: a run of its store-and-forward log. The server stores the messages and
/// <see cref="NextOffset"/> in one commit, and skips messages below the mark it already has: effectively once.
/// </summary>
/// <param name="Edge">The device id of the edge; must be the one its certificate names.</param>
/// <param name="LogId">Names one life of the log: a log made anew has a new id and starts at offset 0.</param>
/// <param name="NextOffset">The offset after the last one this batch accounts for, dropped ones included.</param>
/// <param name="Messages">In rising order of offset.</param>
public sealed record ForwardBatch(string Edge, string LogId, long NextOffset, IReadOnlyList<ForwardedMessage> Messages)
{
    /// <summary>The MQTT content type of a batch.</summary>
    public const string ContentType = "application/vnd.pilotage.forward";

    /// <summary>Largest batch after decompression, in bytes. A longer one is refused before it is unpacked.</summary>
    public const int UnpackedBytesMax = 4 * 1024 * 1024;

    /// <summary>Most messages in one batch.</summary>
    public const int MessagesMax = 16_384;

    /// <summary>Longest topic, name or value, in UTF-8 bytes.</summary>
    public const int TextBytesMax = 4096;

    /// <summary>Most user properties on one message (the broker's own default limit).</summary>
    public const int UserPropertiesMax = 16;

    /// <summary>Most gap records in one batch.</summary>
    public const int GapsMax = 4096;

    /// <summary>Most gap records that a server of format 1 takes in one batch.</summary>
    public const int GapsMaxOfFormat1 = 256;

    /// <summary>What the buffer dropped since the batch before.</summary>
    public IReadOnlyList<ForwardGap> Gaps { get; init; } = [];

    /// <summary>More messages, as columns; empty where all stand in <see cref="Messages"/>. Whoever reads a batch unpacks them with <c>MessageColumns</c>, and checks them there.</summary>
    public ReadOnlyMemory<byte> Columns { get; init; }

    /// <summary>Whether it takes a server that reads format 2.</summary>
    public bool IsOfFormat2 => !Columns.IsEmpty || Gaps.Count > GapsMaxOfFormat1 || Gaps.Any(gap => gap.Topic is not null);

    /// <summary>The same for a server that reads format 1 alone: gaps by priority, without their topics. Messages that stand as columns must not be there yet.</summary>
    public ForwardBatch AsFormat1() => this with
    {
        Gaps = [.. Gaps.GroupBy(gap => gap.Priority).Select(same => new ForwardGap(same.Key, same.Sum(gap => gap.Count), same.Min(gap => gap.FirstNs), same.Max(gap => gap.LastNs)))],
    };

    /// <summary>Writes the batch, compressed. Breaking a bound above is a bug of the caller and throws.</summary>
    public void Encode(IBufferWriter<byte> into) => ForwardBatchWriter.Write(this, into);

    /// <summary>Reads a batch from bytes nobody has vouched for; never throws, never allocates beyond the bounds above.</summary>
    public static Outcome<ForwardBatch> Decode(ReadOnlySpan<byte> bytes) => ForwardBatchReader.Read(bytes);
}
