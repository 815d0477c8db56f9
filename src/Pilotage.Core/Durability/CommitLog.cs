using System.Buffers;
using System.Diagnostics;

namespace Pilotage.Core.Durability;

/// <summary>An append-only log with group commit: many records, one write, one sync, then all their completions.</summary>
/// <remarks>
/// Callers may rely on: a completed append survives power loss; records are durable in the order of the calls; after a
/// crash the log holds a prefix of what was appended, never a record without those before it; a damaged record is
/// missing, never wrong, and costs no other. One process opens a log at a time.
/// </remarks>
public sealed partial class CommitLog : IAsyncDisposable
{
    private readonly IDurableDirectory _directory;
    private readonly CommitLogOptions _options;
    private readonly TimeProvider _time;
    private readonly TaskScheduler _writer;
    private readonly Lock _gate = new();
    private readonly Queue<LogWaiter> _waiters = new();
    private readonly List<(long Sequence, TaskCompletionSource Reached)> _watchers = [];
    private LogBatch _filling = new(null);
    private byte[]? _spare;
    private bool _draining;
    private bool _closed;
    private bool _isFull;
    private Exception? _failure;
    private long _nextSequence;

    private CommitLog(IDurableDirectory directory, CommitLogOptions options, TimeProvider time)
    {
        _directory = directory;
        _options = options;
        _time = time;
        _writer = options.Writer ?? new WriterThread($"log {options.Name}");
    }

    /// <summary>Sequence of the oldest record kept; equals <see cref="NextSequence"/> while the log is empty.</summary>
    public long FirstSequence
    {
        get
        {
            lock (_gate)
            {
                return _segments[0].FirstSequence;
            }
        }
    }

    /// <summary>Sequence of the next record to become durable.</summary>
    public long NextSequence => Volatile.Read(ref _nextSequence);

    /// <summary>Sequence of the last durable record; 0 while there has never been one.</summary>
    public long DurableSequence => NextSequence - 1;

    /// <summary>Whether a write or sync failed; nothing is acknowledged any more until the log is opened anew.</summary>
    public bool Failed => Volatile.Read(ref _failure) is CommitLogFailedException;

    /// <summary>What failed, in a sentence; null while nothing has.</summary>
    public string? Failure => Volatile.Read(ref _failure)?.Message;

    /// <summary>Whether the last commit was refused for want of space; one that succeeds ends that.</summary>
    public bool IsFull => Volatile.Read(ref _isFull);

    /// <summary>Opens a log, creating it when missing, and makes durable what it will serve.</summary>
    public static CommitLog Open(IDurableDirectory directory, CommitLogOptions options, TimeProvider time)
    {
        options.Validate();
        LogMetrics.Opened(options.Name);
        var log = new CommitLog(directory, options, time);
        try
        {
            log.Recover();
            return log;
        }
        catch
        {
            log.EndWriter();
            throw;
        }
    }

    /// <summary>Appends a record; completes with its sequence when it is durable. The bytes are copied before this returns.</summary>
    /// <param name="record">The bytes.</param>
    /// <param name="cancellation">Ends the wait for room only: a record that was taken in is seen through.</param>
    /// <exception cref="CommitLogFullException">No space; the record left no trace and may be appended again later.</exception>
    /// <exception cref="CommitLogFailedException">The log has failed; whether the record is there shows when it is opened anew.</exception>
    public ValueTask<long> AppendAsync(ReadOnlyMemory<byte> record, CancellationToken cancellation) =>
        AppendAsync(new ReadOnlySequence<byte>(record), cancellation);

    /// <inheritdoc cref="AppendAsync(ReadOnlyMemory{byte}, CancellationToken)"/>
    public ValueTask<long> AppendAsync(ReadOnlySequence<byte> record, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(record.Length, _options.RecordBytesMax, nameof(record));
        cancellation.ThrowIfCancellationRequested();
        LogBatch batch;
        int index;
        lock (_gate)
        {
            ThrowIfUnavailable();
            if (_waiters.Count > 0 || !_filling.Takes((int)record.Length, _options.BatchBytesMax))
            {
                var waiter = new LogWaiter(record.ToArray());
                _waiters.Enqueue(waiter);
                return waiter.SequenceAsync(cancellation);
            }

            batch = _filling;
            index = record.IsSingleSegment ? batch.Add(record.FirstSpan) : batch.Add(record);
            if (!_draining)
            {
                // Inside the lock, so that closing cannot come between.
                _draining = true;
                _ = Task.Factory.StartNew(Drain, CancellationToken.None, TaskCreationOptions.DenyChildAttach, _writer);
            }
        }

        return batch.SequenceAsync(index);
    }

    /// <summary>Completes when the record of that sequence is durable, also when it has yet to be appended.</summary>
    public ValueTask FlushedAsync(long sequence, CancellationToken cancellation)
    {
        lock (_gate)
        {
            if (sequence < _nextSequence)
            {
                return ValueTask.CompletedTask;
            }

            ThrowIfUnavailable();
            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _watchers.Add((sequence, reached));
            return new ValueTask(reached.Task.WaitAsync(cancellation));
        }
    }

    /// <summary>Writes out what was appended and closes.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_closed)
            {
                return;
            }

            _closed = true;
        }

        await Task.Factory.StartNew(Close, CancellationToken.None, TaskCreationOptions.DenyChildAttach, _writer);
        EndWriter();
    }

    private void EndWriter() => (_writer as WriterThread)?.End();

    private void ThrowIfUnavailable()
    {
        Debug.Assert(_gate.IsHeldByCurrentThread, "The failure and the waiting records change together.");
        if (_failure is not null)
        {
            throw new CommitLogFailedException(_failure.Message, _failure);
        }

        ObjectDisposedException.ThrowIf(_closed, this);
    }
}
