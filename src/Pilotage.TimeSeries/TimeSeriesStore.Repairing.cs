using System.Collections.Frozen;
using Pilotage.Core.Durability;
using Pilotage.TimeSeries.Head;
using Pilotage.TimeSeries.Segments;

namespace Pilotage.TimeSeries;

/// <content>Mending what a disk has damaged: what can be read is written anew, what cannot is told, and the damaged file is put aside.</content>
public sealed partial class TimeSeriesStore
{
    private const string AsidePrefix = "damaged-";

    /// <summary>Writes every segment anew in which something cannot be read, without that, and puts the damaged file aside under another name.</summary>
    /// <remarks>A crash on the way leaves each segment as it was or mended. Nothing else is lost, and nothing is served that was not before.</remarks>
    /// <exception cref="StorageException">No space for the copies, or the disk failed; what was mended by then stays mended.</exception>
    public async Task<StoreRepair> RepairAsync(CancellationToken cancellation)
    {
        await HoldMergesAsync();
        try
        {
            var check = Check(cancellation);
            var aside = new List<string>();
            foreach (var segment in DamagedSegments(check))
            {
                cancellation.ThrowIfCancellationRequested();
                aside.Add(AsidePrefix + segment.FileName);
                Repair(segment);
            }

            return new StoreRepair(check, aside);
        }
        finally
        {
            Volatile.Write(ref _isMerging, false);
            StartMerging();
        }
    }

    /// <summary>Waits for a merge that is under way and lets no other begin.</summary>
    private async Task HoldMergesAsync()
    {
        while (true)
        {
            Task merging;
            lock (_gate)
            {
                if (!_isMerging)
                {
                    _isMerging = true;
                    return;
                }

                merging = _mergeTask;
            }

            await merging;
        }
    }

    private List<SegmentFile> DamagedSegments(StoreCheck check)
    {
        var files = check.Damages.Select(damage => damage.File).ToHashSet(StringComparer.Ordinal);
        lock (_gate)
        {
            // One without its footer is read by its blocks; written anew it has one.
            return _segments.FindAll(segment => files.Contains(segment.FileName) || !segment.HasFooter);
        }
    }

    private void Repair(SegmentFile segment)
    {
        var purgedTo = Volatile.Read(ref _nextTombstone) - 1;
        var merge = new SegmentMerge([segment], _options.BlockRowsMax, TombstonesOf, static () => false) { LeavesOutDamage = true };
        var merged = WriteMerged(merge, (segment.HasFooter ? segment.LoadFacts(FrozenSet<int>.Empty) : null) ?? FactsOf(segment))!;
        merged.PurgedTo = purgedTo;

        // Its second name comes before the manifest forgets the first: a start after a power cut deletes segments that no manifest names.
        PutAside(segment.FileName);
        Exchange([segment], merged);
        _directory.Delete(segment.FileName);
        _directory.Sync();
    }

    /// <summary>Kept, for somebody may know how to read more of it, under a name that is none of a segment, so that nobody opens it. Durable when this returns.</summary>
    private void PutAside(string name)
    {
        var aside = AsidePrefix + name;

        // A repair that was broken off has named it already; a number of a segment is used once, so it is the same file.
        if (!_directory.Exists(aside))
        {
            _directory.HardLink(name, aside);
        }

        _directory.Sync();
    }

    /// <summary>What a lost footer would have said, as far as blocks and memory know. It says nothing of the log, so that none of it is skipped.</summary>
    private SegmentFacts FactsOf(SegmentFile segment)
    {
        lock (_gate)
        {
            return new SegmentFacts(
                0,
                segment.Blocks.Select(block => block.LastArrival + 1).DefaultIfEmpty(0).Max(),
                _manifest.Marks,
                [.. segment.Blocks.Select(block => block.Shape).Distinct().Select(shape => (shape.Id, Array.ConvertAll(shape.Series, SeriesSnapshot.Of)))]);
        }
    }
}
