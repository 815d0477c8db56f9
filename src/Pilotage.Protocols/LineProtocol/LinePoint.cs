namespace Pilotage.Protocols.LineProtocol;

/// <summary>What stands before the fields of a line. Lines that begin with the same bytes have the same object, as long as one memory is used for them.</summary>
/// <param name="Measurement">Never empty.</param>
/// <param name="Tags">In their order; no key stands twice.</param>
public sealed record LineSeries(string Measurement, IReadOnlyList<(string Key, string Value)> Tags);

/// <summary>One line, read; good until the next line is.</summary>
public readonly struct LinePoint
{
    private readonly IReadOnlyList<MeasuredValue>? _values;
    private readonly double[]? _numbers;

    internal LinePoint(int line, LineSeries series, IReadOnlyList<string> keys, IReadOnlyList<MeasuredValue> values, long? timeNs)
    {
        (Line, Series, Keys, TimeNs) = (line, series, keys, timeNs);
        _values = values;
    }

    internal LinePoint(int line, LineSeries series, IReadOnlyList<string> keys, double[] numbers, long? timeNs)
    {
        (Line, Series, Keys, TimeNs) = (line, series, keys, timeNs);
        _numbers = numbers;
    }

    /// <summary>On which it begins, from 1 on.</summary>
    public int Line { get; }

    /// <summary>Measurement and tags.</summary>
    public LineSeries Series { get; }

    /// <summary>Of the fields, in their order, one at least; the same list as that of a line before where they are the same. One that stands twice counts with its last value.</summary>
    public IReadOnlyList<string> Keys { get; }

    /// <summary>Of the fields where all of them are plain decimals under the keys of a line before; else empty.</summary>
    public ReadOnlySpan<double> Numbers => _numbers is null ? [] : _numbers.AsSpan(0, Keys.Count);

    /// <summary>Of the fields, whatever they are.</summary>
    public IReadOnlyList<MeasuredValue> Values => _values ?? Array.ConvertAll(_numbers![..Keys.Count], MeasuredValue.Of);

    /// <summary>Nanoseconds since 1970 UTC; null where the line has none.</summary>
    public long? TimeNs { get; }
}

/// <summary>Why a line cannot be read.</summary>
/// <param name="Line">Where the fault is, from 1 on.</param>
/// <param name="Column">In bytes, from 1 on.</param>
/// <param name="Says">What is wrong there.</param>
/// <param name="FromLine">Where the point that is lost by it begins; earlier than the line where a text has line breaks in it.</param>
public sealed record LineFault(int Line, int Column, string Says, int FromLine)
{
    /// <inheritdoc/>
    public override string ToString() =>
        FromLine == Line ? $"line {Line}, column {Column}: {Says}" : $"lines {FromLine} to {Line}, column {Column}: {Says}";
}

/// <summary>What a timestamp counts.</summary>
public enum LinePrecision
{
    /// <summary>Nanoseconds, where nothing is said.</summary>
    Nanoseconds,

    /// <summary>Microseconds.</summary>
    Microseconds,

    /// <summary>Milliseconds.</summary>
    Milliseconds,

    /// <summary>Seconds.</summary>
    Seconds,
}
