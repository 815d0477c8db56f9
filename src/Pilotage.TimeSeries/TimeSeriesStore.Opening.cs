using Pilotage.Core.Durability;
using Pilotage.TimeSeries.Head;
using Pilotage.TimeSeries.Segments;

namespace Pilotage.TimeSeries;

/// <content>Back after a stop or a crash: segments as the manifest names them, then what the log has beyond them.</content>
public sealed partial class TimeSeriesStore
{
    private void Recover()
    {
        var files = _directory.List();
        var present = files.Select(SegmentFile.IdOf).OfType<long>().Order().ToArray();
        _nextSegment = present.Length == 0 ? 1 : present[^1] + 1;
        var manifest = Manifest.Load(_directory);

        // A log that was trimmed proves that there was a manifest; without it the segments speak for themselves.
        var isLost = manifest is null || (manifest == Manifest.Empty && _log.FirstSequence > 1);
        _manifest = isLost ? Gather(present) : OpenSegments(manifest!);
        if (isLost)
        {
            _damages.Notice();
            _manifest.Save(_directory);
        }

        _nextArrival = _manifest.NextArrival;
        foreach (var (log, offset) in _manifest.Marks)
        {
            _marks[log] = offset;
        }

        _nextTombstone = _manifest.NextTombstone;
        foreach (var tombstone in _manifest.Tombstones)
        {
            Bury(_shapes.Device(tombstone.Deletion.Tenant, tombstone.Deletion.Device), tombstone);
        }

        var named = _manifest.Segments.ToHashSet();
        _log.SkipTo(_manifest.LastSequence + 1);
        Replay(_manifest.LastSequence + 1);
        foreach (var orphan in present.Where(id => !isLost && !named.Contains(id)))
        {
            _directory.Delete(SegmentFile.NameOf(orphan));
        }

        foreach (var device in _shapes.Devices)
        {
            foreach (var series in device.Series.Where(series => series.IsLastLost))
            {
                _withoutLast.Enqueue((device, series));
            }
        }

        FindLasts();
    }

    private Manifest OpenSegments(Manifest manifest)
    {
        foreach (var id in manifest.Segments)
        {
            if (OpenSegment(id) is var (segment, footer))
            {
                Adopt(segment, footer);
            }
        }

        return manifest;
    }

    /// <summary>Makes a manifest from the segments that are there. One whose rows are all in another, made by a merge, does not count.</summary>
    private Manifest Gather(IEnumerable<long> present)
    {
        var manifest = Manifest.Empty;
        var opened = present.Select(OpenSegment).OfType<(SegmentFile Segment, SegmentFooter Footer)>()
            .Select(each => (each.Segment, each.Footer, First: each.Footer.Blocks.Select(block => block.FirstArrival).DefaultIfEmpty(each.Footer.NextArrival).Min()))
            .OrderBy(each => each.First).ThenByDescending(each => each.Footer.NextArrival).ThenByDescending(each => each.Segment.Id);
        foreach (var (segment, footer, first) in opened)
        {
            if (first < manifest.NextArrival && footer.NextArrival <= manifest.NextArrival)
            {
                continue;
            }

            Adopt(segment, footer);
            manifest = new Manifest
            {
                Segments = [.. manifest.Segments, segment.Id],
                LastSequence = Math.Max(manifest.LastSequence, footer.LastSequence),
                NextArrival = Math.Max(manifest.NextArrival, footer.NextArrival),
                Marks = footer.Marks.Count >= manifest.Marks.Count ? footer.Marks : manifest.Marks,
            };
        }

        return manifest;
    }

    private void Adopt(SegmentFile segment, SegmentFooter footer)
    {
        _segments.Add(segment);
        footer.RestoreStates();
        Adopt(footer.Blocks);
    }

    private (SegmentFile Segment, SegmentFooter Footer)? OpenSegment(long id)
    {
        try
        {
            return SegmentFile.Open(_directory, id, _shapes, _damages, _cache);
        }
        catch (StorageException fault) when (fault.Fault is StorageFault.NotFound or StorageFault.Io)
        {
            _damages.Notice();
            return null;
        }
    }

    private void Replay(long fromSequence)
    {
        foreach (var record in _log.Read(fromSequence))
        {
            if (DeletionCodec.IsRecord(record.Payload.Span) && DeletionCodec.ReadRecord(record.Payload.Span) is { } deletion)
            {
                Apply(deletion, record.Sequence);
                continue;
            }

            if (BatchCodec.Read(record.Payload.Span, _shapes) is not { } stored)
            {
                _damages.Notice();
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
