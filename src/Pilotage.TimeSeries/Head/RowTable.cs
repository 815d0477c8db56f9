namespace Pilotage.TimeSeries.Head;

/// <summary>The rows of one shape in memory, in order of arrival: appended under the store's lock, read without it.</summary>
internal sealed class RowTable(Shape shape)
{
    private const int RowsAtFirst = 8;

    private long[] _times = new long[RowsAtFirst];
    private long[] _edgeTimes = new long[RowsAtFirst];
    private long[] _receivedTimes = new long[RowsAtFirst];
    private long[] _arrivals = new long[RowsAtFirst];
    private long[] _values = new long[RowsAtFirst * shape.Properties.Length];
    private Quality[] _qualities = new Quality[RowsAtFirst * shape.Properties.Length];
    private readonly TextTable? _texts = shape.HasText ? new TextTable() : null;
    private int _count;
    private bool _isRising = true;
    private long _firstNs = long.MaxValue;
    private long _lastNs = long.MinValue;
    private bool _isGood = true;
    private Dictionary<long, int>? _latestAt;

    public Shape Shape => shape;

    public int Count => _count;

    /// <summary>Memory of the texts, about.</summary>
    public long TextBytes => _texts?.Bytes ?? 0;

    /// <summary>Adds a row; a text stands in its values as the place among the texts given.</summary>
    public void Add(
        long timeNs,
        long edgeNs,
        long receivedNs,
        long arrival,
        ReadOnlySpan<long> values,
        ReadOnlySpan<Quality> qualities,
        IReadOnlyList<string> texts)
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
        if (_texts is not null)
        {
            InternTexts(_texts, texts);
        }

        _isGood &= qualities.IndexOfAnyExcept(Quality.Good) < 0;
        _isRising &= _count == 0 || timeNs > _times[_count - 1];
        _firstNs = Math.Min(_firstNs, timeNs);
        _lastNs = Math.Max(_lastNs, timeNs);
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

    public long ArrivalAt(int row) => _arrivals[row];

    /// <summary>What stands here now; later rows do not show in it.</summary>
    public RowSpan Snapshot() => new(shape, _count)
    {
        Times = _times,
        KnownTimes = (_firstNs, _lastNs, _isRising),
        EdgeTimes = _edgeTimes,
        ReceivedTimes = _receivedTimes,
        Arrivals = _arrivals,
        Values = _values,
        Qualities = _isGood ? null : _qualities,
        Texts = _texts?.Texts ?? [],
        Starts = RowSpan.StartsSideBySide(shape.Properties.Length),
        Stride = shape.Properties.Length,
    };

    private void InternTexts(TextTable known, IReadOnlyList<string> texts)
    {
        var row = _values.AsSpan(_count * shape.Properties.Length, shape.Properties.Length);
        for (var i = 0; i < row.Length; i++)
        {
            if (shape.KindOf(i) >= SeriesKind.Text)
            {
                row[i] = known.Intern(texts[(int)row[i]]);
            }
        }
    }

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
