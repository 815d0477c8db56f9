using Pilotage.TimeSeries.Head;

namespace Pilotage.TimeSeries.Segments;

/// <summary>Writes neighbouring segments anew as one: the rows of each shape together, in order of time, in full blocks.</summary>
/// <remarks>
/// A series has one block where it had many, times that came out of order are put in order, and nothing is left out but
/// what was deleted: a replay still finds what was replaced later. Blocks are opened when it is their turn.
/// </remarks>
internal sealed class SegmentMerge(
    IReadOnlyList<SegmentFile> segments, int blockRowsMax, Func<Shape, IReadOnlyList<Tombstone>> tombstonesOf, Func<bool> isToStop)
{
    /// <summary>Whether damaged blocks are left out, where they would keep the segment from being written.</summary>
    public bool LeavesOutDamage { get; init; }

    /// <summary>Writes all rows; false when a block is damaged, or it is to stop: then nothing of it may be used. What is damaged is left alone from then on.</summary>
    public bool TryWrite(SegmentWriter writer)
    {
        foreach (var (shape, blocks) in BlocksByShape())
        {
            var gatherer = new RowGatherer(shape, writer, blockRowsMax);
            var tombstones = tombstonesOf(shape);
            blocks.Sort((left, right) => left.FirstNs.CompareTo(right.FirstNs));
            for (var start = 0; start < blocks.Count;)
            {
                var (end, last) = (start + 1, blocks[start].LastNs);
                while (end < blocks.Count && blocks[end].FirstNs <= last)
                {
                    last = Math.Max(last, blocks[end++].LastNs);
                }

                if (isToStop() || !TryAdd(gatherer, blocks.GetRange(start, end - start).ConvertAll(block => new RowSource(block, null, tombstones, byTime: true))))
                {
                    return false;
                }

                start = end;
            }

            gatherer.Flush();
        }

        return true;
    }

    /// <summary>What the footer of the merged segment says; null when one of theirs is damaged by now, and then they are left alone.</summary>
    public SegmentFacts? LoadFacts()
    {
        // The latest first: what they say of a shape counts, and of those before nothing is made that is not needed.
        SegmentFacts? facts = null;
        var known = new HashSet<int>();
        foreach (var segment in segments.Reverse())
        {
            if (segment.LoadFacts(known) is not { } more)
            {
                segment.LeaveAlone();
                return null;
            }

            facts = facts is null ? more : more.With(facts);
            known.UnionWith(more.States.Select(each => each.Shape));
        }

        return facts;
    }

    private bool TryAdd(RowGatherer gatherer, List<RowSource> sources)
    {
        // Fast path: the block overlaps no other, and is in order.
        if (sources is [var alone])
        {
            if (alone.Load(BlockParts.All) is { } rows)
            {
                var sorted = rows.InOrderOfTime();
                gatherer.Add(sorted, 0, sorted.Count);
            }
        }
        else
        {
            foreach (var cursor in RowMerge.Of(sources, byTime: true, BlockParts.All))
            {
                gatherer.Add(cursor.Rows, cursor.Row, 1);
            }
        }

        if (LeavesOutDamage)
        {
            return true;
        }

        foreach (var damaged in sources.Where(source => source.IsDamaged))
        {
            damaged.Block!.Segment.LeaveAlone();
        }

        return !sources.Exists(source => source.IsDamaged);
    }

    private IEnumerable<(Shape Shape, List<BlockRef> Blocks)> BlocksByShape() => segments
        .SelectMany(segment => segment.Blocks)
        .GroupBy(block => block.Shape)
        .OrderBy(group => group.Key.Tenant.Value, StringComparer.Ordinal)
        .ThenBy(group => group.Key.Device.Value, StringComparer.Ordinal)
        .ThenBy(group => group.Key.Id)
        .Select(group => (group.Key, group.ToList()));
}
