using System.Numerics;

namespace Pilotage.TimeSeries.Head;

/// <summary>Some rows of one shape, immutable and column by column: a snapshot of the head, or a decoded block.</summary>
internal sealed partial record RowSpan(Shape Shape, int Count)
{
    public required long[] Times { get; init; }

    /// <summary>Empty where nobody asked for them, as the other times and the arrivals.</summary>
    public long[] EdgeTimes { get; init; } = [];

    public long[] ReceivedTimes { get; init; } = [];

    public long[] Arrivals { get; init; } = [];

    /// <summary>Bits of numbers; of text its place among the texts.</summary>
    public required long[] Values { get; init; }

    /// <summary>As the values stand; null where all are good.</summary>
    public Quality[]? Qualities { get; init; }

    public string[] Texts { get; init; } = [];

    /// <summary>Where the first value of each column stands; -1 of a column that was not asked for.</summary>
    public required int[] Starts { get; init; }

    /// <summary>What is known of the times by whoever made the rows; null where it has to be looked for.</summary>
    public (long First, long Last, bool IsRising)? KnownTimes { get; init; }

    /// <summary>Whether the times rise from row to row.</summary>
    public bool IsRising => KnownTimes?.IsRising ?? IsSorted(Times.AsSpan(0, Count), strictly: true);

    /// <summary>Whether rows stand in the order they arrived in.</summary>
    public bool IsInOrderOfArrival => IsSorted(Arrivals.AsSpan(0, Count), strictly: false);

    /// <summary>The least and the greatest time.</summary>
    public (long First, long Last) Span => KnownTimes is { } known ? (known.First, known.Last) : Bounds(Times.AsSpan(0, Count));

    public int Width => Shape.Properties.Length;

    /// <summary>Whether numbers never fall, or strictly rise.</summary>
    public static bool IsSorted(ReadOnlySpan<long> numbers, bool strictly)
    {
        var i = 1;
        for (; i + Vector<long>.Count <= numbers.Length; i += Vector<long>.Count)
        {
            var (before, after) = (new Vector<long>(numbers[(i - 1)..]), new Vector<long>(numbers[i..]));
            if (strictly ? !Vector.GreaterThanAll(after, before) : !Vector.GreaterThanOrEqualAll(after, before))
            {
                return false;
            }
        }

        for (; i < numbers.Length; i++)
        {
            if (strictly ? numbers[i] <= numbers[i - 1] : numbers[i] < numbers[i - 1])
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The least and the greatest of some numbers.</summary>
    public static (long First, long Last) Bounds(ReadOnlySpan<long> numbers)
    {
        var (first, last) = (long.MaxValue, long.MinValue);
        foreach (var number in numbers)
        {
            first = Math.Min(first, number);
            last = Math.Max(last, number);
        }

        return (first, last);
    }

    public long Bits(int row, int column) => Values[Starts[column] + row];

    public double Number(int row, int column) => SeriesValue.NumberOf(Shape.KindOf(column), Bits(row, column));

    public Quality QualityOf(int row, int column) => Qualities is null ? Quality.Good : Qualities[Starts[column] + row];

    public Point Point(int row, int column) => new(Times[row], Number(row, column), QualityOf(row, column));

    public string? TextOf(int row, int column) => Shape.KindOf(column) < SeriesKind.Text ? null : IsThere(row, column) ? Texts[(int)Bits(row, column)] : "";

    public SeriesValue Value(int row, int column) => TextOf(row, column) is { } text
        ? new SeriesValue(Shape.KindOf(column), 0, text)
        : new SeriesValue(Shape.KindOf(column), Bits(row, column), null);

    public TypedPoint TypedPoint(int row, int column) => new(Times[row], Value(row, column), QualityOf(row, column));

    /// <summary>Copies values of a column.</summary>
    public void CopyColumn(int column, int row, Span<long> into) => Values.AsSpan(Starts[column] + row, into.Length).CopyTo(into);

    /// <summary>Copies qualities of a column.</summary>
    public void CopyQualities(int column, int row, Span<Quality> into)
    {
        if (Qualities is null)
        {
            into.Clear();
            return;
        }

        Qualities.AsSpan(Starts[column] + row, into.Length).CopyTo(into);
    }

    /// <summary>The same rows in order of time, of one time in order of arrival; nothing is copied where they are.</summary>
    public RowSpan InOrderOfTime()
    {
        if (IsSorted(Times.AsSpan(0, Count), strictly: false))
        {
            return this;
        }

        var order = OrderBy(Times, Arrivals);
        var values = new long[Count * Width];
        var qualities = Qualities is null ? null : new Quality[Count * Width];
        for (var column = 0; column < Width; column++)
        {
            for (var row = 0; row < Count; row++)
            {
                values[(column * Count) + row] = Bits(order[row], column);
                if (qualities is not null)
                {
                    qualities[(column * Count) + row] = QualityOf(order[row], column);
                }
            }
        }

        return this with
        {
            KnownTimes = null,
            Times = Reordered(Times, order),
            EdgeTimes = Reordered(EdgeTimes, order),
            ReceivedTimes = Reordered(ReceivedTimes, order),
            Arrivals = Reordered(Arrivals, order),
            Values = values,
            Qualities = qualities,
            Starts = [.. Enumerable.Range(0, Width).Select(column => column * Count)],
        };
    }

    /// <summary>Places of rows in order of one number, where that is the same of another; then as they stand.</summary>
    public int[] OrderBy(long[] major, long[] minor)
    {
        var order = new int[Count];
        for (var i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        Array.Sort(order, (left, right) =>
            major[left] != major[right] ? major[left].CompareTo(major[right])
            : minor[left] != minor[right] ? minor[left].CompareTo(minor[right])
            : left.CompareTo(right));
        return order;
    }

    private static long[] Reordered(long[] numbers, int[] order) => Array.ConvertAll(order, row => numbers[row]);
}
