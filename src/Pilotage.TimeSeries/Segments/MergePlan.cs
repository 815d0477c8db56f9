namespace Pilotage.TimeSeries.Segments;

/// <summary>Which segments are to be merged next.</summary>
/// <remarks>
/// As many neighbours of one size as the options say become one of the next size, so that a point is written once for
/// each size: with 8 and heads of a million, twice until it is among 64 million. Only neighbours are merged, so that
/// segments stay in order of arrival.
/// </remarks>
internal static class MergePlan
{
    /// <summary>The first of them and how many; 0 where nothing is to be done.</summary>
    public static (int Start, int Count) Next(IReadOnlyList<SegmentFile> segments, TimeSeriesOptions options)
    {
        for (var end = segments.Count; end > 0;)
        {
            var level = LevelOf(segments[end - 1], options);
            var start = end - 1;
            while (start > 0 && level >= 0 && LevelOf(segments[start - 1], options) == level)
            {
                start--;
            }

            if (level >= 0 && end - start >= options.MergedSegments)
            {
                return (start, end - start);
            }

            end = start;
        }

        return default;
    }

    /// <summary>0 for what a head makes, one more for each merge; -1 for what is not merged any more.</summary>
    private static int LevelOf(SegmentFile segment, TimeSeriesOptions options)
    {
        if (!segment.IsMergeable || segment.Points >= options.MergedPointsMax)
        {
            return -1;
        }

        // Half of what a full merge makes counts as one: heads are sealed before they are full, too.
        var level = 0;
        for (var size = (double)options.HeadPointsMax * options.MergedSegments / 2; segment.Points >= size; size *= options.MergedSegments)
        {
            level++;
        }

        return level;
    }
}
