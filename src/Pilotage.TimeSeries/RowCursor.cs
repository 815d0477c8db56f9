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
        if (byTime && !rows.IsRising)
        {
            _order = new int[rows.Count];
            for (var i = 0; i < _order.Length; i++)
            {
                _order[i] = i;
            }

            // By arrival within a time: rows stand in order of arrival.
            Array.Sort(_order, (left, right) => rows.Times[left] == rows.Times[right]
                ? left.CompareTo(right)
                : rows.Times[left].CompareTo(rows.Times[right]));
        }
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
