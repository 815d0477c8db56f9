using Pilotage.Core.Durability;

namespace Pilotage.Sdk.Outbound;

/// <content>The one task that writes down what became of messages, and drops the files that nobody needs.</content>
internal sealed partial class OutboundQueue
{
    // Many steps share a record, and a sync: those that gather while the one before is written.
    private const int StepsMax = 4096;
    private const int CarriedMax = 1024;
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);
    private readonly int _segmentBytes;
    private readonly long _keptBytesMax;

    // How many bytes were written up to a sequence, every half a file: what is kept follows from the oldest. Guarded by the gate.
    private readonly Queue<(long Sequence, long Bytes)> _marks = new();
    private long _writtenBytes;
    private long _markedBytes;

    private async Task KeepAsync()
    {
        var steps = new List<QueueStep>();
        while (await _steps.Reader.WaitToReadAsync())
        {
            steps.Clear();
            while (steps.Count < StepsMax && _steps.Reader.TryRead(out var step))
            {
                steps.Add(step);
            }

            try
            {
                if (!await WriteAsync(steps))
                {
                    // What is not written down is sent again by the next life of the program, as far as it has to be.
                    steps.ForEach(step => step.Durable?.TrySetException(DiskFailed(null)));
                    continue;
                }

                foreach (var step in steps)
                {
                    await ApplyAsync(step);
                }

                Trim();
                await CarryAsync();
            }
            catch (Exception failure) when (failure is IOException or ObjectDisposedException)
            {
                Fail(failure);
            }

            Signal();
        }
    }

    /// <summary>Writes steps, however long there is no room; false when the log has failed or the queue closes.</summary>
    private async Task<bool> WriteAsync(List<QueueStep> steps)
    {
        var isTold = false;
        while (true)
        {
            try
            {
                var record = QueueRecord.OfSteps(steps);
                var sequence = await _log.AppendAsync(record, CancellationToken.None);
                Written(sequence, record.Length + QueueRecord.FramingBytes);
                return true;
            }
            catch (CommitLogFullException)
            {
                if (_reserve.Release())
                {
                    continue;
                }
            }
            catch (CommitLogFailedException failed)
            {
                Fail(failed);
                return false;
            }

            if (!isTold)
            {
                isTold = true;
                Log.NoRoom(_logger, _options.Folder);
            }

            // Files whose messages all have their last answer may go before that is written down: then there is room again.
            Trim();
            try
            {
                await Task.Delay(RetryAfter, _time, _closing.Token);
            }
            catch (OperationCanceledException)
            {
                return false;
            }
        }
    }

    private ValueTask ApplyAsync(QueueStep step)
    {
        var queued = step.Message;
        lock (_gate)
        {
            switch (step.Kind)
            {
                case QueueStepKind.Fixed:
                    queued.IsFixed = true;
                    break;
                case QueueStepKind.Received:
                    (queued.IsReceived, queued.PubRecBy) = (true, null);

                    // The broker has it; only the identifier is still needed.
                    queued.Message = null;
                    break;
                case QueueStepKind.Done:
                    Leave(queued);
                    break;
            }
        }

        step.Durable?.TrySetResult();
        return step.Then?.Invoke() ?? default;
    }

    private void Leave(QueuedMessage queued)
    {
        if (queued.PacketId != 0)
        {
            _byId.Remove(queued.PacketId);
        }

        if (queued.IsInFlight)
        {
            _flight.Remove(queued);
            Count(queued, -1);
        }
    }

    /// <summary>
    /// Drops files from the oldest on, each durably before the next: if after a power cut an old file came back without a later
    /// one, a message would be there without the note that it was sent.
    /// </summary>
    private void Trim()
    {
        try
        {
            while (_log.TrimOldestBefore(Floor()))
            {
                _directory.Sync();
            }
        }
        catch (StorageException failure)
        {
            Log.NotTrimmed(_logger, _options.Folder, failure);
        }

        var first = _log.FirstSequence;
        lock (_gate)
        {
            while (_marks.Count > 1 && _marks.ElementAt(1).Sequence <= first)
            {
                _marks.Dequeue();
            }
        }
    }

    private long KeptBytes()
    {
        lock (_gate)
        {
            return _writtenBytes - _marks.Peek().Bytes;
        }
    }

    private long Floor()
    {
        lock (_gate)
        {
            var floor = _log.NextSequence;
            foreach (var queued in _flight)
            {
                floor = queued.IsSettled ? floor : Math.Min(floor, queued.Floor);
            }

            foreach (var queued in _waiting)
            {
                floor = Math.Min(floor, queued.Floor);
                if (queued.Sequence == queued.Order)
                {
                    // It was not carried forward, and so stands before all that follow, carried or not.
                    break;
                }
            }

            return floor;
        }
    }

    private void Written(long sequence, int bytes)
    {
        lock (_gate)
        {
            _writtenBytes += bytes;
            if (_writtenBytes - _markedBytes >= _segmentBytes / 2)
            {
                _markedBytes = _writtenBytes;
                _marks.Enqueue((sequence, _writtenBytes));
            }
        }
    }

    /// <summary>
    /// One message that does not get away keeps all files after its own. When they are too much, the oldest messages move to
    /// the end of the log, in their place among the others all the same.
    /// </summary>
    private async Task CarryAsync()
    {
        var end = _log.NextSequence;
        while (KeptBytes() > _keptBytesMax && OldestBefore(end) is { Count: > 0 } oldest)
        {
            var appends = new List<(QueuedMessage Queued, int Bytes, Task<long> Appended)>();
            foreach (var queued in oldest)
            {
                if (ReadBack(queued) is { } message)
                {
                    var record = QueueRecord.OfCarried(queued, message);
                    appends.Add((queued, record.Length + QueueRecord.FramingBytes, _log.AppendAsync(record, CancellationToken.None).AsTask()));
                }
            }

            try
            {
                foreach (var (queued, bytes, appended) in appends)
                {
                    var sequence = await appended;
                    Written(sequence, bytes);
                    lock (_gate)
                    {
                        queued.Sequence = sequence;
                    }
                }
            }
            catch (CommitLogFullException)
            {
                // Later, with more room.
                return;
            }

            if (appends.Count == 0)
            {
                return;
            }

            Trim();
        }
    }

    private List<QueuedMessage> OldestBefore(long end)
    {
        lock (_gate)
        {
            var bytes = 0L;
            return [.. _flight.Concat(_waiting)
                .Where(queued => queued.Sequence > 0 && queued.Sequence < end && !queued.IsSettled)
                .OrderBy(queued => queued.Sequence)
                .Take(CarriedMax)
                .TakeWhile(queued => (bytes += queued.Bytes) <= _segmentBytes + queued.Bytes)];
        }
    }
}
