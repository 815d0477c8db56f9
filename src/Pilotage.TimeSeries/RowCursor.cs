using Pilotage.TimeSeries.Head;

namespace Pilotage.TimeSeries;

/// <summary>Walks rows in order of time and arrival, or of arrival alone.</summary>
internal sealed class RowCursor
{
    private readonly int[]? _order;
    private readonly bool _byTime;
    private int _at;

    public RowCursor(RowSpan rows, int[] columns, bool byTime)
    {
        Rows = rows;
        Columns = columns;
        _byTime = byTime;
        _order = byTime
            ? rows.IsRising ? null : rows.OrderBy(rows.Times, rows.Arrivals)
            : rows.IsInOrderOfArrival ? null : rows.OrderBy(rows.Arrivals, rows.Times);
    }

    public RowSpan Rows { get; }

    public int[] Columns { get; }

    public int Row => _order is null ? _at : _order[_at];

    public bool IsAtEnd => _at >= Rows.Count;

    public (long Major, long Minor) Key => _byTime
        ? (Rows.Times[Row], Rows.Arrivals[Row])
        : (Rows.Arrivals[Row], 0);

    public void Next() => _at++;
}
