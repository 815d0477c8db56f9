namespace Pilotage.Protocols.LineProtocol;

/// <summary>One line, read.</summary>
/// <param name="Line">On which it begins, from 1 on.</param>
/// <param name="Measurement">Never empty.</param>
/// <param name="Tags">In their order; no key stands twice.</param>
/// <param name="Fields">In their order, one at least; a key that stands twice counts with its last value.</param>
/// <param name="TimeNs">Nanoseconds since 1970 UTC; null where the line has none.</param>
public sealed record LinePoint(
    int Line, string Measurement, IReadOnlyList<(string Key, string Value)> Tags, IReadOnlyList<(string Key, MeasuredValue Value)> Fields, long? TimeNs);

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
