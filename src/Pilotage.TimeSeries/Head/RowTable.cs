namespace Pilotage.TimeSeries.Head;

/// <summary>The rows of one shape in memory, in order of arrival: appended under the store's lock, read without it.</summary>
/// <remarks>
/// Rows gather side by side and are put column by column a few at a time: to add one touches a few places of memory, not
/// one for each column, and a query reads a column as it stands.
/// A table whose rows are in a segment and that no query has met begins anew in a later head: new arrays would have to be
/// made, touched and moved by the collector for every head.
/// </remarks>
internal sealed class RowTable(Shape shape, HeadTables head)
{
    // Eight numbers of a column are a line of the processor's cache.
    private const int GatheredMax = 8;
    private const int Stamps = 3;
    private const int KeptFrom = 64;

    private readonly long[] _gathered = new long[GatheredMax * (Stamps + shape.Properties.Length)];
    private long[] _times = new long[GatheredMax];
    private long[] _edgeTimes = [];
    private long[] _receivedTimes = [];
    private long[] _arrivals = [];
    private long[] _values = [];
    private int[] _starts = new int[shape.Properties.Length];

    // Only there once a value was not good, and then for every value.
    private Quality[]? _gatheredQualities;
    private Quality[]? _qualities;
    private readonly TextTable? _texts = shape.HasText ? new TextTable() : null;
    private int _count;
    private int _settled;
    private bool _isRising = true;
    private bool _isShared;
    private long _firstNs = long.MaxValue;
    private long _lastNs = long.MinValue;
    private Dictionary<long, int>? _latestAt;

    public Shape Shape => shape;

    /// <summary>The head it is part of.</summary>
    public HeadTables Head { get; private set; } = head;

    public int Count => _count;

    /// <summary>Memory of the texts, about.</summary>
    public long TextBytes => _texts?.Bytes ?? 0;

    private int Width => shape.Properties.Length;

    private int RoomForRows => _arrivals.Length;

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
            // New arrays, not resized in place: a snapshot keeps reading the old ones.
            _times = Larger(_times, 2 * _times.Length, _count);
        }

        _times[_count] = timeNs;
        var row = _gathered.AsSpan(_count % GatheredMax * (Stamps + Width), Stamps + Width);
        (row[0], row[1], row[2]) = (edgeNs, receivedNs, arrival);
        values.CopyTo(row[Stamps..]);
        if (_texts is not null)
        {
            InternTexts(_texts, row[Stamps..], texts);
        }

        Gather(qualities);
        _isRising &= _count == 0 || timeNs > _times[_count - 1];
        _firstNs = Math.Min(_firstNs, timeNs);
        _lastNs = Math.Max(_lastNs, timeNs);
        _latestAt?[timeNs] = _count;
        _count++;
        if (_count % GatheredMax == 0)
        {
            Settle();
        }
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

    /// <summary>What stands here now; later rows do not show in it. Taken under the store's lock.</summary>
    public RowSpan Snapshot()
    {
        _isShared = true;
        return ToSeal();
    }

    /// <summary>The same for who lets go of it before the head does of the table.</summary>
    public RowSpan ToSeal()
    {
        Settle();
        return new(shape, _count)
        {
            Times = _times,
            KnownTimes = (_firstNs, _lastNs, _isRising),
            EdgeTimes = _edgeTimes,
            ReceivedTimes = _receivedTimes,
            Arrivals = _arrivals,
            Values = _values,
            Qualities = _qualities,
            Texts = _texts?.Texts ?? [],
            Starts = _starts,
        };
    }

    /// <summary>Whether it pays to keep it for a later head: of many devices with a few rows each the tables would take more than they spare.</summary>
    public bool IsWorthKeeping => _count >= KeptFrom && !_isShared && _texts is null;

    /// <summary>Begins anew, empty, in another head; false where somebody may still read what it held, or it has more room than it needed.</summary>
    public bool TryBeginAnew(HeadTables head)
    {
        if (!IsWorthKeeping || RoomForRows > (2 * _count) + GatheredMax)
        {
            return false;
        }

        (Head, _count, _settled, _isRising, _firstNs, _lastNs) = (head, 0, 0, true, long.MaxValue, long.MinValue);
        (_gatheredQualities, _qualities, _latestAt) = (null, null, null);
        return true;
    }

    private void InternTexts(TextTable known, Span<long> row, IReadOnlyList<string> texts)
    {
        for (var i = 0; i < row.Length; i++)
        {
            if (shape.KindOf(i) >= SeriesKind.Text)
            {
                row[i] = known.Intern(texts[(int)row[i]]);
            }
        }
    }

    private void Gather(ReadOnlySpan<Quality> qualities)
    {
        if (_gatheredQualities is null)
        {
            if (!qualities.ContainsAnyExcept(Quality.Good))
            {
                return;
            }

            _gatheredQualities = new Quality[GatheredMax * Width];
            _qualities = new Quality[RoomForRows * Width];
        }

        qualities.CopyTo(_gatheredQualities.AsSpan(_count % GatheredMax * Width));
    }

    /// <summary>Puts what has gathered column by column. Whoever has a snapshot does not read where that is written.</summary>
    private void Settle()
    {
        if (_settled == _count)
        {
            return;
        }

        if (_count > RoomForRows)
        {
            Grow();
        }

        var first = _settled % GatheredMax;
        var width = Stamps + Width;
        Scatter<long>(_gathered.AsSpan(first * width), width, _edgeTimes);
        Scatter<long>(_gathered.AsSpan((first * width) + 1), width, _receivedTimes);
        Scatter<long>(_gathered.AsSpan((first * width) + 2), width, _arrivals);
        for (var column = 0; column < Width; column++)
        {
            Scatter<long>(_gathered.AsSpan((first * width) + Stamps + column), width, _values.AsSpan(_starts[column]));
            if (_gatheredQualities is not null)
            {
                Scatter<Quality>(_gatheredQualities.AsSpan((first * Width) + column), Width, _qualities.AsSpan(_starts[column]));
            }
        }

        _settled = _count;
    }

    /// <summary>Copies one number of each row that has gathered to where it stays.</summary>
    private void Scatter<T>(ReadOnlySpan<T> gathered, int stride, Span<T> column)
    {
        var settled = column[_settled.._count];
        for (var i = 0; i < settled.Length; i++)
        {
            settled[i] = gathered[i * stride];
        }
    }

    private void Grow()
    {
        var rows = Math.Max(GatheredMax, 2 * RoomForRows);
        _edgeTimes = Larger(_edgeTimes, rows, _settled);
        _receivedTimes = Larger(_receivedTimes, rows, _settled);
        var arrivals = Larger(_arrivals, rows, _settled);
        var starts = new int[Width];
        for (var column = 0; column < Width; column++)
        {
            starts[column] = column * rows;
        }

        _values = Moved(_values, starts, rows);
        _qualities = _qualities is null ? null : Moved(_qualities, starts, rows);
        (_starts, _arrivals) = (starts, arrivals);
    }

    private static long[] Larger(long[] from, int length, int kept)
    {
        var larger = GC.AllocateUninitializedArray<long>(length);
        from.AsSpan(0, kept).CopyTo(larger);
        return larger;
    }

    private T[] Moved<T>(T[] columns, int[] starts, int rows)
    {
        var moved = GC.AllocateUninitializedArray<T>(rows * Width);
        for (var column = 0; _settled > 0 && column < Width; column++)
        {
            columns.AsSpan(_starts[column], _settled).CopyTo(moved.AsSpan(starts[column]));
        }

        return moved;
    }
}
