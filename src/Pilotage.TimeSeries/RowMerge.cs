using Pilotage.TimeSeries.Segments;

namespace Pilotage.TimeSeries;

/// <summary>Merges rows of many sources into one order, opening each source only when the merge reaches it.</summary>
internal static class RowMerge
{
    /// <summary>The rows in order; the cursor handed out stands on the row and is moved on by the merge.</summary>
    public static IEnumerable<RowCursor> Of(List<RowSource> sources, bool byTime, BlockParts parts)
    {
        sources.Sort((left, right) => left.First.CompareTo(right.First));
        var open = new PriorityQueue<RowCursor, (long, long)>();
        var next = 0;
        while (true)
        {
            while (next < sources.Count && (open.Count == 0 || sources[next].First <= open.Peek().Key.Major))
            {
                var source = sources[next++];
                if (source.Load(parts) is { Count: > 0 } rows)
                {
                    var opened = new RowCursor(rows, source.Columns ?? [], byTime);
                    open.Enqueue(opened, opened.Key);
                }
            }

            if (!open.TryDequeue(out var cursor, out _))
            {
                yield break;
            }

            var limit = next < sources.Count ? sources[next].First : long.MaxValue;
            var other = open.TryPeek(out _, out var key) ? key : (long.MaxValue, long.MaxValue);

            // Fast path: this source goes on alone until another one has something earlier to say.
            do
            {
                yield return cursor;
                cursor.Next();
            }
            while (!cursor.IsAtEnd && cursor.Key.Major < limit && cursor.Key.CompareTo(other) < 0);

            if (!cursor.IsAtEnd)
            {
                open.Enqueue(cursor, cursor.Key);
            }
        }
    }
}
