using Pilotage.TimeSeries.Head;

namespace Pilotage.TimeSeries.Segments;

/// <summary>Writes neighbouring segments anew as one: the rows of each shape together, in order of time, in full blocks.</summary>
/// <remarks>
/// A series has one block where it had many, times that came out of order are put in order, and nothing is left out:
/// a replay still finds what was replaced later. Blocks are opened when it is their turn.
/// </remarks>
internal sealed class SegmentMerge(IReadOnlyList<SegmentFile> segments, int blockRowsMax, Func<bool> isToStop)
{
    /// <summary>Writes all rows; false when a block is damaged, or it is to stop: then nothing of it may be used. What is damaged is left alone from then on.</summary>
    public bool TryWrite(SegmentWriter writer)
    {
        foreach (var (shape, blocks) in BlocksByShape())
        {
            var gatherer = new RowGatherer(shape, writer, blockRowsMax);
            blocks.Sort((left, right) => left.FirstNs.CompareTo(right.FirstNs));
            for (var start = 0; start < blocks.Count;)
            {
                var (end, last) = (start + 1, blocks[start].LastNs);
                while (end < blocks.Count && blocks[end].FirstNs <= last)
                {
                    last = Math.Max(last, blocks[end++].LastNs);
                }

                if (isToStop() || !TryAdd(gatherer, blocks.GetRange(start, end - start)))
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
        SegmentFacts? facts = null;
        foreach (var segment in segments)
        {
            if (segment.LoadFacts() is not { } more)
            {
                segment.LeaveAlone();
                return null;
            }

            facts = facts is null ? more : facts.With(more);
        }

        return facts;
    }

    private static bool TryAdd(RowGatherer gatherer, List<BlockRef> blocks)
    {
        // Fast path: the block overlaps no other, and is in order.
        if (blocks is [var alone])
        {
            if (alone.Segment.Load(alone, null, BlockParts.All) is not { } rows)
            {
                alone.Segment.LeaveAlone();
                return false;
            }

            var sorted = rows.InOrderOfTime();
            gatherer.Add(sorted, 0, sorted.Count);
            return true;
        }

        var left = blocks.Sum(block => block.Rows);
        foreach (var cursor in RowMerge.Of(blocks.ConvertAll(block => new RowSource(block, null, byTime: true)), byTime: true, BlockParts.All))
        {
            gatherer.Add(cursor.Rows, cursor.Row, 1);
            left--;
        }

        // Slow path: which of them was it?
        foreach (var block in blocks.Where(block => left > 0 && block.Segment.Load(block, null, BlockParts.All) is null))
        {
            block.Segment.LeaveAlone();
        }

        return left == 0;
    }

    private IEnumerable<(Shape Shape, List<BlockRef> Blocks)> BlocksByShape() => segments
        .SelectMany(segment => segment.Blocks)
        .GroupBy(block => block.Shape)
        .OrderBy(group => group.Key.Tenant.Value, StringComparer.Ordinal)
        .ThenBy(group => group.Key.Device.Value, StringComparer.Ordinal)
        .ThenBy(group => group.Key.Id)
        .Select(group => (group.Key, group.ToList()));
}
