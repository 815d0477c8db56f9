using System.Security.Cryptography;

namespace Pilotage.Core.Durability;

/// <content>The one writer: takes what has gathered, writes it as a block, syncs, completes.</content>
public sealed partial class CommitLog
{
    private readonly List<LogSegment> _segments = [];
    private IDurableFile? _file;
    private long _offset;
    private bool _marked = true;

    private LogSegment Active => _segments[^1];

    private void Drain()
    {
        // While one batch is on its way to the disk the next one gathers: alone a record goes at once, under load
        // hundreds share a sync, and no clock decides.
        while (true)
        {
            if (TakeBatch() is { } batch)
            {
                Commit(batch);
            }
            else if (_marked)
            {
                return;
            }
            else
            {
                Mark();
            }
        }
    }

    private LogBatch? TakeBatch()
    {
        lock (_gate)
        {
            if (_filling.Count == 0)
            {
                _draining = !_marked;
                return null;
            }

            var batch = _filling;
            _filling = new LogBatch(_spare);
            _spare = null;
            while (_waiters.TryPeek(out var waiter) && _filling.Takes(waiter.Bytes, _options.BatchBytesMax))
            {
                _waiters.Dequeue();
                waiter.Take(_filling);
            }

            return batch;
        }
    }

    private void Commit(LogBatch batch)
    {
        if (_failure is not null)
        {
            batch.Fail(_failure);
            return;
        }

        var started = _time.GetTimestamp();
        try
        {
            if (!TryWrite(batch, out var full))
            {
                Refuse(batch, full);
                return;
            }

            _file!.Sync();
        }
        catch (Exception fault)
        {
            // Whatever it was: nobody may wait for ever, and nothing may be acknowledged after it.
            Fail(fault, batch);
            return;
        }

        LogMetrics.Committed(_options.Name, batch.Count, batch.Length, _time.GetElapsedTime(started));
        Complete(batch);
    }

    private bool TryWrite(LogBatch batch, out StorageException full)
    {
        full = null!;
        var block = batch.Buffer.AsSpan(0, batch.Length);
        try
        {
            if (_offset > 0 && _offset + block.Length > _options.SegmentBytes)
            {
                RollOver();
            }

            LogBlock.Seal(block[LogBlock.HeaderBytes..], Active.Salt, _offset + LogBlock.HeaderBytes, _nextSequence);
            new LogBlock(_nextSequence, batch.Count, block.Length - LogBlock.HeaderBytes).Write(block, Active.Salt, _offset);
            _file!.Write(_offset, block);
            return true;
        }
        catch (StorageException fault) when (fault.Fault == StorageFault.Full)
        {
            full = fault;
            return false;
        }
    }

    /// <summary>Takes a torn write back, durably, so that nothing refused can ever come to light.</summary>
    private void Refuse(LogBatch batch, StorageException full)
    {
        if (_file!.Length > _offset)
        {
            _file.Truncate(_offset);
            _file.Sync();
        }

        Volatile.Write(ref _isFull, true);
        LogMetrics.NotTaken(_options.Name, batch.Count);
        batch.Fail(new CommitLogFullException($"The log '{_options.Name}' has no space: {full.Message}", full));
    }

    private void Complete(LogBatch batch)
    {
        var first = _nextSequence;
        Volatile.Write(ref _isFull, false);
        Active.Note(first, _offset);
        _offset += batch.Length;
        _marked = false;
        lock (_gate)
        {
            Volatile.Write(ref _nextSequence, first + batch.Count);
            if (batch.Buffer.Length <= _options.BatchBytesMax)
            {
                _spare = batch.Buffer;
            }

            for (var i = _watchers.Count - 1; i >= 0; i--)
            {
                if (_watchers[i].Sequence < _nextSequence)
                {
                    _watchers[i].Reached.SetResult();
                    _watchers.RemoveAt(i);
                }
            }
        }

        batch.Complete(first);
    }

    /// <summary>Leaves a proof, when there is nothing else to do, that the last block was synced.</summary>
    private void Mark()
    {
        _marked = true;
        if (_failure is not null)
        {
            return;
        }

        Span<byte> marker = stackalloc byte[LogBlock.HeaderBytes];
        new LogBlock(_nextSequence, 0, 0).Write(marker, Active.Salt, _offset);
        try
        {
            _file!.Write(_offset, marker);
            _offset += marker.Length;
        }
        catch (StorageException fault) when (fault.Fault == StorageFault.Full)
        {
            // Not synced and not needed: the next block overwrites what there is of it.
        }
        catch (StorageException fault)
        {
            Fail(fault, null);
        }
    }

    private void RollOver()
    {
        var old = _file;
        AddSegment(_nextSequence);
        old?.Dispose();
    }

    private void AddSegment(long firstSequence)
    {
        var salt = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
        var segment = LogSegment.Named(_options.Name, firstSequence, salt);
        var file = _directory.Open(segment.FileName, DurableOpen.CreateNew);
        try
        {
            _directory.Sync();
        }
        catch (StorageException fault)
        {
            file.Dispose();
            throw new StorageException(StorageFault.Io, fault.Message);
        }

        _file = file;
        _offset = 0;
        _marked = true;
        lock (_gate)
        {
            _segments.Add(segment);
        }
    }

    private void Fail(Exception cause, LogBatch? batch)
    {
        var failure = new CommitLogFailedException($"The log '{_options.Name}' failed: {cause.Message}", cause);
        lock (_gate)
        {
            Volatile.Write(ref _failure, failure);
            _filling.Fail(failure);
            _filling = new LogBatch(null);
            while (_waiters.TryDequeue(out var waiter))
            {
                waiter.Fail(failure);
            }

            EndWatchers(failure);
        }

        batch?.Fail(failure);
    }

    private void Close()
    {
        Drain();
        lock (_gate)
        {
            EndWatchers(new ObjectDisposedException(nameof(CommitLog)));
        }

        _file?.Dispose();
    }

    private void EndWatchers(Exception cause)
    {
        foreach (var (_, reached) in _watchers)
        {
            reached.SetException(cause);
            _ = reached.Task.Exception;
        }

        _watchers.Clear();
    }
}
