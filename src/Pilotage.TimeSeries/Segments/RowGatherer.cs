using Pilotage.TimeSeries.Head;

namespace Pilotage.TimeSeries.Segments;

/// <summary>Gathers rows of one shape, from blocks or row by row, until they fill a block of the segment that is written.</summary>
internal sealed class RowGatherer
{
    private readonly Shape _shape;
    private readonly SegmentWriter _writer;
    private readonly int _rowsMax;
    private readonly long[] _times;
    private readonly long[] _edgeTimes;
    private readonly long[] _receivedTimes;
    private readonly long[] _arrivals;
    private readonly long[] _values;
    private readonly Quality[] _qualities;
    private readonly int[] _starts;
    private TextTable? _texts;
    private long _letters;
    private bool _isGood = true;
    private int _count;

    public RowGatherer(Shape shape, SegmentWriter writer, int rowsMax)
    {
        (_shape, _writer) = (shape, writer);
        var width = shape.Properties.Length;
        _rowsMax = Math.Min(rowsMax, RowBlock.RowsOf(width));
        (_times, _edgeTimes, _receivedTimes, _arrivals) = (new long[_rowsMax], new long[_rowsMax], new long[_rowsMax], new long[_rowsMax]);
        (_values, _qualities) = (new long[_rowsMax * width], new Quality[_rowsMax * width]);
        _starts = [.. Enumerable.Range(0, width).Select(column => column * _rowsMax)];
        _texts = shape.HasText ? new TextTable() : null;
    }

    /// <summary>Adds rows in order of time; those that fill a block are written.</summary>
    public void Add(RowSpan rows, int start, int count)
    {
        while (count > 0)
        {
            var some = Math.Min(count, _rowsMax - _count);
            AddSome(rows, start, some);
            (start, count) = (start + some, count - some);
            if (_count == _rowsMax || _letters > RowBlock.TextBytesMax)
            {
                Flush();
            }
        }
    }

    /// <summary>Writes what is left.</summary>
    public void Flush()
    {
        if (_count == 0)
        {
            return;
        }

        _writer.Add(
            new RowSpan(_shape, _count)
            {
                Times = _times,
                EdgeTimes = _edgeTimes,
                ReceivedTimes = _receivedTimes,
                Arrivals = _arrivals,
                Values = _values,
                Qualities = _isGood ? null : _qualities,
                Texts = _texts?.Texts ?? [],
                Starts = _starts,
            },
            _rowsMax);
        (_count, _letters, _isGood) = (0, 0, true);
        _texts = _texts is null ? null : new TextTable();
    }

    private void AddSome(RowSpan rows, int start, int count)
    {
        rows.Times.AsSpan(start, count).CopyTo(_times.AsSpan(_count));
        rows.EdgeTimes.AsSpan(start, count).CopyTo(_edgeTimes.AsSpan(_count));
        rows.ReceivedTimes.AsSpan(start, count).CopyTo(_receivedTimes.AsSpan(_count));
        rows.Arrivals.AsSpan(start, count).CopyTo(_arrivals.AsSpan(_count));
        for (var column = 0; column < _starts.Length; column++)
        {
            var into = _values.AsSpan(_starts[column] + _count, count);
            var qualities = _qualities.AsSpan(_starts[column] + _count, count);
            rows.CopyColumn(column, start, into);
            rows.CopyQualities(column, start, qualities);
            if (_shape.KindOf(column) >= SeriesKind.Text)
            {
                Intern(rows.Texts, into, qualities);
            }
        }

        _isGood &= rows.Qualities is null;
        _count += count;
    }

    private void Intern(string[] texts, Span<long> places, ReadOnlySpan<Quality> qualities)
    {
        for (var i = 0; i < places.Length; i++)
        {
            // What was deleted has no place any more, and leaves no text behind.
            var text = qualities[i] == RowSpan.Gone ? "" : texts[(int)places[i]];
            _letters += text.Length;
            places[i] = _texts!.Intern(text);
        }
    }
}
