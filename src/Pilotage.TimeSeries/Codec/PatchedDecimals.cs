using System.Runtime.InteropServices;

namespace Pilotage.TimeSeries.Codec;

/// <summary>Decimals among which a few values are none: a NaN where a sensor failed, a minus zero, a very small number with more places. Those are kept beside, with their places.</summary>
internal static class PatchedDecimals
{
    // One in so many may be none; it costs ten bytes.
    private const int OthersShare = 16;
    private const int SampledMin = 128;

    /// <summary>Writes a column so; false, and nothing written, where too many are no decimals.</summary>
    public static bool TryWrite(BytesWriter writer, ReadOnlySpan<double> values)
    {
        var integers = new long[values.Length];
        var exponent = ExponentOf(values);
        var others = new List<int>();
        for (var i = 0; i < values.Length && others.Count <= values.Length / OthersShare; i++)
        {
            if (!Decimals.TryFit(values[i], exponent, out integers[i]))
            {
                others.Add(i);
                integers[i] = i == 0 ? 0 : integers[i - 1];
            }
        }

        if (others.Count > values.Length / OthersShare)
        {
            return false;
        }

        writer.Byte((byte)exponent);
        writer.VarInt((ulong)others.Count);
        var last = -1;
        foreach (var place in others)
        {
            writer.VarInt((ulong)(place - last - 1));
            writer.Double(values[place]);
            last = place;
        }

        IntegerColumn.Write(writer, integers);
        return true;
    }

    /// <summary>Reads some values of a column of so many, from a place on; false on bytes that cannot be.</summary>
    public static bool TryRead(ref BytesReader reader, int count, int start, Span<double> values)
    {
        var exponent = reader.Byte();
        var size = reader.VarInt();
        if (reader.IsBad || exponent > Decimals.ExponentMax || size > (ulong)count)
        {
            return false;
        }

        var others = new (int Place, double Value)[size];
        var next = 0UL;
        for (var i = 0; i < others.Length; i++)
        {
            var place = next + reader.VarInt();
            if (place >= (ulong)count)
            {
                return false;
            }

            others[i] = ((int)place, reader.Double());
            next = place + 1;
        }

        var integers = MemoryMarshal.Cast<double, long>(values);
        if (reader.IsBad || !IntegerColumn.TryRead(ref reader, count, start, integers))
        {
            return false;
        }

        Decimals.Unscale(integers, exponent, values);
        foreach (var (place, value) in others)
        {
            if (place >= start && place - start < values.Length)
            {
                values[place - start] = value;
            }
        }

        return true;
    }

    /// <summary>The places with which most of a sample are decimals; of several the fewest.</summary>
    private static int ExponentOf(ReadOnlySpan<double> values)
    {
        var (best, most) = (0, -1);
        var step = Math.Max(1, values.Length / SampledMin);
        for (var exponent = 0; exponent <= Decimals.ExponentMax; exponent++)
        {
            var fit = 0;
            for (var i = 0; i < values.Length; i += step)
            {
                fit += Decimals.TryFit(values[i], exponent, out _) ? 1 : 0;
            }

            if (fit > most)
            {
                (best, most) = (exponent, fit);
            }
        }

        return best;
    }
}
