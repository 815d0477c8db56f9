using Pilotage.Core.Durability;
using Pilotage.TimeSeries.Head;
using Pilotage.TimeSeries.Segments;

namespace Pilotage.TimeSeries;

/// <content>Segments become fewer and larger in the background, so that a series has few blocks to look into.</content>
public sealed partial class TimeSeriesStore
{
    private const int DevicesAtOnce = 256;
    // Merged into others, and open as long as somebody reads them.
    private readonly List<WeakReference<SegmentFile>> _retired = [];
    private Task _mergeTask = Task.CompletedTask;
    private bool _isMerging;
    private bool _isOpen;

    // About so much of a segment is deleted, as it was when that was looked at last; replaced whole.
    private Dictionary<SegmentFile, long> _deletedBytes = [];

    /// <summary>Segments that make up the store now.</summary>
    internal int SegmentCount
    {
        get
        {
            lock (_gate)
            {
                return _segments.Count;
            }
        }
    }

    /// <summary>Closes all files; whoever still reads is told so.</summary>
    private void CloseSegments()
    {
        StoreMetrics.Hiding(-HidingDeletions);
        StoreMetrics.Cached(-_cache.Bytes);
        lock (_gate)
        {
            _segments.ForEach(segment => segment.Close());
            foreach (var retired in _retired)
            {
                if (retired.TryGetTarget(out var segment))
                {
                    segment.Close();
                }
            }
        }
    }

    /// <summary>Merges what is due, unless that is under way, or the store is only being opened.</summary>
    private void StartMerging()
    {
        lock (_gate)
        {
            if (_isClosing || !_isOpen || _isMerging || (_buried.Count == 0 && MergePlan.Next(_segments, _options).Count == 0))
            {
                return;
            }

            _isMerging = true;
            _mergeTask = Begin(Merge);
        }
    }

    private void Merge()
    {
        try
        {
            while (true)
            {
                var seen = Volatile.Read(ref _nextTombstone);
                while (NextMerge() is { Count: > 0 } segments && HasRoomFor(segments) && TryMerge(segments))
                {
                }

                lock (_gate)
                {
                    // What was deleted while this looked is looked for too, or nobody would until more is.
                    if (seen == _nextTombstone || _isClosing)
                    {
                        _isMerging = false;
                        return;
                    }
                }
            }
        }
        catch (StorageException)
        {
            // All is where it was; it is tried again after the next head was sealed, and when the store is opened.
            StoreMetrics.NotMerged();
            Volatile.Write(ref _isMerging, false);
        }
    }

    /// <summary>Whether there is room for a second copy, of which what was deleted is no part.</summary>
    private bool HasRoomFor(List<SegmentFile> segments)
    {
        if (_options.HasRoomFor(segments.Sum(segment => segment.Bytes - _deletedBytes.GetValueOrDefault(segment))))
        {
            return true;
        }

        StoreMetrics.NotMerged();
        return false;
    }

    /// <summary>One segment to be written anew without what was deleted, or several to be merged.</summary>
    private List<SegmentFile> NextMerge()
    {
        var purged = NextPurge();
        lock (_gate)
        {
            if (_isClosing)
            {
                return [];
            }

            if (purged is not null)
            {
                return [purged];
            }

            var (start, count) = MergePlan.Next(_segments, _options);
            return _segments.GetRange(start, count);
        }
    }

    /// <summary>Writes segments as one, then the manifest that names it, then lets go of them; false when it is to stop.</summary>
    private bool TryMerge(List<SegmentFile> segments)
    {
        var purgedTo = Volatile.Read(ref _nextTombstone) - 1;
        var merge = new SegmentMerge(segments, _options.BlockRowsMax, TombstonesOf, () => Volatile.Read(ref _isClosing));
        if (merge.LoadFacts() is not { } facts || WriteMerged(merge, facts) is not { } merged)
        {
            // Where one is damaged, it is left alone from now on, and the others may be merged without it.
            return !Volatile.Read(ref _isClosing);
        }

        merged.PurgedTo = purgedTo;
        Exchange(segments, merged);
        foreach (var segment in segments)
        {
            _directory.Delete(segment.FileName);
        }

        StoreMetrics.Merged(merged.Points);
        return true;
    }

    /// <summary>Names a segment in the manifest in the place of those it was made of, and has everybody read it.</summary>
    private void Exchange(List<SegmentFile> segments, SegmentFile merged)
    {
        lock (_manifestGate)
        {
            // When this fails, a manifest that names either may be there, so both files stay; the next start removes one.
            var ids = _manifest.Segments.ToList();
            ids[ids.IndexOf(segments[0].Id)] = merged.Id;
            ids.RemoveAll(id => segments.Exists(segment => segment.Id == id));
            Save(_manifest with { Segments = ids });
        }

        Swap(segments, merged);
    }

    private SegmentFile? WriteMerged(SegmentMerge merge, SegmentFacts facts)
    {
        var writer = new SegmentWriter(_directory, Interlocked.Increment(ref _nextSegment) - 1, _damages, _cache);
        try
        {
            if (merge.TryWrite(writer))
            {
                return writer.Finish(facts.LastSequence, facts.NextArrival, facts.Marks, Named(facts));
            }

            writer.Abandon();
            return null;
        }
        catch (StorageException)
        {
            writer.Abandon();
            throw;
        }
    }

    private List<(Shape Shape, SeriesSnapshot[] States)> Named(SegmentFacts facts)
    {
        lock (_gate)
        {
            return [.. facts.States.Select(each => (_shapes.Find(each.Shape)!, each.States))];
        }
    }

    private IReadOnlyList<Tombstone> TombstonesOf(Shape shape)
    {
        lock (_gate)
        {
            return _shapes.Find(shape.Tenant, shape.Device)!.Tombstones;
        }
    }

    /// <summary>Puts the blocks of a merged segment in the place of those it was made of, some devices at a time, so that nobody waits for all.</summary>
    private void Swap(List<SegmentFile> segments, SegmentFile merged)
    {
        lock (_gate)
        {
            _retired.AddRange(segments.ConvertAll(segment => new WeakReference<SegmentFile>(segment)));
            _segments[_segments.IndexOf(segments[0])] = merged;
            _segments.RemoveAll(segments.Contains);
            _loaded.Clear();
        }

        // A device may have nothing left.
        var blocks = merged.Blocks.ToLookup(block => (block.Shape.Tenant, block.Shape.Device));
        var devices = segments.SelectMany(segment => segment.Blocks).Select(block => (block.Shape.Tenant, block.Shape.Device)).Distinct();
        foreach (var some in devices.Chunk(DevicesAtOnce))
        {
            lock (_gate)
            {
                foreach (var key in some)
                {
                    var device = _shapes.Find(key.Tenant, key.Device)!;
                    device.Blocks.RemoveAll(block => segments.Contains(block.Segment));
                    device.Blocks.AddRange(blocks[key]);
                }
            }
        }

        _cache.Forget(segments);
        lock (_gate)
        {
            ForgetTombstones();
        }
    }
}
