namespace Pilotage.Core.Durability;

/// <content>Opening what a crash left, reading, trimming.</content>
public sealed partial class CommitLog
{
    private const int DamagesMax = 1000;
    private readonly List<LogDamage> _damages = [];

    /// <summary>Records that were durable and cannot be read, as far as reading has met them; at most 1,000 spans.</summary>
    public IReadOnlyList<LogDamage> Damages
    {
        get
        {
            lock (_gate)
            {
                return [.. _damages];
            }
        }
    }

    /// <summary>The durable records from a sequence on, as many as there are when this is called.</summary>
    /// <remarks>Damaged records are left out and noted in <see cref="Damages"/>; the gap shows in the sequences.</remarks>
    public IEnumerable<LogRecord> Read(long fromSequence)
    {
        LogSegment[] segments;
        long end;
        lock (_gate)
        {
            segments = [.. _segments];
            end = _nextSequence;
        }

        for (var i = 0; i < segments.Length; i++)
        {
            // Where a later file begins, the earlier one ends, whatever else stands in it: that was never durable.
            var limit = i + 1 < segments.Length ? Math.Min(segments[i + 1].FirstSequence, end) : end;
            if (limit <= fromSequence)
            {
                continue;
            }

            foreach (var record in Read(segments[i], Math.Max(fromSequence, segments[i].FirstSequence), limit))
            {
                yield return record;
            }
        }
    }

    /// <summary>Drops the files all of whose records lie before a sequence.</summary>
    public ValueTask TrimBeforeAsync(long sequence)
    {
        TrimBefore(sequence);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc cref="TrimBeforeAsync"/>
    public void TrimBefore(long sequence)
    {
        while (TrimOldestBefore(sequence))
        {
            // One file after the other, oldest first.
        }
    }

    /// <summary>Drops the oldest file if all of its records lie before a sequence; false when there is none to drop.</summary>
    /// <remarks>For owners to whom it matters in which order files are gone after a power cut: they sync the folder in between.</remarks>
    public bool TrimOldestBefore(long sequence)
    {
        LogSegment oldest;
        lock (_gate)
        {
            if (_segments.Count < 2 || _segments[1].FirstSequence > sequence)
            {
                return false;
            }

            oldest = _segments[0];
            _segments.RemoveAt(0);
        }

        // Not synced: a file that comes back after a power cut is dropped by the next trim.
        _directory.Delete(oldest.FileName);
        return true;
    }

    /// <summary>Drops everything, if all that was appended lies before a sequence: an empty file is begun, and the others go.</summary>
    public Task TrimWholeAsync(long sequence) => Task.Factory.StartNew(
        () =>
        {
            Drain();
            if (_failure is null && _nextSequence <= sequence && _offset > 0)
            {
                RollOver();
                TrimBefore(sequence);
            }
        },
        CancellationToken.None,
        TaskCreationOptions.DenyChildAttach,
        _writer);

    /// <summary>Lets the log go on at a sequence when damage has set it back further; call it before the first append.</summary>
    /// <remarks>For owners that keep elsewhere how far they have read: a sequence must not be given out twice.</remarks>
    public void SkipTo(long nextSequence)
    {
        if (nextSequence > _nextSequence)
        {
            _nextSequence = nextSequence;
            RollOver();
        }
    }

    private IEnumerable<LogRecord> Read(LogSegment segment, long from, long limit)
    {
        if (!_directory.Exists(segment.FileName))
        {
            // Trimmed since the reader took its list.
            yield break;
        }

        using var file = _directory.Open(segment.FileName, DurableOpen.ReadOnly);
        var reader = new LogSegmentReader(file, segment);
        var (sequence, offset) = segment.Before(from);
        foreach (var region in reader.Regions(offset, sequence))
        {
            if (region.HeaderIsWhole && region.FirstSequence + region.Count <= from)
            {
                continue;
            }

            var bytes = reader.Load(region);
            foreach (var frame in reader.Frames(region, bytes))
            {
                if (frame.Sequence >= from && frame.Sequence < limit)
                {
                    NoteDamage(from, frame.Sequence);
                    from = frame.Sequence + 1;
                    yield return new LogRecord(frame.Sequence, bytes.AsMemory(frame.Start, frame.Length));
                }
            }

            if (region.FirstSequence + region.Count >= limit)
            {
                break;
            }
        }

        NoteDamage(from, limit);
    }

    private void NoteDamage(long first, long end)
    {
        if (first >= end)
        {
            return;
        }

        var damage = new LogDamage(first, end - 1);
        lock (_gate)
        {
            if (_damages.Contains(damage) || _damages.Count == DamagesMax)
            {
                return;
            }

            _damages.Add(damage);
        }

        LogMetrics.Missing(_options.Name, end - first);
    }

    private void Recover()
    {
        _segments.AddRange(LogSegment.Of(_options.Name, _directory.List()));
        if (_segments.Count == 0)
        {
            _nextSequence = 1;
            AddSegment(1);
            return;
        }

        _file = _directory.Open(Active.FileName, DurableOpen.Existing);
        var reader = new LogSegmentReader(_file, Active);
        LogRegion? tail = null;
        foreach (var region in reader.Regions(0, Active.FirstSequence))
        {
            Active.Note(region.FirstSequence, region.Offset);
            tail = region;
        }

        var isClean = tail is null || TakeTail(reader, tail.Value);
        _nextSequence = tail is null ? Active.FirstSequence : _nextSequence;
        _directory.Sync();
        if (!isClean)
        {
            StartAfresh();
        }
    }

    /// <summary>Takes over the last block as far as it is whole and makes that durable; false when something is off.</summary>
    /// <remarks>
    /// After a kill the block may stand in the page cache alone, and after a failed sync the system may hold it for
    /// clean although it never reached the disk. So it is written once more, the same bytes, and synced, before any
    /// of it is served.
    /// </remarks>
    private bool TakeTail(LogSegmentReader reader, LogRegion tail)
    {
        var bytes = reader.Load(tail);
        var next = tail.FirstSequence;
        foreach (var frame in reader.Frames(tail, bytes))
        {
            if (frame.Sequence != next)
            {
                break;
            }

            next++;
        }

        _nextSequence = next;
        _offset = tail.End;
        var isWhole = tail is { HeaderIsWhole: true, IsCut: false } && next == tail.FirstSequence + tail.Count;
        var isProof = isWhole && tail.Count == 0;
        if (!isProof)
        {
            var again = new byte[tail.End - tail.Offset];
            var count = _file!.Read(tail.Offset, again);
            _file.Write(tail.Offset, again.AsSpan(0, count));
            _file.Sync();
            _marked = false;
        }

        return isWhole;
    }

    /// <summary>Leaves a file with a torn tail as it is and goes on in a new one, which ends the old one's reach.</summary>
    private void StartAfresh()
    {
        if (_nextSequence == Active.FirstSequence)
        {
            _file!.Truncate(0);
            _file.Sync();
            _offset = 0;
            _marked = true;
            return;
        }

        RollOver();
    }
}
