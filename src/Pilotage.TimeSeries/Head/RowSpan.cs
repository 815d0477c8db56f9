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
    public int Width => Shape.Properties.Length;

    public double Value(int row, int column) => Values[(row * Width) + column];

    public Quality QualityOf(int row, int column) => Qualities[(row * Width) + column];

    public Point Point(int row, int column) => new(Times[row], Value(row, column), QualityOf(row, column));
}
