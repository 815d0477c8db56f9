namespace Pilotage.Protocols.LineProtocol;

/// <summary>What stands before the fields of a line. Lines of one body that begin with the same bytes have the same object.</summary>
/// <param name="Measurement">Never empty.</param>
/// <param name="Tags">In their order; no key stands twice.</param>
public sealed record LineSeries(string Measurement, IReadOnlyList<(string Key, string Value)> Tags);

/// <summary>One line, read.</summary>
/// <param name="Line">On which it begins, from 1 on.</param>
/// <param name="Series">Measurement and tags.</param>
/// <param name="Keys">Of the fields, in their order, one at least; the same list as that of the line before where they are the same. One that stands twice counts with its last value.</param>
/// <param name="Values">Of the fields; good until the next line is read.</param>
/// <param name="TimeNs">Nanoseconds since 1970 UTC; null where the line has none.</param>
public sealed record LinePoint(int Line, LineSeries Series, IReadOnlyList<string> Keys, IReadOnlyList<MeasuredValue> Values, long? TimeNs);

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
