using System.Runtime.InteropServices;

namespace Pilotage.TimeSeries.Codec;

/// <summary>Doubles of which there are few different ones, as of a converter with a few thousand steps: each once, in order of size, and the place of every value among them.</summary>
/// <remarks>Places are whole numbers that move as the values do, so they take few bits. Order is that of the bits with the sign turned: any bit pattern has its own place.</remarks>
internal static class DoubleTable
{
    /// <summary>Writes a column so; false, and nothing written, where every other value is a new one.</summary>
    public static bool TryWrite(BytesWriter writer, ReadOnlySpan<double> values)
    {
        var keys = new long[values.Length];
        for (var i = 0; i < keys.Length; i++)
        {
            keys[i] = Turned(BitConverter.DoubleToInt64Bits(values[i]));
        }

        var different = Different(keys);
        if (different.Length > keys.Length / 2)
        {
            return false;
        }

        var places = new long[keys.Length];
        for (var i = 0; i < keys.Length; i++)
        {
            places[i] = Array.BinarySearch(different, keys[i]);
        }

        writer.VarInt((ulong)different.Length);
        DoubleColumn.WriteTransposed(writer, MemoryMarshal.AsBytes<long>(Array.ConvertAll(different, Turned)));
        IntegerColumn.Write(writer, places);
        return true;
    }

    /// <summary>Reads some values of a column of so many, from a place on; false on bytes that cannot be.</summary>
    public static bool TryRead(ref BytesReader reader, int count, int start, Span<double> values)
    {
        var size = reader.VarInt();
        if (reader.IsBad || size == 0 || size > (ulong)count)
        {
            return false;
        }

        var different = new double[size];
        var places = MemoryMarshal.Cast<double, long>(values);
        if (!DoubleColumn.TryReadBytes(ref reader, different) || !IntegerColumn.TryRead(ref reader, count, start, places))
        {
            return false;
        }

        // In place: each place is read before its value is written over it.
        for (var i = 0; i < values.Length; i++)
        {
            if ((ulong)places[i] >= size)
            {
                return false;
            }

            values[i] = different[places[i]];
        }

        return true;
    }

    private static long[] Different(long[] keys)
    {
        var sorted = (long[])keys.Clone();
        Array.Sort(sorted);
        var count = 0;
        for (var i = 0; i < sorted.Length; i++)
        {
            if (i == 0 || sorted[i] != sorted[i - 1])
            {
                sorted[count++] = sorted[i];
            }
        }

        return sorted[..count];
    }

    // Its own opposite.
    private static long Turned(long bits) => bits < 0 ? bits ^ long.MaxValue : bits;
}
