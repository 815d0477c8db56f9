using System.Buffers;
using Microsoft.Extensions.Logging;
using Pilotage.Core.Contracts.Forwarding;
using Pilotage.Core.Durability;

namespace Pilotage.Edge.Buffer;

/// <summary>
/// One priority of the store-and-forward buffer: a commit log and the marks of how far it was sent and acknowledged. What has to make
/// room goes oldest first, and one record in the log says exactly what went: topic by topic, how many, from when to when.
/// </summary>
/// <remarks>
/// The record of a drop and the drop are one: whoever opens the log goes on behind it. A batch that is on its way may be with the server
/// or not, so it is never dropped and never reported; where the log has to let go of it, the record carries it on.
/// </remarks>
internal sealed partial class BufferLane : IAsyncDisposable
{
    // Two numbers: the mark, and how far was sent.
    private const int MarksBytes = 2 * sizeof(long);

    // Past the bound a tenth goes at once: dropping one by one would scan the log for every message.
    private const int DropShare = 10;
    private readonly CommitLog _log;
    private readonly IDurableDirectory _directory;
    private readonly ILogger _logger;
    private readonly string _name;
    private readonly long _bytesMax;
    private readonly SemaphoreSlim _gate = new(1);
    private TaskCompletionSource _grown = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly long _historyBytesMax;

    // Forwarded and kept, as steps of a few hundred kilobytes: (first sequence after the step, its bytes).
    private readonly LinkedList<(long Next, long Bytes)> _history = new();
    private long _historyBytes;
    private long _pendingBytes;
    private long _sent;
    private long _begin;
    private (long, long) _saved;

    // The last drop, at its offset, and those that it or one before it replaces.
    private (long Offset, ForwardDrop Drop)? _last;
    private readonly HashSet<long> _replaced = [];

    // What was on its way when the log let go of it; sent before anything else.
    private ForwardBatch? _kept;

    private BufferLane(
        CommitLog log, IDurableDirectory directory, string name, int priority, string logId, (long Acked, long Sent) marks, long bytesMax, long historyBytesMax, ILogger logger)
    {
        (_log, _directory, _name, _bytesMax, _historyBytesMax, _logger) = (log, directory, name, bytesMax, historyBytesMax, logger);
        (Priority, LogId) = (priority, logId);
        _sent = marks.Sent;
        _begin = Math.Max(marks.Acked, log.FirstSequence);
        foreach (var record in log.Read(_begin))
        {
            if (!ForwardRecord.TryRead(record.Payload.Span, record.Sequence, out _, out var drop) || drop is null)
            {
                continue;
            }

            _last = (record.Sequence, drop);
            _replaced.Add(drop.Replaces);
            _begin = Math.Max(_begin, drop.Cut);
            _kept = KeptOf(drop, marks.Acked);
        }

        Acked = _kept is null ? _begin : marks.Acked;

        foreach (var record in log.Read(log.FirstSequence))
        {
            if (record.Sequence < _begin)
            {
                Remember(record.Sequence + 1, record.Payload.Length);
            }
            else
            {
                _pendingBytes += record.Payload.Length;
            }
        }
    }

    public int Priority { get; }

    /// <summary>Names this life of the log; a log made anew gets a new one, so the server never mistakes its offsets.</summary>
    public string LogId { get; }

    /// <summary>Everything below is with the server, or dropped and told.</summary>
    public long Acked { get; private set; }

    public long PendingBytes => Volatile.Read(ref _pendingBytes);

    /// <summary>Whether there is anything to send.</summary>
    public bool HasPending => _kept is not null || _log.NextSequence > Volatile.Read(ref _begin);

    public static BufferLane Open(
        IDurableDirectory directory, string name, int priority, long bytesMax, long historyBytesMax, Func<string> newId, TimeProvider time, ILogger logger)
    {
        var id = AtomicFile.Read(directory, "id") is { } known ? System.Text.Encoding.ASCII.GetString(known) : null;
        if (id is null)
        {
            id = newId();
            AtomicFile.Write(directory, "id", System.Text.Encoding.ASCII.GetBytes(id));
        }

        var segment = (int)Math.Clamp(bytesMax / DropShare, 64 * 1024, 16 * 1024 * 1024);
        var log = CommitLog.Open(directory, new CommitLogOptions { Name = "buffer", SegmentBytes = segment }, time);

        // Earlier versions wrote the mark alone.
        var (acked, sent) = AtomicFile.Read(directory, "acked") switch
        {
            { Length: MarksBytes } both => (BitConverter.ToInt64(both), BitConverter.ToInt64(both, sizeof(long))),
            { Length: sizeof(long) } mark => (BitConverter.ToInt64(mark), 0),
            _ => (log.FirstSequence, 0),
        };

        // Damage may have set the log back behind the marks: an offset given out twice would be taken for a duplicate.
        log.SkipTo(Math.Max(acked, sent));
        return new BufferLane(log, directory, name, priority, id, (acked, sent), bytesMax, historyBytesMax, logger);
    }

    /// <summary>Completes when the message is on disk. Order of calls is order in the log.</summary>
    public async ValueTask AppendAsync(ForwardedMessage message, CancellationToken cancellation)
    {
        var buffer = new ArrayBufferWriter<byte>(message.Payload.Length + 128);
        ForwardRecord.Write(buffer, message);
        var appended = _log.AppendAsync(buffer.WrittenMemory, cancellation);
        Interlocked.Add(ref _pendingBytes, buffer.WrittenCount);
        await appended;
        Grew();
        if (PendingBytes > _bytesMax)
        {
            await DropAsync(() => PendingBytes > _bytesMax, cancellation);
        }
    }

    /// <summary>Waits until there is something after the mark.</summary>
    public async Task WaitAsync(CancellationToken cancellation)
    {
        var grown = Volatile.Read(ref _grown).Task;
        if (!HasPending)
        {
            await grown.WaitAsync(cancellation);
        }
    }

    /// <summary>The next batch, or null. An entry that cannot be read is skipped and logged: it would stop the rest for ever.</summary>
    public async ValueTask<ForwardBatch?> NextAsync(string edge, int messagesMax, int bytesMax, CancellationToken cancellation)
    {
        await _gate.WaitAsync(cancellation);
        try
        {
            if (_kept is { } kept)
            {
                return kept with { Edge = edge };
            }

            var batch = Read(edge, _begin, long.MaxValue, messagesMax, bytesMax);
            if (batch is not null)
            {
                // On disk before it is on its way: after a restart too it is known what the server may have.
                _sent = Math.Max(_sent, batch.NextOffset);
                SaveMarks();
            }

            return batch;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Everything still kept, oldest first: what was forwarded and what was not.</summary>
    public IEnumerable<ForwardedMessage> History()
    {
        foreach (var record in _log.Read(_log.FirstSequence))
        {
            if (ForwardRecord.TryRead(record.Payload.Span, record.Sequence, out var message, out _) && message is not null)
            {
                yield return message;
            }
        }
    }

    /// <summary>The server has everything below.</summary>
    public async ValueTask AckAsync(long next, CancellationToken cancellation)
    {
        await _gate.WaitAsync(cancellation);
        try
        {
            if (_kept is { } kept && next >= kept.NextOffset)
            {
                // What lies between was dropped, and is told with what follows.
                (_kept, Acked) = (null, _begin);
            }
            else if (_kept is null && next > _begin)
            {
                var done = _log.Read(_begin).TakeWhile(record => record.Sequence < next).Sum(record => (long)record.Payload.Length);
                Interlocked.Add(ref _pendingBytes, -done);
                Acked = next;
                Volatile.Write(ref _begin, next);
                Remember(next, done);
                await _log.TrimBeforeAsync(Forget());
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Makes room, if it is still needed: the oldest tenth goes, but for what is on its way, and the server will be told.</summary>
    public async ValueTask DropAsync(Func<bool> isNeeded, CancellationToken cancellation)
    {
        await _gate.WaitAsync(cancellation);
        try
        {
            // Somebody else may have made the room in the meantime.
            if (isNeeded())
            {
                await DropOldestAsync(_bytesMax / DropShare, cancellation);
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        SaveMarks();
        await _log.DisposeAsync();
        _gate.Dispose();
    }

    private async ValueTask DropOldestAsync(long needed, CancellationToken cancellation)
    {
        // Where nothing was sent since the last drop, this one goes on where that one ended.
        var before = _last is { } last && last.Offset >= Math.Max(_begin, _sent) && last.Drop.Cut >= _sent ? _last : null;
        var dropped = new DroppedSpans(Priority, before);
        var (passed, bytes, cut, any) = (0L, 0L, _begin, false);
        foreach (var record in _log.Read(_begin).TakeWhile(record => record.Sequence < _sent || bytes < needed))
        {
            cut = record.Sequence + 1;
            if (record.Sequence < _sent)
            {
                passed += record.Payload.Length;
                continue;
            }

            bytes += record.Payload.Length;
            if (!ForwardRecord.TryRead(record.Payload.Span, record.Sequence, out var message, out var drop))
            {
                Log.Unreadable(_logger, record.Sequence);
            }
            else if (message is not null)
            {
                any = true;
                dropped.Add(message);
            }
            else if (record.Sequence != before?.Offset && !_replaced.Contains(record.Sequence))
            {
                dropped.Add(drop!);
            }
        }

        if (!any)
        {
            return;
        }

        var onItsWay = _kept ?? (_sent > _begin ? Read("", _begin, _sent, int.MaxValue, int.MaxValue) : null);

        // One record, so that what is told and what is gone are the same after any crash.
        var buffer = new ArrayBufferWriter<byte>(1024);
        var entry = dropped.ToDrop(cut, Encoded(onItsWay));
        ForwardRecord.Write(buffer, entry);
        _last = (await _log.AppendAsync(buffer.WrittenMemory, cancellation), entry);
        _replaced.RemoveWhere(offset => offset < cut);
        _replaced.Add(entry.Replaces);
        Interlocked.Add(ref _pendingBytes, buffer.WrittenCount - bytes - passed);
        _kept = onItsWay;
        Volatile.Write(ref _begin, cut);
        if (_kept is null)
        {
            Acked = cut;
        }

        SaveMarks();
        _history.Clear();
        _historyBytes = 0;
        await _log.TrimBeforeAsync(cut);
        Grew();
        Log.Dropped(_logger, dropped.Count, _name);
    }

    private ForwardBatch? Read(string edge, long from, long until, int messagesMax, int bytesMax)
    {
        var messages = new List<ForwardedMessage>();
        var gaps = new List<ForwardGap>();
        var bytes = 0;
        var next = from;
        foreach (var record in _log.Read(from).TakeWhile(record => record.Sequence < until))
        {
            if (messages.Count >= messagesMax || (bytes > 0 && bytes + record.Payload.Length > bytesMax))
            {
                break;
            }

            if (!ForwardRecord.TryRead(record.Payload.Span, record.Sequence, out var message, out var drop))
            {
                Log.Unreadable(_logger, record.Sequence);
            }
            else if (message is not null)
            {
                messages.Add(message);
            }
            else if (gaps.Count + drop!.Gaps.Count > ForwardBatch.GapsMax)
            {
                break;
            }
            else if (!_replaced.Contains(record.Sequence))
            {
                gaps.AddRange(drop.Gaps);
            }

            bytes += record.Payload.Length;
            next = record.Sequence + 1;
        }

        return next == from ? null : new ForwardBatch(edge, LogId, next, messages) { Gaps = gaps };
    }

    private static ReadOnlyMemory<byte> Encoded(ForwardBatch? batch)
    {
        if (batch is null)
        {
            return default;
        }

        var buffer = new ArrayBufferWriter<byte>(4096);
        batch.Encode(buffer);
        return buffer.WrittenMemory;
    }

    private static ForwardBatch? KeptOf(ForwardDrop drop, long acked) =>
        !drop.Kept.IsEmpty && ForwardBatch.Decode(drop.Kept.Span).TryGet(out var kept, out _) && kept.NextOffset > acked ? kept : null;

    // A disk without room gets some by what is sent, so that must not wait for it: without the marks some is sent again after a crash.
    private void SaveMarks()
    {
        if (_saved == (Acked, _sent))
        {
            return;
        }

        Span<byte> marks = stackalloc byte[MarksBytes];
        BitConverter.TryWriteBytes(marks, Acked);
        BitConverter.TryWriteBytes(marks[sizeof(long)..], _sent);
        try
        {
            AtomicFile.Write(_directory, "acked", marks);
            _saved = (Acked, _sent);
        }
        catch (IOException failure)
        {
            Log.Unmarked(_logger, _name, failure.Message);
        }
    }

    private void Remember(long next, long bytes)
    {
        const long StepBytes = 256 * 1024;
        _historyBytes += bytes;
        if (_history.Last is { Value.Bytes: < StepBytes } last)
        {
            bytes += last.Value.Bytes;
            _history.RemoveLast();
        }

        _history.AddLast((next, bytes));
    }

    // The sequence below which nothing is kept, neither for the server nor for new versions.
    private long Forget()
    {
        var keep = _history.Count == 0 ? Acked : _log.FirstSequence;
        while (_historyBytes > _historyBytesMax && _history.First is { } step)
        {
            _history.RemoveFirst();
            _historyBytes -= step.Value.Bytes;
            keep = step.Value.Next;
        }

        return keep;
    }

    private void Grew() =>
        Interlocked.Exchange(ref _grown, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();

    private static partial class Log
    {
        [LoggerMessage(5101, LogLevel.Warning, "The buffer is full: dropped the oldest {Count} messages of {Lane}; the server will be told which")]
        public static partial void Dropped(ILogger logger, long count, string lane);

        [LoggerMessage(5103, LogLevel.Warning, "How far {Lane} was sent could not be written down ({Why}); it is sent all the same")]
        public static partial void Unmarked(ILogger logger, string lane, string why);

        [LoggerMessage(5102, LogLevel.Error, "Entry {Sequence} of the buffer cannot be read and is left out")]
        public static partial void Unreadable(ILogger logger, long sequence);
    }
}
