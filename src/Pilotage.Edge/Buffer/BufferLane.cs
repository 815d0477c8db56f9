using System.Buffers;
using Microsoft.Extensions.Logging;
using Pilotage.Core.Contracts.Forwarding;
using Pilotage.Core.Durability;

namespace Pilotage.Edge.Buffer;

/// <summary>
/// One priority of the store-and-forward buffer: a commit log, the mark up to which the server has everything, and a bound. At the
/// bound the oldest entries go, and a gap record that says how many and from when takes their place.
/// </summary>
internal sealed partial class BufferLane : IAsyncDisposable
{
    // Past the bound a tenth goes at once: dropping one by one would scan the log for every message.
    private const int DropShare = 10;
    private readonly CommitLog _log;
    private readonly IDurableDirectory _directory;
    private readonly ILogger _logger;
    private readonly long _bytesMax;
    private readonly SemaphoreSlim _dropping = new(1);
    private TaskCompletionSource _grown = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly long _historyBytesMax;

    // Forwarded and kept, as steps of a few hundred kilobytes: (first sequence after the step, its bytes).
    private readonly LinkedList<(long Next, long Bytes)> _history = new();
    private long _historyBytes;
    private long _pendingBytes;

    private BufferLane(
        CommitLog log, IDurableDirectory directory, int priority, string logId, long acked, long bytesMax, long historyBytesMax, ILogger logger)
    {
        (_log, _directory, _bytesMax, _historyBytesMax, _logger) = (log, directory, bytesMax, historyBytesMax, logger);
        (Priority, LogId, Acked) = (priority, logId, acked);
        foreach (var record in log.Read(log.FirstSequence))
        {
            if (record.Sequence < acked)
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

    public static BufferLane Open(
        IDurableDirectory directory, int priority, long bytesMax, long historyBytesMax, Func<string> newId, TimeProvider time, ILogger logger)
    {
        var id = AtomicFile.Read(directory, "id") is { } known ? System.Text.Encoding.ASCII.GetString(known) : null;
        if (id is null)
        {
            id = newId();
            AtomicFile.Write(directory, "id", System.Text.Encoding.ASCII.GetBytes(id));
        }

        var segment = (int)Math.Clamp(bytesMax / DropShare, 64 * 1024, 16 * 1024 * 1024);
        var log = CommitLog.Open(directory, new CommitLogOptions { Name = "buffer", SegmentBytes = segment }, time);
        var acked = AtomicFile.Read(directory, "acked") is { Length: 8 } mark ? BitConverter.ToInt64(mark) : log.FirstSequence;

        // Damage may have set the log back behind the mark: an offset given out twice would be taken for a duplicate.
        log.SkipTo(acked);
        return new BufferLane(log, directory, priority, id, Math.Max(acked, log.FirstSequence), bytesMax, historyBytesMax, logger);
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
            await DropOldestAsync(cancellation);
        }
    }

    /// <summary>Waits until there is something after the mark.</summary>
    public async Task WaitAsync(CancellationToken cancellation)
    {
        var grown = Volatile.Read(ref _grown).Task;
        if (_log.NextSequence <= Acked)
        {
            await grown.WaitAsync(cancellation);
        }
    }

    /// <summary>The next batch after the mark, or null. An entry that cannot be read is skipped and logged: it would stop the rest for ever.</summary>
    public ForwardBatch? Next(string edge, int messagesMax, int bytesMax)
    {
        var messages = new List<ForwardedMessage>();
        var gaps = new List<ForwardGap>();
        var bytes = 0;
        var next = Acked;
        foreach (var record in _log.Read(Acked))
        {
            if (messages.Count >= messagesMax || gaps.Count >= ForwardBatch.GapsMax || (bytes > 0 && bytes + record.Payload.Length > bytesMax))
            {
                break;
            }

            bytes += record.Payload.Length;
            next = record.Sequence + 1;
            if (!ForwardRecord.TryRead(record.Payload.Span, record.Sequence, out var message, out var gap))
            {
                Log.Unreadable(_logger, record.Sequence);
            }
            else if (message is not null)
            {
                messages.Add(message);
            }
            else
            {
                gaps.Add(gap!);
            }
        }

        return next == Acked ? null : new ForwardBatch(edge, LogId, next, messages) { Gaps = gaps };
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

    /// <summary>The server has everything below. Kept lazily: after a crash some is sent again and recognised by its offset.</summary>
    public async ValueTask AckAsync(long next, CancellationToken cancellation)
    {
        await _dropping.WaitAsync(cancellation);
        try
        {
            if (next > Acked)
            {
                var done = _log.Read(Acked).TakeWhile(record => record.Sequence < next).Sum(record => (long)record.Payload.Length);
                Interlocked.Add(ref _pendingBytes, -done);
                Acked = next;
                Remember(next, done);
                await _log.TrimBeforeAsync(Forget());
            }
        }
        finally
        {
            _dropping.Release();
        }
    }

    /// <summary>Writes the mark down, so that a restart does not start over.</summary>
    public void SaveMark() => AtomicFile.Write(_directory, "acked", BitConverter.GetBytes(Acked));

    public async ValueTask DisposeAsync()
    {
        SaveMark();
        await _log.DisposeAsync();
        _dropping.Dispose();
    }

    private async ValueTask DropOldestAsync(CancellationToken cancellation)
    {
        await _dropping.WaitAsync(cancellation);
        try
        {
            if (PendingBytes <= _bytesMax)
            {
                return;
            }

            var (count, bytes, firstNs, lastNs, cut) = (0L, 0L, long.MaxValue, long.MinValue, Acked);
            foreach (var record in _log.Read(Acked).TakeWhile(_ => bytes < _bytesMax / DropShare))
            {
                bytes += record.Payload.Length;
                cut = record.Sequence + 1;
                if (ForwardRecord.TryRead(record.Payload.Span, record.Sequence, out var message, out var gap))
                {
                    count += message is null ? gap!.Count : 1;
                    firstNs = Math.Min(firstNs, message?.EdgeReceiveNs ?? gap!.FirstNs);
                    lastNs = Math.Max(lastNs, message?.EdgeReceiveNs ?? gap!.LastNs);
                }
            }

            // The gap is on disk before what it stands for is given up: never silently.
            var buffer = new ArrayBufferWriter<byte>(64);
            ForwardRecord.Write(buffer, new ForwardGap(Priority, count, firstNs, lastNs));
            await _log.AppendAsync(buffer.WrittenMemory, cancellation);
            Interlocked.Add(ref _pendingBytes, buffer.WrittenCount - bytes);
            Acked = cut;
            SaveMark();
            _history.Clear();
            _historyBytes = 0;
            await _log.TrimBeforeAsync(cut);
            Log.Dropped(_logger, count, Priority);
        }
        finally
        {
            _dropping.Release();
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
        [LoggerMessage(5101, LogLevel.Warning, "The buffer is full: dropped the oldest {Count} messages of priority {Priority}; the server will be told")]
        public static partial void Dropped(ILogger logger, long count, int priority);

        [LoggerMessage(5102, LogLevel.Error, "Entry {Sequence} of the buffer cannot be read and is left out")]
        public static partial void Unreadable(ILogger logger, long sequence);
    }
}
