using Pilotage.Core.Durability;
using Pilotage.TimeSeries.Head;
using Pilotage.TimeSeries.Segments;

namespace Pilotage.TimeSeries;

/// <content>From the head to segments, and back after a crash.</content>
public sealed partial class TimeSeriesStore
{
    private readonly List<long> _segments = [];
    private Dictionary<Shape, SeriesSnapshot[]> _sealingStates = [];
    private Task _sealTask = Task.CompletedTask;
    private StorageException? _sealFailure;
    private string? _notSealed;
    private long _nextSegment = 1;
    private long _damaged;
    private bool _isClosing;

    /// <summary>Blocks and records met so far that were durable and cannot be read any more.</summary>
    public long Damaged => Interlocked.Read(ref _damaged) + _log.Damages.Sum(damage => damage.LastSequence - damage.FirstSequence + 1);

    /// <summary>Opens a store, creating it when missing.</summary>
    public static TimeSeriesStore Open(IDurableDirectory directory, TimeSeriesOptions options, TimeProvider time)
    {
        options.Validate();
        StoreMetrics.Opened();
        var store = new TimeSeriesStore(directory, options, time);
        store.Recover();
        return store;
    }

    private void SealWhenFull()
    {
        if (_active.IsFull(_options) && _sealing is null && !_isClosing)
        {
            BeginSealing();
            StartSealing();
        }
    }

    private void BeginSealing()
    {
        _active.NextArrival = _nextArrival;
        _active.Marks = new Dictionary<(string, string), long>(_marks);
        _sealingStates = _active.Tables.ToDictionary(
            table => table.Shape,
            table => Array.ConvertAll(table.Shape.Series, SeriesSnapshot.Of));
        _sealing = _active;
        _active = new HeadTables();
    }

    private void StartSealing()
    {
        _sealFailure = null;
        _sealTask = Task.Factory.StartNew(
            Seal, CancellationToken.None, TaskCreationOptions.DenyChildAttach, _options.Sealer ?? TaskScheduler.Default);
    }

    /// <summary>Waits while the head is full and the one before it is still being sealed.</summary>
    private async ValueTask RoomAsync(CancellationToken cancellation)
    {
        while (true)
        {
            Task sealing;
            lock (_gate)
            {
                if (!_active.IsFull(_options) || _sealing is null)
                {
                    return;
                }

                if (_sealTask.IsCompleted)
                {
                    ThrowIfStuck();
                    StartSealing();
                }

                sealing = _sealTask;
            }

            await sealing.WaitAsync(cancellation);
            lock (_gate)
            {
                ThrowIfStuck();
            }
        }
    }

    private void ThrowIfStuck()
    {
        if (_sealFailure is { } cause)
        {
            // The next caller tries again: space may have come back.
            _sealFailure = null;
            throw cause.Fault == StorageFault.Full
                ? new CommitLogFullException($"No space to seal the head: {cause.Message}", cause)
                : new CommitLogFailedException($"Sealing the head failed: {cause.Message}", cause);
        }
    }

    /// <summary>Writes the sealing head as a segment, then the manifest that names it, then lets go of the log.</summary>
    private void Seal()
    {
        try
        {
            var head = _sealing!;

            // A number is used once: after a failed sync of the folder an earlier manifest may name its file.
            var id = _nextSegment++;
            var blocks = WriteSegment(id, head);
            var manifest = new Manifest
            {
                Segments = [.. _segments, id],
                LastSequence = head.LastSequence,
                NextArrival = head.NextArrival,
                Marks = head.Marks,
            };
            manifest.Save(_directory);
            lock (_gate)
            {
                _segments.Add(id);
                Adopt(blocks);
                _sealing = null;
                _sealingStates = [];
                SealWhenFull();
            }

            Volatile.Write(ref _notSealed, null);
            _log.TrimBefore(head.LastSequence + 1);
            StoreMetrics.Sealed(head.Points);
        }
        catch (StorageException fault)
        {
            StoreMetrics.NotSealed();
            Volatile.Write(ref _notSealed, fault.Message);
            lock (_gate)
            {
                _sealFailure = fault;
            }
        }
    }

    private IReadOnlyList<BlockRef> WriteSegment(long id, HeadTables head)
    {
        try
        {
            return SegmentFile.Write(_directory, id, head, _sealingStates, _options.BlockRowsMax);
        }
        catch (StorageException)
        {
            // Gives back the space of half a segment; no manifest names it.
            if (_directory.Exists(SegmentFile.NameOf(id)))
            {
                _directory.Delete(SegmentFile.NameOf(id));
            }

            throw;
        }
    }

    private void Adopt(IEnumerable<BlockRef> blocks)
    {
        foreach (var block in blocks)
        {
            _shapes.Find(block.Shape.Tenant, block.Shape.Device)!.Blocks.Add(block);
        }
    }

    private void Recover()
    {
        var files = _directory.List();
        var present = files.Select(SegmentFile.IdOf).OfType<long>().Order().ToArray();
        _nextSegment = present.Length == 0 ? 1 : present[^1] + 1;
        var manifest = Manifest.Load(_directory);

        // A log that was trimmed proves that there was a manifest; without it the segments speak for themselves.
        var isLost = manifest is null || (manifest == Manifest.Empty && _log.FirstSequence > 1);
        manifest = isLost ? Gather(present) : OpenSegments(manifest!);
        _segments.AddRange(manifest.Segments);
        _nextArrival = manifest.NextArrival;
        foreach (var (log, offset) in manifest.Marks)
        {
            _marks[log] = offset;
        }

        _log.SkipTo(manifest.LastSequence + 1);
        Replay(manifest.LastSequence + 1);
        if (isLost)
        {
            Interlocked.Increment(ref _damaged);
            manifest.Save(_directory);
            return;
        }

        foreach (var orphan in present.Except(_segments))
        {
            _directory.Delete(SegmentFile.NameOf(orphan));
        }
    }

    private Manifest OpenSegments(Manifest manifest)
    {
        foreach (var id in manifest.Segments)
        {
            if (OpenSegment(id) is { } footer)
            {
                Adopt(footer.Blocks);
            }
        }

        return manifest;
    }

    /// <summary>Makes a manifest from the segments that are there; two of the same records count once.</summary>
    private Manifest Gather(IEnumerable<long> present)
    {
        var manifest = Manifest.Empty;
        foreach (var id in present)
        {
            if (OpenSegment(id) is { } footer && (footer.LastSequence == 0 || footer.LastSequence > manifest.LastSequence))
            {
                Adopt(footer.Blocks);
                manifest = new Manifest
                {
                    Segments = [.. manifest.Segments, id],
                    LastSequence = Math.Max(manifest.LastSequence, footer.LastSequence),
                    NextArrival = Math.Max(manifest.NextArrival, footer.NextArrival),
                    Marks = footer.Marks.Count >= manifest.Marks.Count ? footer.Marks : manifest.Marks,
                };
            }
        }

        return manifest;
    }

    private SegmentFooter? OpenSegment(long id)
    {
        try
        {
            var footer = new SegmentFile(_directory, id).Open(_shapes, out var isDamaged);
            Interlocked.Add(ref _damaged, isDamaged ? 1 : 0);
            return footer;
        }
        catch (StorageException fault) when (fault.Fault is StorageFault.NotFound or StorageFault.Io)
        {
            Interlocked.Increment(ref _damaged);
            return null;
        }
    }

    private void Replay(long fromSequence)
    {
        foreach (var record in _log.Read(fromSequence))
        {
            if (BatchCodec.Read(record.Payload.Span, _shapes) is not { } stored)
            {
                Interlocked.Increment(ref _damaged);
                continue;
            }

            Apply(stored.Batch, stored.Shapes, stored.Batch.ReceivedNs, stored.Mark, record.Sequence);
            if (_active.IsFull(_options) && _sealing is null)
            {
                // When this fails, for want of space say, the head stays in memory: reads work, and the next append
                // that needs room tries again. It stays bounded, for the log never holds much more than two heads.
                BeginSealing();
                Seal();
            }
        }
    }
}
