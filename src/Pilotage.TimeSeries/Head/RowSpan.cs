namespace Pilotage.TimeSeries.Head;

/// <summary>Some rows of one shape, immutable: a snapshot of the head or a decoded block. Values stand row by row.</summary>
/// <param name="Values">Bits of numbers; of text its place among the texts.</param>
internal sealed record RowSpan(
    Shape Shape,
    long[] Times,
    long[] EdgeTimes,
    long[] ReceivedTimes,
    long[] Arrivals,
    long[] Values,
    Quality[] Qualities,
    string[] Texts,
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

    public long Bits(int row, int column) => Values[(row * Width) + column];

    public double Number(int row, int column) => SeriesValue.NumberOf(Shape.KindOf(column), Bits(row, column));

    public Quality QualityOf(int row, int column) => Qualities[(row * Width) + column];

    public Point Point(int row, int column) => new(Times[row], Number(row, column), QualityOf(row, column));

    public string? TextOf(int row, int column) => Shape.KindOf(column) >= SeriesKind.Text ? Texts[(int)Bits(row, column)] : null;

    public SeriesValue Value(int row, int column) => TextOf(row, column) is { } text
        ? new SeriesValue(Shape.KindOf(column), 0, text)
        : new SeriesValue(Shape.KindOf(column), Bits(row, column), null);

    public TypedPoint TypedPoint(int row, int column) => new(Times[row], Value(row, column), QualityOf(row, column));
}
