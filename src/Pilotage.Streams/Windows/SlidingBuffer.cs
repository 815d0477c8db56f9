using Pilotage.Streams.State;

namespace Pilotage.Streams.Windows;

/// <summary>The rows of one window of one device: times and a few columns, each contiguous, oldest first.</summary>
/// <remarks>
/// Not a ring: a wrapped window would be summed in another order than the same rows unwrapped, and features must not
/// depend on where in its history a window stands. Rows slide to the front when the end is reached, so the cost is one
/// copy per row in the long run. It grows while it fills and allocates nothing after that.
/// </remarks>
internal sealed class SlidingBuffer(int columns)
{
    private const int FirstCapacity = 16;
    private long[] _times = new long[FirstCapacity];
    private double[] _values = new double[FirstCapacity * columns];
    private int _head;

    public int Count { get; private set; }

    public ReadOnlySpan<long> Times => _times.AsSpan(_head, Count);

    private int Capacity => _times.Length;

    public ReadOnlySpan<double> Column(int column) => _values.AsSpan((column * Capacity) + _head, Count);

    /// <summary>Adds a row and gives its position, to be filled with <see cref="Set"/>.</summary>
    public void Append(long timeNs)
    {
        if (_head + Count == Capacity)
        {
            MakeRoom();
        }

        _times[_head + Count++] = timeNs;
    }

    /// <summary>Fills a column of the newest row.</summary>
    public void Set(int column, double value) => _values[(column * Capacity) + _head + Count - 1] = value;

    public void DropOldest(int rows)
    {
        Count -= rows;
        _head = Count == 0 ? 0 : _head + rows;
    }

    public void Save(CheckpointWriter writer)
    {
        writer.Write(Count);
        writer.Write(Times);
        for (var column = 0; column < columns; column++)
        {
            writer.Write(Column(column));
        }
    }

    public static SlidingBuffer? Load(ref CheckpointReader reader, int columns)
    {
        var count = reader.ReadCount(sizeof(long) + (columns * sizeof(double)));
        var buffer = new SlidingBuffer(columns);
        buffer.Resize(Math.Max(FirstCapacity, count + (count / 2)));
        buffer.Count = count;
        reader.Read(buffer._times.AsSpan(0, count));
        for (var column = 0; column < columns; column++)
        {
            reader.Read(buffer._values.AsSpan(column * buffer.Capacity, count));
        }

        return reader.Failed ? null : buffer;
    }

    private void MakeRoom()
    {
        if (_head >= Capacity / 2)
        {
            Times.CopyTo(_times);
            for (var column = 0; column < columns; column++)
            {
                Column(column).CopyTo(_values.AsSpan(column * Capacity));
            }

            _head = 0;
        }
        else
        {
            Resize(Capacity * 2);
        }
    }

    private void Resize(int capacity)
    {
        var times = new long[capacity];
        var values = new double[capacity * columns];
        Times.CopyTo(times);
        for (var column = 0; column < columns; column++)
        {
            Column(column).CopyTo(values.AsSpan(column * capacity));
        }

        (_times, _values, _head) = (times, values, 0);
    }
}
