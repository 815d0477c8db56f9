namespace Pilotage.TimeSeries.Head;

/// <summary>Copies some rows of a span, column by column.</summary>
internal sealed class RowPicker(RowSpan all, int[] columns)
{
    private readonly List<int> _rows = [];
    private readonly List<bool> _gone = [];

    /// <summary>Takes a row, and which of its values are gone.</summary>
    public void Add(int row, ReadOnlySpan<bool> isGone)
    {
        _rows.Add(row);
        _gone.AddRange(isGone);
    }

    public RowSpan ToRows()
    {
        var count = _rows.Count;
        var values = new long[count * columns.Length];
        var qualities = new Quality[values.Length];
        var starts = new int[all.Width];
        Array.Fill(starts, -1);
        for (var i = 0; i < columns.Length; i++)
        {
            starts[columns[i]] = i * count;
            for (var row = 0; row < count; row++)
            {
                var isGone = _gone[(row * columns.Length) + i];
                values[(i * count) + row] = isGone ? 0 : all.Bits(_rows[row], columns[i]);
                qualities[(i * count) + row] = isGone ? RowSpan.Gone : all.QualityOf(_rows[row], columns[i]);
            }
        }

        return all with
        {
            Count = count,
            KnownTimes = null,
            Times = Picked(all.Times),
            EdgeTimes = Picked(all.EdgeTimes),
            ReceivedTimes = Picked(all.ReceivedTimes),
            Arrivals = Picked(all.Arrivals),
            Values = values,
            Qualities = qualities.AsSpan().ContainsAnyExcept(Quality.Good) ? qualities : null,
            Starts = starts,
        };
    }

    private long[] Picked(long[] numbers) => numbers.Length == 0 ? [] : [.. _rows.Select(row => numbers[row])];
}
