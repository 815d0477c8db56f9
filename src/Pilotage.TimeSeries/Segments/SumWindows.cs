using Pilotage.TimeSeries.Codec;

namespace Pilotage.TimeSeries.Segments;

/// <summary>The windows that a block is summed up by, the same for all its columns.</summary>
/// <remarks>
/// The shortest of a minute, an hour and a day that holds enough points to pay; else one for the whole block. They are
/// aligned to the epoch, so windows of a query that are some of them long can be made of them. Short blocks, which are
/// merged sooner or later, are decoded as fast as their sums would be, and have none.
/// </remarks>
/// <param name="StartNs">Where the first begins.</param>
/// <param name="LengthNs">Length of each; null where one stands for the whole block.</param>
/// <param name="Count">How many there are, those without a point too.</param>
internal readonly record struct SumWindows(long StartNs, long? LengthNs, int Count)
{
    private const int RowsMin = 16;
    private const int BlockRowsMin = 128;
    private static readonly long[] Lengths = [60_000_000_000, 3_600_000_000_000, 86_400_000_000_000];

    /// <summary>Whether a block is summed up at all.</summary>
    public bool IsAny => Count > 0;

    /// <summary>Windows for some rows.</summary>
    public static SumWindows Of(long firstNs, long lastNs, int rows)
    {
        if (rows < BlockRowsMin)
        {
            return default;
        }

        foreach (var length in Lengths)
        {
            // Times at the end of what 64 bits hold have no window of their own.
            var start = WindowAggregate.StartOf(Math.Max(firstNs, long.MinValue + length), length);
            var count = ((Int128)lastNs - start) / length + 1;
            if (firstNs >= start && count * RowsMin <= rows)
            {
                return new(start, length, (int)count);
            }
        }

        return new(firstNs, null, 1);
    }

    public void Write(BytesWriter writer)
    {
        writer.Byte((byte)(1 + Array.IndexOf(Lengths, LengthNs ?? 0)));
        writer.Signed(StartNs);
        writer.VarInt((ulong)Count);
    }

    /// <summary>Reads them back; null on bytes that cannot be.</summary>
    public static SumWindows? Read(ref BytesReader reader, int rows)
    {
        var form = reader.Byte();
        var start = reader.Signed();
        var count = reader.VarInt();
        return reader.IsBad || form > Lengths.Length || count > (ulong)Math.Max(rows, 1)
            ? null
            : new(start, form == 0 ? null : Lengths[form - 1], (int)count);
    }

    /// <summary>For each window the place after its last row; times are in order.</summary>
    public int[] EndsOf(ReadOnlySpan<long> times)
    {
        var ends = new int[Count];
        if (LengthNs is not { } length)
        {
            ends.AsSpan().Fill(times.Length);
            return ends;
        }

        var row = 0;
        for (var window = 0; window < ends.Length; window++)
        {
            var next = (Int128)StartNs + ((Int128)(window + 1) * length);
            while (row < times.Length && times[row] < next)
            {
                row++;
            }

            ends[window] = row;
        }

        return ends;
    }
}
