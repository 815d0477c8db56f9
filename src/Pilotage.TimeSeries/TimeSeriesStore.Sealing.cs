using Pilotage.Core.Durability;
using Pilotage.TimeSeries.Head;
using Pilotage.TimeSeries.Segments;

namespace Pilotage.TimeSeries;

/// <content>From the head to segments.</content>
public sealed partial class TimeSeriesStore
{
    // A head of no more is not sealed when the store is closed: its log is read in no time, and takes little space.
    private const int SealedAtCloseFrom = 1024;

    // Guards the manifest, and which segments it names, while one is written; taken before the store's lock.
    private readonly Lock _manifestGate = new();
    private readonly List<SegmentFile> _segments = [];
    private readonly DamageTally _damages = new();
    private readonly BlockCache _cache;
    private Manifest _manifest = Manifest.Empty;
    private Dictionary<Shape, SeriesSnapshot[]> _sealingStates = [];

    // The head that was sealed last, until the next but one begins.
    private HeadTables? _spare;
    private Task _sealTask = Task.CompletedTask;
    private StorageException? _sealFailure;
    private string? _notSealed;
    private long _nextSegment = 1;
    private bool _isClosing;

    /// <summary>Blocks and records met so far that were durable and cannot be read any more.</summary>
    public long Damaged => _damages.Count + _log.Damages.Sum(damage => damage.LastSequence - damage.FirstSequence + 1);

    /// <summary>Opens a store, creating it when missing.</summary>
    public static TimeSeriesStore Open(IDurableDirectory directory, TimeSeriesOptions options, TimeProvider time)
    {
        options.Validate();
        StoreMetrics.Opened();
        var store = new TimeSeriesStore(directory, options, time);
        store.Recover();
        store._isOpen = true;
        store.StartMerging();
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
        _active.Tombstones = Tombstones();
        _active.NextTombstone = _nextTombstone;
        _sealingStates = _active.Tables.ToDictionary(
            table => table.Shape,
            table => Array.ConvertAll(table.Shape.Series, SeriesSnapshot.Of));
        _active.Spare = null;
        _sealing = _active;
        (_active, _spare) = (new HeadTables { Spare = _spare }, null);
    }

    private void StartSealing()
    {
        _sealFailure = null;
        _sealTask = Begin(Seal);
    }

    /// <summary>Begins work of seconds: on a thread of its own, so that nobody who is to be answered waits for one.</summary>
    private Task Begin(Action work) => Task.Factory.StartNew(
        work, CancellationToken.None, TaskCreationOptions.DenyChildAttach | TaskCreationOptions.LongRunning, _options.Sealer ?? TaskScheduler.Default);

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
            var segment = WriteSegment(Interlocked.Increment(ref _nextSegment) - 1, head);
            lock (_manifestGate)
            {
                Save(_manifest with
                {
                    Segments = [.. _manifest.Segments, segment.Id],
                    LastSequence = head.LastSequence,
                    NextArrival = head.NextArrival,
                    Marks = head.Marks,
                    Tombstones = head.Tombstones,
                    NextTombstone = head.NextTombstone,
                });
                lock (_gate)
                {
                    _segments.Add(segment);
                    Adopt(segment.Blocks);
                    (_sealing, _spare) = (null, head.ToSpare());
                    _sealingStates = [];
                    ForgetTombstones();
                    SealWhenFull();
                }
            }

            Volatile.Write(ref _notSealed, null);
            _log.TrimBefore(head.LastSequence + 1);
            StoreMetrics.Sealed(head.Points);
            StartMerging();
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

    private SegmentFile WriteSegment(long id, HeadTables head)
    {
        var writer = new SegmentWriter(_directory, id, _damages, _cache);
        var hidden = head.Tombstones.ToLookup(tombstone => (tombstone.Deletion.Tenant, tombstone.Deletion.Device));
        try
        {
            foreach (var table in head.Tables)
            {
                var tombstones = hidden[(table.Shape.Tenant, table.Shape.Device)];
                writer.Add(SnapshotOf(table).Present([.. tombstones], null), _options.BlockRowsMax);
            }

            var segment = writer.Finish(head.LastSequence, head.NextArrival, head.Marks, _sealingStates.Select(each => (each.Key, each.Value)));
            segment.PurgedTo = head.NextTombstone - 1;
            return segment;
        }
        catch (StorageException)
        {
            writer.Abandon();
            throw;
        }
    }

    private RowSpan SnapshotOf(RowTable table)
    {
        lock (_gate)
        {
            return table.ToSeal();
        }
    }

    private void Save(Manifest manifest)
    {
        manifest.Save(_directory);
        _manifest = manifest;
    }

    private void Adopt(IEnumerable<BlockRef> blocks)
    {
        foreach (var block in blocks)
        {
            _shapes.Find(block.Shape.Tenant, block.Shape.Device)!.Blocks.Add(block);
        }
    }

    /// <summary>Seals what is in memory, so that the next start need not read it from the log; where that fails, it does.</summary>
    private async ValueTask SealAtCloseAsync()
    {
        var isWorthIt = false;
        lock (_gate)
        {
            isWorthIt = _sealing is null && _active.Points > _options.HeadPointsMax / SealedAtCloseFrom && !_log.Failed;
            if (isWorthIt)
            {
                BeginSealing();
                StartSealing();
            }
        }

        if (!isWorthIt)
        {
            return;
        }

        await _sealTask;
        if (_sealing is null)
        {
            try
            {
                await _log.TrimWholeAsync(_manifest.LastSequence + 1);
            }
            catch (StorageException)
            {
                // The log keeps what the segments have too; the next start drops it.
            }
        }
    }
}
