using Pilotage.TimeSeries.Codec;
using Pilotage.TimeSeries.Head;

namespace Pilotage.TimeSeries.Segments;

/// <summary>Takes the columns of a block as they are decoded, those that are wanted alone, and makes rows of them.</summary>
internal sealed class RowDecoder
{
    private readonly Shape _shape;
    private readonly int _rows;
    private readonly int _first;
    private readonly int _count;
    private readonly long[] _values;
    private readonly int[] _starts;
    private Quality[]? _qualities;

    /// <summary>Room for some columns, all when none are named, of all rows of a block.</summary>
    public RowDecoder(Shape shape, int count, int[]? columns, BlockParts parts)
        : this(shape, count, 0, GC.AllocateUninitializedArray<long>(count), columns, parts)
    {
    }

    /// <summary>The same of some rows, whose times are there: those from a row on.</summary>
    public RowDecoder(Shape shape, int rows, int first, long[] times, int[]? columns, BlockParts parts)
    {
        (_shape, _rows, _first, _count) = (shape, rows, first, times.Length);
        _starts = new int[shape.Properties.Length];
        Array.Fill(_starts, -1);
        var room = 0;
        for (var i = 0; i < (columns?.Length ?? _starts.Length); i++)
        {
            var column = columns is null ? i : columns[i];
            if (column >= 0 && _starts[column] < 0)
            {
                _starts[column] = room;
                room += _count;
            }
        }

        _values = GC.AllocateUninitializedArray<long>(room);
        Times = times;
        Arrivals = new long[(parts & BlockParts.Arrivals) != 0 ? _count : 0];
        ReceivedTimes = new long[(parts & BlockParts.Received) != 0 ? _count : 0];
        OnTheWay = new long[ReceivedTimes.Length];
    }

    public long[] Times { get; }

    public long[] Arrivals { get; }

    public long[] ReceivedTimes { get; }

    /// <summary>Edge less received times.</summary>
    public long[] OnTheWay { get; }

    public bool Wants(int column) => _starts[column] >= 0;

    /// <summary>Whether any column that is wanted holds text.</summary>
    public bool WantsText
    {
        get
        {
            for (var column = 0; _shape.HasText && column < _starts.Length; column++)
            {
                if (Wants(column) && _shape.KindOf(column) >= SeriesKind.Text)
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>Decodes a column that is wanted; false on bytes that cannot be.</summary>
    public bool TryRead(ref BytesReader reader, int column)
    {
        var start = _starts[column];
        if (_qualities is null && !ColumnSection.IsGood(reader.Rest))
        {
            // Until now all were good, which is what an array begins with.
            _qualities = new Quality[_values.Length];
        }

        var qualities = _qualities is null ? default : _qualities.AsSpan(start, _count);
        return ColumnSection.TryRead(ref reader, _shape.KindOf(column), _rows, _first, _values.AsSpan(start, _count), qualities);
    }

    /// <summary>The rows; null without the texts they need, or when a place lies outside of these.</summary>
    public RowSpan? ToRows(string[]? texts)
    {
        if (texts is null || !FitInto(texts))
        {
            return null;
        }

        for (var i = 0; i < OnTheWay.Length; i++)
        {
            OnTheWay[i] += ReceivedTimes[i];
        }

        return new RowSpan(_shape, _count)
        {
            Times = Times,
            Arrivals = Arrivals,
            ReceivedTimes = ReceivedTimes,
            EdgeTimes = OnTheWay,
            Values = _values,
            Qualities = _qualities,
            Texts = texts,
            Starts = _starts,
        };
    }

    private bool FitInto(string[] texts)
    {
        for (var column = 0; _shape.HasText && column < _starts.Length; column++)
        {
            if (!Wants(column) || _shape.KindOf(column) < SeriesKind.Text)
            {
                continue;
            }

            foreach (var place in _values.AsSpan(_starts[column], _count))
            {
                if ((ulong)place >= (ulong)texts.Length)
                {
                    return false;
                }
            }
        }

        return true;
    }
}
