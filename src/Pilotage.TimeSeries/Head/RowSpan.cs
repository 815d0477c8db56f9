namespace Pilotage.TimeSeries.Head;

/// <summary>Some rows of one shape, immutable: a snapshot of the head or a decoded block. Values stand row by row.</summary>
internal sealed record RowSpan(
    Shape Shape,
    long[] Times,
    long[] EdgeTimes,
    long[] ReceivedTimes,
    long[] Arrivals,
    double[] Values,
    Quality[] Qualities,
    int Count)
{
    /// <summary>Whether the times rise from row to row.</summary>
    public bool IsRising
    {
        get
        {
            for (var i = 1; i < Count; i++)
            {
                if (Times[i] <= Times[i - 1])
                {
                    return false;
                }
            }

            return true;
        }
    }

    /// <summary>The least and the greatest time.</summary>
    public (long First, long Last) Span
    {
        get
        {
            var (first, last) = (long.MaxValue, long.MinValue);
            foreach (var time in Times.AsSpan(0, Count))
            {
                first = Math.Min(first, time);
                last = Math.Max(last, time);
            }

            return (first, last);
        }
    }

    public int Width => Shape.Properties.Length;

    public double Value(int row, int column) => Values[(row * Width) + column];

    public Quality QualityOf(int row, int column) => Qualities[(row * Width) + column];

    public Point Point(int row, int column) => new(Times[row], Value(row, column), QualityOf(row, column));
}
