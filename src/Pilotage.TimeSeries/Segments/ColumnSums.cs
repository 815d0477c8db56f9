using Pilotage.TimeSeries.Codec;

namespace Pilotage.TimeSeries.Segments;

/// <summary>What the points of a column come to, window by window. Points that are bad or not finite count as none.</summary>
/// <param name="StartNs">Where the first window begins.</param>
/// <param name="WindowNs">Length of each; null where one stands for the whole block.</param>
/// <param name="Counts">Points in each; 0 in one that has none, which has no sums then.</param>
internal sealed record ColumnSums(long StartNs, long? WindowNs, long[] Counts, double[] Least, double[] Greatest, double[] Sums)
{
    private const int BytesPerWindow = 32;
    private const int BytesBeside = 200;

    /// <summary>Memory that it takes, about.</summary>
    public long Bytes => BytesBeside + (BytesPerWindow * (long)Counts.Length);

    public long StartOf(int window) => WindowNs is { } length ? StartNs + (window * length) : StartNs;

    /// <summary>The same without the windows that end before a time or begin after another one.</summary>
    public ColumnSums Within(long fromNs, long toNs)
    {
        if (WindowNs is not { } length || (StartNs >= fromNs && StartOf(Counts.Length - 1) <= toNs))
        {
            return this;
        }

        var counts = Counts.ToArray();
        for (var i = 0; i < counts.Length; i++)
        {
            var start = StartOf(i);
            var hasEnded = start < fromNs && (ulong)(fromNs - start) >= (ulong)length;
            counts[i] = hasEnded || start > toNs ? 0 : counts[i];
        }

        return this with { Counts = counts };
    }

    public static void Write(BytesWriter writer, ColumnSums sums)
    {
        IntegerColumn.Write(writer, sums.Counts);
        DoubleColumn.Write(writer, sums.Least);
        DoubleColumn.Write(writer, sums.Greatest);
        DoubleColumn.Write(writer, sums.Sums);
    }

    /// <summary>Reads them back; null on bytes that cannot be.</summary>
    public static ColumnSums? Read(ReadOnlySpan<byte> bytes, SumWindows windows)
    {
        var reader = new BytesReader(bytes);
        var sums = new ColumnSums(
            windows.StartNs, windows.LengthNs, new long[windows.Count], new double[windows.Count], new double[windows.Count], new double[windows.Count]);
        return IntegerColumn.TryRead(ref reader, sums.Counts)
            && DoubleColumn.TryRead(ref reader, sums.Least)
            && DoubleColumn.TryRead(ref reader, sums.Greatest)
            && DoubleColumn.TryRead(ref reader, sums.Sums)
            && reader.Left == 0
                ? sums
                : null;
    }

    /// <summary>Sums a column up. <paramref name="ends"/> are the places after the last row of each window.</summary>
    /// <param name="windows">The windows.</param>
    /// <param name="ends">After the last row of each window.</param>
    /// <param name="values">The values, in order of time.</param>
    /// <param name="integers">The same as whole numbers, where they are decimals: these add up without an error.</param>
    /// <param name="scale">What the whole numbers are to be divided by; null where there are none.</param>
    /// <param name="isLeftOut">Whether a row counts as none.</param>
    public static ColumnSums Of(
        SumWindows windows, ReadOnlySpan<int> ends, ReadOnlySpan<double> values, ReadOnlySpan<long> integers, double? scale, ReadOnlySpan<bool> isLeftOut)
    {
        var sums = new ColumnSums(
            windows.StartNs, windows.LengthNs, new long[ends.Length], new double[ends.Length], new double[ends.Length], new double[ends.Length]);
        var start = 0;
        for (var window = 0; window < ends.Length; window++)
        {
            var (least, greatest, sum, exact, count) = (double.PositiveInfinity, double.NegativeInfinity, 0.0, 0L, 0L);
            for (var row = start; row < ends[window]; row++)
            {
                var value = values[row];
                if (!double.IsFinite(value) || (!isLeftOut.IsEmpty && isLeftOut[row]))
                {
                    continue;
                }

                least = value < least ? value : least;
                greatest = value > greatest ? value : greatest;
                sum += value;
                exact += scale is null ? 0 : integers[row];
                count++;
            }

            start = ends[window];
            sums.Counts[window] = count;
            if (count > 0)
            {
                (sums.Least[window], sums.Greatest[window]) = (least, greatest);
                sums.Sums[window] = scale is { } by && Math.Abs(sum) * by < Decimals.ExactMax ? exact / by : sum;
            }
        }

        return sums;
    }
}
