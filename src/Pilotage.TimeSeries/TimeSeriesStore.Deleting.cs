using Pilotage.Core.Durability;
using Pilotage.TimeSeries.Head;
using Pilotage.TimeSeries.Segments;

namespace Pilotage.TimeSeries;

/// <content>Deletions: durable like a batch, in force at once, and their bytes given back in the background.</content>
public sealed partial class TimeSeriesStore
{
    private long _nextTombstone = 1;

    // Those of which something was deleted that may still stand somewhere, and how many deletions that are.
    private readonly HashSet<DeviceSeries> _buried = [];
    private int _hiding;

    /// <summary>Deletions that may hide points which still take their space; beyond, they are given back however much that writes. Whoever deletes of many devices does so in slices of less.</summary>
    public int DeletionsMax => _options.TombstonesMax;

    /// <summary>Deletions that hide points which still take their space.</summary>
    internal int HidingDeletions => Volatile.Read(ref _hiding);

    /// <summary>Deletes points that are stored by now; what arrives at their times later is new. Durable when this completes.</summary>
    /// <remarks>
    /// Nobody sees them from then on, in whatever order they were asked for. Their bytes are given back when enough of a
    /// segment is deleted, or when it is merged.
    /// </remarks>
    /// <exception cref="CommitLogFullException">No space; nothing was deleted.</exception>
    /// <exception cref="CommitLogFailedException">The log has failed; whether they are deleted shows when it is opened anew.</exception>
    public async ValueTask DeleteAsync(Deletion deletion, CancellationToken cancellation)
    {
        deletion = deletion with { Properties = deletion.Properties?.ToArray() };
        await RoomAsync(cancellation);
        PendingBatch pending;
        ValueTask<long> durable;
        lock (_gate)
        {
            pending = new PendingBatch(deletion);
            _record.Clear();
            DeletionCodec.WriteRecord(_record, deletion);
            durable = _log.AppendAsync(_record.WrittenMemory, CancellationToken.None);
            _pending.Enqueue(pending);
        }

        await CommittedAsync(pending, durable);
        FindLasts();
        StartMerging();
    }

    /// <summary>
    /// Waits while more deletions hide points than there may be: until their segments are written anew, and what of them is in memory is in a segment.
    /// False where that cannot be had now, for want of room or because a segment is damaged.
    /// </summary>
    public async ValueTask<bool> CompactDeletionsAsync(CancellationToken cancellation)
    {
        if (HidingDeletions <= DeletionsMax)
        {
            return true;
        }

        await MergedAsync(cancellation);
        if (HidingDeletions > DeletionsMax)
        {
            // What they hide in a head goes when that is sealed.
            await SealedAsync(cancellation);
            await MergedAsync(cancellation);
        }

        return HidingDeletions <= DeletionsMax;
    }

    private async Task MergedAsync(CancellationToken cancellation)
    {
        StartMerging();
        Task merging;
        lock (_gate)
        {
            merging = _mergeTask;
        }

        await merging.WaitAsync(cancellation);
    }

    private async Task SealedAsync(CancellationToken cancellation)
    {
        // Of two heads the first is being sealed already.
        for (var heads = 0; heads < 2; heads++)
        {
            Task sealing;
            lock (_gate)
            {
                if (_sealing is null && _active.Points > 0 && !_isClosing)
                {
                    BeginSealing();
                    StartSealing();
                }

                sealing = _sealTask;
            }

            await sealing.WaitAsync(cancellation);
        }
    }

    private void Apply(Deletion deletion, long sequence)
    {
        _active.LastSequence = sequence;
        if (_shapes.Find(deletion.Tenant, deletion.Device) is not { } device)
        {
            return;
        }

        var tombstone = new Tombstone(_nextTombstone++, deletion, _nextArrival);
        Bury(device, tombstone);
        foreach (var series in device.Series.Where(series => tombstone.IsOf(series.Property)))
        {
            if (series.LoseLast(deletion.FromNs, deletion.ToNs))
            {
                _withoutLast.Enqueue((device, series));
                KeepState(device, series);
            }
        }
    }

    /// <summary>Makes the head tell the state of a series when it is sealed, even if no more rows come: an earlier segment still tells the last value that was deleted.</summary>
    private void KeepState(DeviceSeries device, SeriesState series)
    {
        foreach (var shape in device.Shapes.Where(shape => shape.IndexOf(series.Property) >= 0))
        {
            _active.Of(shape);
        }
    }

    private void Bury(DeviceSeries device, Tombstone tombstone)
    {
        var before = device.Tombstones.Count;
        device.Bury(tombstone);
        _buried.Add(device);
        Hiding(device.Tombstones.Count - before);
    }

    private void Hiding(int change)
    {
        Volatile.Write(ref _hiding, _hiding + change);
        StoreMetrics.Hiding(change);
    }

    /// <summary>All tombstones, oldest first.</summary>
    private List<Tombstone> Tombstones() => [.. _buried.SelectMany(device => device.Tombstones).OrderBy(one => one.Id)];

    /// <summary>Looks for the last values of series whose last was deleted, without holding anybody up.</summary>
    private void FindLasts()
    {
        while (_withoutLast.TryDequeue(out var lost))
        {
            var (device, series) = lost;
            int before;
            lock (_gate)
            {
                before = series.TakenWhileLost;
            }

            var last = LastOf(new SeriesKey(device.Tenant, device.Device, series.Property));
            lock (_gate)
            {
                if (series.TakenWhileLost != before)
                {
                    // What came meanwhile may be later than what was found.
                    _withoutLast.Enqueue(lost);
                    continue;
                }

                series.FindLast(last);
            }
        }
    }

    /// <summary>The last point of a series, looked for from its end.</summary>
    private TypedPoint? LastOf(SeriesKey key)
    {
        TypedPoint? last = null;
        var sources = Sources(key.Tenant, key.Device, [key.Property], long.MinValue, long.MaxValue, byTime: true);
        foreach (var source in sources.OrderByDescending(source => source.Last))
        {
            if (last is { } found && source.Last < found.TimeNs)
            {
                break;
            }

            foreach (var point in ReadTyped(key, Math.Max(source.First, last?.TimeNs ?? long.MinValue), source.Last))
            {
                last = last is { } known && known.TimeNs > point.TimeNs ? last : point;
            }
        }

        return last;
    }

    /// <summary>A segment of which so much is deleted that writing it anew pays; null when there is none.</summary>
    private SegmentFile? NextPurge()
    {
        List<(IReadOnlyList<Tombstone> Tombstones, BlockRef[] Blocks)> buried;
        lock (_gate)
        {
            buried = [.. _buried.Select(device => (device.Tombstones, device.Blocks.ToArray()))];
        }

        // Nobody waits for this: with many devices it takes a while.
        var deleted = new Dictionary<SegmentFile, double>();
        foreach (var (tombstones, blocks) in buried)
        {
            foreach (var block in blocks)
            {
                var share = tombstones.Where(tombstone => tombstone.Touches(block)).Sum(tombstone => ShareOf(block, tombstone));
                if (share > 0)
                {
                    deleted[block.Segment] = deleted.GetValueOrDefault(block.Segment) + (Math.Min(share, 1) * block.Rows * block.Shape.Properties.Length);
                }
            }
        }

        _deletedBytes = deleted.Where(each => each.Key.Points > 0)
            .ToDictionary(each => each.Key, each => (long)(each.Key.Bytes * Math.Min(each.Value / each.Key.Points, 1)));
        var least = buried.Sum(each => each.Tombstones.Count) > _options.TombstonesMax ? 0 : _options.PurgedShare;
        lock (_gate)
        {
            return _segments.Find(segment => segment.IsMergeable && deleted.TryGetValue(segment, out var points) && points >= least * segment.Points);
        }
    }

    /// <summary>About which share of a block's points is deleted, as if they stood evenly in time.</summary>
    private static double ShareOf(BlockRef block, Tombstone tombstone)
    {
        var span = (double)block.LastNs - block.FirstNs + 1;
        var hidden = (double)Math.Min(block.LastNs, tombstone.ToNs) - Math.Max(block.FirstNs, tombstone.FromNs) + 1;
        var columns = block.Shape.Properties.Count(tombstone.IsOf);
        return hidden / span * columns / block.Shape.Properties.Length;
    }

    /// <summary>Forgets tombstones that have nothing more to hide: no segment from before them holds anything of theirs, and no head.</summary>
    private void ForgetTombstones()
    {
        foreach (var device in _buried)
        {
            var before = device.Tombstones.Count;
            device.Unearth(tombstone => device.Blocks.Exists(tombstone.Touches)
                || device.Shapes.Any(shape => HasOlder(_active.Find(shape), tombstone) || HasOlder(_sealing?.Find(shape), tombstone)));
            Hiding(device.Tombstones.Count - before);
        }

        _buried.RemoveWhere(device => device.Tombstones.Count == 0);
    }

    private static bool HasOlder(RowTable? table, Tombstone tombstone) => table is { Count: > 0 } && tombstone.Touches(table.Snapshot());
}
