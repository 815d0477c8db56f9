using System.Buffers;
using System.Text;
using System.Text.Unicode;
using Pilotage.Core.Contracts.Forwarding;
using Pilotage.TimeSeries.Codec;

namespace Pilotage.TimeSeries.Chunks;

/// <summary>Reads what <see cref="ChunkWriter"/> wrote, or what somebody says that it did: every count against a bound before anything is made for it.</summary>
internal ref struct ChunkReader
{
    private readonly List<ForwardedMessage> _messages = [];
    private readonly List<(byte[] Bytes, int Holes)> _skeletons = [];
    private BytesReader _reader;
    private int _messagesLeft;
    private long _cellsLeft = MessageColumns.CellsMax;
    private long _bytesLeft = ForwardBatch.UnpackedBytesMax;

    private ChunkReader(ReadOnlySpan<byte> bytes, int messagesMax)
    {
        _reader = new BytesReader(bytes);
        _messagesLeft = messagesMax;
    }

    /// <summary>The messages of a chunk, group by group; null on bytes that cannot be.</summary>
    public static List<ForwardedMessage>? Read(ReadOnlySpan<byte> bytes, int messagesMax)
    {
        var chunk = new ChunkReader(bytes, messagesMax);
        return chunk.TryRead() ? chunk._messages : null;
    }

    private bool TryRead()
    {
        if (_reader.Byte() != ChunkFormat.Version)
        {
            return false;
        }

        for (var left = _reader.Count(2); left > 0; left--)
        {
            var skeleton = _reader.Bytes(_reader.Count(1)).ToArray();
            _skeletons.Add((skeleton, HolesOf(skeleton)));
        }

        for (var left = _reader.Count(ChunkFormat.GroupBytesMin); left > 0; left--)
        {
            if (!TryGroup())
            {
                return false;
            }
        }

        return !_reader.IsBad && _reader.Left == 0;
    }

    private bool TryGroup()
    {
        var place = _reader.VarInt();
        var flags = _reader.Byte();
        string? contentType = null;
        if (place >= (ulong)_skeletons.Count || (flags & ~ChunkFormat.FlagsKnown) != 0 || !TryText(out var topic) || topic.Length == 0
            || ((flags & ChunkFormat.FlagContentType) != 0 && !TryText(out contentType)))
        {
            return false;
        }

        var (skeleton, holes) = _skeletons[(int)place];
        var count = _reader.VarInt();
        if (count == 0 || count > (ulong)_messagesLeft || holes is 0 or > MessageColumns.HolesMax
            || (long)count * holes > _cellsLeft || (long)count * skeleton.Length > _bytesLeft)
        {
            return false;
        }

        _messagesLeft -= (int)count;
        _cellsLeft -= (long)count * holes;
        var (offsets, receivedNs) = (new long[count], new long[count]);
        return TryIntegers(offsets) && TryIntegers(receivedNs) && Columns(skeleton, (int)count) is { } columns
            && TryMessages(new MessageGroup.Key(topic, contentType, (flags & ChunkFormat.FlagRetain) != 0, ""), skeleton, columns, offsets, receivedNs);
    }

    private bool TryMessages(MessageGroup.Key shared, ReadOnlySpan<byte> skeleton, List<CellColumn> columns, long[] offsets, long[] receivedNs)
    {
        var text = new ArrayBufferWriter<byte>(offsets.Length * skeleton.Length);
        var ends = new int[offsets.Length];
        for (var i = 0; i < ends.Length; i++)
        {
            if (!TryRender(skeleton, columns, i, text) || text.WrittenCount > _bytesLeft)
            {
                return false;
            }

            ends[i] = text.WrittenCount;
        }

        _bytesLeft -= text.WrittenCount;
        for (var i = 0; i < ends.Length; i++)
        {
            var start = i == 0 ? 0 : ends[i - 1];
            _messages.Add(new ForwardedMessage(offsets[i], receivedNs[i], shared.Topic, text.WrittenMemory[start..ends[i]]) { ContentType = shared.ContentType, Retain = shared.Retain });
        }

        return true;
    }

    private static bool TryRender(ReadOnlySpan<byte> skeleton, List<CellColumn> columns, int message, ArrayBufferWriter<byte> text)
    {
        var column = 0;
        while (!skeleton.IsEmpty)
        {
            var end = skeleton.IndexOfAny(Skeleton.Number, Skeleton.Time, Skeleton.Truth);
            var literal = end < 0 ? skeleton : skeleton[..end];
            text.Write(literal);
            skeleton = skeleton[literal.Length..];
            if (end < 0)
            {
                return true;
            }

            var length = columns[column++].Write(message, text.GetSpan(2 * Skeleton.TokenBytesMax));
            if (length < 0)
            {
                return false;
            }

            text.Advance(length);
            skeleton = skeleton[1..];
        }

        return true;
    }

    private List<CellColumn>? Columns(ReadOnlySpan<byte> skeleton, int count)
    {
        var columns = new List<CellColumn>();
        foreach (var value in skeleton)
        {
            if (!Skeleton.IsMark(value))
            {
                continue;
            }

            if (CellColumn.Read(new BytesReader(_reader.Bytes(_reader.Count(1))), value, count) is not { } column)
            {
                return null;
            }

            columns.Add(column);
        }

        return columns;
    }

    private bool TryIntegers(Span<long> values)
    {
        var column = new BytesReader(_reader.Bytes(_reader.Count(1)));
        return IntegerColumn.TryRead(ref column, values) && !column.IsBad && column.Left == 0;
    }

    private bool TryText(out string text)
    {
        text = "";
        var bytes = _reader.Bytes(_reader.Count(1));
        if (_reader.IsBad || bytes.Length > ForwardBatch.TextBytesMax || !Utf8.IsValid(bytes))
        {
            return false;
        }

        text = Encoding.UTF8.GetString(bytes);
        return true;
    }

    private static int HolesOf(ReadOnlySpan<byte> skeleton)
    {
        var holes = 0;
        foreach (var value in skeleton)
        {
            holes += Skeleton.IsMark(value) ? 1 : 0;
        }

        return holes;
    }
}
