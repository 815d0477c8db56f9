namespace Pilotage.TimeSeries.Head;

/// <summary>The rows of one shape in memory, in order of arrival: appended under the store's lock, read without it.</summary>
internal sealed class RowTable(Shape shape)
{
    private const int RowsAtFirst = 8;

    private long[] _times = new long[RowsAtFirst];
    private long[] _edgeTimes = new long[RowsAtFirst];
    private long[] _receivedTimes = new long[RowsAtFirst];
    private long[] _arrivals = new long[RowsAtFirst];
    private double[] _values = new double[RowsAtFirst * shape.Properties.Length];
    private Quality[] _qualities = new Quality[RowsAtFirst * shape.Properties.Length];
    private int _count;
    private bool _isRising = true;
    private Dictionary<long, int>? _latestAt;

    public Shape Shape => shape;

    public int Count => _count;

    public void Add(
        long timeNs, long edgeNs, long receivedNs, long arrival, ReadOnlySpan<double> values, ReadOnlySpan<Quality> qualities)
    {
        if (_count == _times.Length)
        {
            Grow();
        }

        _times[_count] = timeNs;
        _edgeTimes[_count] = edgeNs;
        _receivedTimes[_count] = receivedNs;
        _arrivals[_count] = arrival;
        values.CopyTo(_values.AsSpan(_count * values.Length));
        qualities.CopyTo(_qualities.AsSpan(_count * values.Length));
        _isRising &= _count == 0 || timeNs > _times[_count - 1];
        _latestAt?[timeNs] = _count;
        _count++;
    }

    /// <summary>The last row to arrive with a device time.</summary>
    public bool TryFind(long timeNs, out int row)
    {
        if (_isRising)
        {
            row = Array.BinarySearch(_times, 0, _count, timeNs);
            return row >= 0;
        }

        if (_latestAt is null)
        {
            _latestAt = new Dictionary<long, int>(_count);
            for (var i = 0; i < _count; i++)
            {
                _latestAt[_times[i]] = i;
            }
        }

        return _latestAt.TryGetValue(timeNs, out row);
    }

    public Point PointAt(int row, int column)
    {
        var at = (row * shape.Properties.Length) + column;
        return new Point(_times[row], _values[at], _qualities[at]);
    }

    public long ArrivalAt(int row) => _arrivals[row];

    /// <summary>What stands here now; later rows do not show in it.</summary>
    public RowSpan Snapshot() =>
        new(shape, _times, _edgeTimes, _receivedTimes, _arrivals, _values, _qualities, _count);

    private void Grow()
    {
        // New arrays, not resized in place: a snapshot keeps reading the old ones.
        var rows = 2 * _times.Length;
        Array.Resize(ref _times, rows);
        Array.Resize(ref _edgeTimes, rows);
        Array.Resize(ref _receivedTimes, rows);
        Array.Resize(ref _arrivals, rows);
        Array.Resize(ref _values, rows * shape.Properties.Length);
        Array.Resize(ref _qualities, rows * shape.Properties.Length);
    }
}
