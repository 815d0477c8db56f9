using System.Runtime.InteropServices;

namespace Pilotage.TimeSeries.Query;

/// <summary>Points of one series, rising in time, each time once. Where qualities are empty, all are good.</summary>
internal readonly record struct ColumnRun(ReadOnlyMemory<long> Times, ReadOnlyMemory<long> Bits, SeriesKind Kind, ReadOnlyMemory<Quality> Qualities)
{
    public int Count => Times.Length;

    /// <summary>The values as numbers, made of their bits where they are no doubles.</summary>
    public ReadOnlySpan<double> Numbers
    {
        get
        {
            if (Kind == SeriesKind.Number)
            {
                return MemoryMarshal.Cast<long, double>(Bits.Span);
            }

            var bits = Bits.Span;
            var numbers = new double[Count];
            for (var i = 0; i < numbers.Length; i++)
            {
                numbers[i] = SeriesValue.NumberOf(Kind, bits[i]);
            }

            return numbers;
        }
    }

    public Point PointAt(int at) => new(Times.Span[at], SeriesValue.NumberOf(Kind, Bits.Span[at]), QualityAt(at));

    public Quality QualityAt(int at) => Qualities.IsEmpty ? Quality.Good : Qualities.Span[at];

    /// <summary>Some of the points.</summary>
    public ColumnRun this[Range range] => new(Times[range], Bits[range], Kind, Qualities.IsEmpty ? default : Qualities[range]);
}
