namespace Pilotage.Streams.Windows;

/// <summary>Room that the aggregates of one operator need while they compute; it grows to the largest window and is used again.</summary>
/// <remarks>What was sorted or transformed for one aggregate of a row serves the others over the same values: two percentiles, five bands.</remarks>
internal sealed class AggregateScratch
{
    private const int FirstCapacity = 64;
    private readonly Spectrum _spectrum = new();
    private Part _sortedPart;
    private Part _transformedPart;
    private double[] _sorted = new double[FirstCapacity];
    private int _present;

    /// <summary>Forgets what it computed: the rows are about to be others.</summary>
    public void Begin() => (_sortedPart, _transformedPart) = (default, default);

    /// <summary>The values that are there, sorted; minus zero is zero.</summary>
    public ReadOnlySpan<double> Sorted(SlidingBuffer buffer, int column, int from, int count)
    {
        var part = new Part(buffer, column, from, count);
        if (_sortedPart != part)
        {
            Sort(buffer.Column(column).Slice(from, count));
            _sortedPart = part;
        }

        return _sorted.AsSpan(0, _present);
    }

    /// <summary>The discrete Fourier transform of the values; null where one of them is, or there are none.</summary>
    public Spectrum? Transformed(SlidingBuffer buffer, int column, int from, int count)
    {
        var part = new Part(buffer, column, from, count);
        if (_transformedPart != part)
        {
            _spectrum.Transform(buffer.Column(column).Slice(from, count));
            _transformedPart = part;
        }

        return _spectrum.Length > 0 ? _spectrum : null;
    }

    private void Sort(ReadOnlySpan<double> values)
    {
        if (_sorted.Length < values.Length)
        {
            _sorted = new double[Math.Max(values.Length, _sorted.Length * 2)];
        }

        _present = 0;
        foreach (var value in values)
        {
            if (!double.IsNaN(value))
            {
                _sorted[_present++] = value + 0.0;
            }
        }

        _sorted.AsSpan(0, _present).Sort();
    }

    private readonly record struct Part(SlidingBuffer? Buffer, int Column, int From, int Count);
}
