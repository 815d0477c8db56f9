using Pilotage.Core;
using Pilotage.Core.Contracts.Forwarding;

namespace Pilotage.TimeSeries.Chunks;

/// <summary>The columnar chunk between edge and server: messages that differ in their numbers alone, as one text and a column for each number.</summary>
/// <remarks>
/// The columns are those of the store's blocks. A message comes back byte for byte, whatever is in it, so what is checked, stored and
/// shown behind it cannot tell that it travelled so; a message that does not suit stays as it is, in the same batch. When the edge received
/// a message that brings its own time is told to the millisecond: nothing hangs on the rest, which is noise and took more than a value does.
/// </remarks>
public static class MessageColumns
{
    /// <summary>Most numbers in one chunk; messages beyond it travel as they are.</summary>
    public const int CellsMax = 1 << 20;

    /// <summary>Most numbers in one message of a chunk.</summary>
    public const int HolesMax = 512;

    /// <summary>Longest payload that is taken apart, in bytes.</summary>
    public const int PayloadBytesMax = 64 * 1024;

    // What one message has for itself alone pays for no columns.
    private const int GroupMin = 2;
    private const long NsPerMs = 1_000_000;

    /// <summary>The same batch with its messages in columns, as far as they suit.</summary>
    public static ForwardBatch Pack(ForwardBatch batch)
    {
        var groups = new Dictionary<MessageGroup.Key, MessageGroup>();
        var others = new List<ForwardedMessage>();
        var skeleton = new Skeleton();
        var cells = 0;
        foreach (var message in batch.Messages)
        {
            if (message.UserProperties.Count > 0 || !skeleton.TryRead(message.Payload.Span) || cells + skeleton.Holes.Count > CellsMax)
            {
                others.Add(message);
                continue;
            }

            cells += skeleton.Holes.Count;
            var key = new MessageGroup.Key(message.Topic, message.ContentType, message.Retain, skeleton.ToText());
            if (!groups.TryGetValue(key, out var group))
            {
                groups.Add(key, group = new MessageGroup(key));
            }

            group.Add(skeleton.HasTime ? message with { EdgeReceiveNs = WholeMs(message.EdgeReceiveNs) } : message, skeleton.Holes);
        }

        var packed = groups.Values.Where(group => group.Messages.Count >= GroupMin).ToList();
        if (packed.Count == 0)
        {
            return batch;
        }

        others.AddRange(groups.Values.Where(group => group.Messages.Count < GroupMin).SelectMany(group => group.Messages));
        return batch with { Messages = [.. others.OrderBy(message => message.Offset)], Columns = ChunkWriter.Write(packed) };
    }

    /// <summary>The batch with all of its messages, from bytes nobody has vouched for: never throws, and takes no more memory than the bounds above and those of <see cref="ForwardBatch"/> allow.</summary>
    public static Outcome<ForwardBatch> Unpack(ForwardBatch batch)
    {
        if (batch.Columns.IsEmpty)
        {
            return batch;
        }

        if (ChunkReader.Read(batch.Columns.Span, ForwardBatch.MessagesMax - batch.Messages.Count) is not { } read)
        {
            return Bad("its columns end early, run over or break a bound");
        }

        read.AddRange(batch.Messages);
        read.Sort((one, other) => one.Offset.CompareTo(other.Offset));
        for (var i = 0; i < read.Count; i++)
        {
            if (read[i].Offset < 0 || read[i].Offset >= batch.NextOffset || (i > 0 && read[i].Offset == read[i - 1].Offset))
            {
                return Bad("an offset stands in it twice, or lies beyond the batch");
            }
        }

        return batch with { Messages = read, Columns = default };
    }

    private static long WholeMs(long ns) => ns - (ns % NsPerMs);

    private static Refusal Bad(string why) => new("forward.malformed", $"The forward batch cannot be read: {why}.");
}
