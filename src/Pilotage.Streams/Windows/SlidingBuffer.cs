using Pilotage.Streams.Expressions;
using Pilotage.Streams.State;

namespace Pilotage.Streams.Windows;

/// <summary>The rows of windows of one device: a few columns, each contiguous, oldest first, and their times if anybody
/// asks for them.</summary>
/// <remarks>
/// Not a ring: a wrapped window would be summed in another order than the same rows unwrapped, and features must not
/// depend on where in its history a window stands. Rows slide to the front when the end is reached, so the cost is one
/// copy per row in the long run. It grows while it fills and allocates nothing after that.
/// </remarks>
internal sealed class SlidingBuffer
{
    private const int FirstCapacity = 16;
    private readonly int _columns;
    private readonly bool _timed;
    private int _capacity = FirstCapacity;
    private int _head;
    private long[] _times;
    private double[] _values;

    public SlidingBuffer(int columns, bool timed)
    {
        (_columns, _timed) = (columns, timed);
        _times = new long[timed ? FirstCapacity : 0];
        _values = new double[FirstCapacity * columns];
    }

    public int Count { get; private set; }

    // A window that only counts its rows keeps nothing but their number.
    private bool KeepsSomething => _timed || _columns > 0;

    public ReadOnlySpan<long> Times => _timed ? _times.AsSpan(_head, Count) : [];

    public ReadOnlySpan<double> Column(int column) => _values.AsSpan((column * _capacity) + _head, Count);

    /// <summary>Adds a row, to be filled with <see cref="Set"/>.</summary>
    public void Append(long timeNs)
    {
        if (_head + Count == _capacity && KeepsSomething)
        {
            MakeRoom();
        }

        if (_timed)
        {
            _times[_head + Count] = timeNs;
        }

        Count++;
    }

    /// <summary>Fills a column of the newest row.</summary>
    public void Set(int column, double value) => _values[(column * _capacity) + _head + Count - 1] = value;

    public void DropOldest(int rows)
    {
        Count -= rows;
        _head = Count == 0 || !KeepsSomething ? 0 : _head + rows;
    }

    /// <summary>How many rows are older than this; the rows must be timed.</summary>
    public int Before(long timeNs)
    {
        var times = Times;
        var (low, high) = (0, times.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = times[middle] < timeNs ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    /// <summary>Says which texts are in some of its columns.</summary>
    public void KeepTexts(TextPool texts, ReadOnlySpan<int> columns)
    {
        foreach (var column in columns)
        {
            texts.Keep(Column(column));
        }
    }

    /// <summary>Gives texts of a checkpoint the numbers of this run; false where one is not there.</summary>
    public bool TryTranslate(TextPool texts, ReadOnlySpan<int> columns)
    {
        foreach (var column in columns)
        {
            if (!texts.TryTranslate(_values.AsSpan((column * _capacity) + _head, Count)))
            {
                return false;
            }
        }

        return true;
    }

    public void Save(CheckpointWriter writer)
    {
        writer.Write(Count);
        writer.Write(Times);
        for (var column = 0; column < _columns; column++)
        {
            writer.Write(Column(column));
        }
    }

    /// <summary>Takes saved rows; false when they are not all there, or more than may be.</summary>
    public bool Load(ref CheckpointReader reader, int rowsMax)
    {
        var rowBytes = (_timed ? sizeof(long) : 0) + (_columns * sizeof(double));
        var count = reader.ReadCount(rowBytes);
        if (count > rowsMax)
        {
            return false;
        }

        (Count, _head) = (0, 0);
        Resize(rowBytes == 0 ? FirstCapacity : Math.Max(FirstCapacity, count + (count / 2)));
        Count = count;
        reader.Read(_times.AsSpan(0, _timed ? count : 0));
        for (var column = 0; column < _columns; column++)
        {
            reader.Read(_values.AsSpan(column * _capacity, count));
        }

        return !reader.Failed;
    }

    private void MakeRoom()
    {
        if (_head < _capacity / 2)
        {
            Resize(_capacity * 2);
            return;
        }

        Times.CopyTo(_times);
        for (var column = 0; column < _columns; column++)
        {
            Column(column).CopyTo(_values.AsSpan(column * _capacity));
        }

        _head = 0;
    }

    private void Resize(int capacity)
    {
        var times = new long[_timed ? capacity : 0];
        var values = new double[capacity * _columns];
        Times.CopyTo(times);
        for (var column = 0; column < _columns; column++)
        {
            Column(column).CopyTo(values.AsSpan(column * capacity));
        }

        (_times, _values, _capacity, _head) = (times, values, capacity, 0);
    }
}
