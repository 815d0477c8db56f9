namespace Pilotage.TimeSeries.Codec;

/// <summary>Times, arrivals and scaled values: offsets from the least value, or deltas beyond the least delta, packed.</summary>
/// <remarks>
/// All arithmetic wraps, so any 64-bit integers round-trip. A regular series of times costs 0 bits a value.
/// Layout: kind, then for offsets: least, width, bits; for deltas: first, least delta, width, bits.
/// </remarks>
internal static class IntegerColumn
{
    private const byte Offsets = 0;
    private const byte Deltas = 1;

    public static void Write(BytesWriter writer, ReadOnlySpan<long> values)
    {
        if (values.IsEmpty)
        {
            return;
        }

        var offsets = new ulong[values.Length];
        var deltas = new ulong[values.Length - 1];
        var least = Least(values);
        for (var i = 0; i < values.Length; i++)
        {
            offsets[i] = (ulong)(values[i] - least);
        }

        var leastDelta = LeastDelta(values);
        for (var i = 1; i < values.Length; i++)
        {
            deltas[i - 1] = (ulong)(values[i] - values[i - 1] - leastDelta);
        }

        var offsetWidth = BitPacking.WidthOf(offsets);
        var deltaWidth = BitPacking.WidthOf(deltas);
        if (BitPacking.BytesOf(offsets.Length, offsetWidth) <= BitPacking.BytesOf(deltas.Length, deltaWidth) + sizeof(long))
        {
            writer.Byte(Offsets);
            writer.Int64(least);
            WriteBits(writer, offsets, offsetWidth);
        }
        else
        {
            writer.Byte(Deltas);
            writer.Int64(values[0]);
            writer.Int64(leastDelta);
            WriteBits(writer, deltas, deltaWidth);
        }
    }

    /// <summary>Reads as many values as the span is long; false on bytes that cannot be.</summary>
    public static bool TryRead(ref BytesReader reader, Span<long> values)
    {
        if (values.IsEmpty)
        {
            return true;
        }

        var kind = reader.Byte();
        var start = reader.Int64();
        if (kind == Offsets)
        {
            var offsets = new ulong[values.Length];
            if (!TryReadBits(ref reader, offsets))
            {
                return false;
            }

            for (var i = 0; i < values.Length; i++)
            {
                values[i] = start + (long)offsets[i];
            }

            return true;
        }

        var leastDelta = reader.Int64();
        var deltas = new ulong[values.Length - 1];
        if (kind != Deltas || !TryReadBits(ref reader, deltas))
        {
            return false;
        }

        values[0] = start;
        for (var i = 1; i < values.Length; i++)
        {
            values[i] = values[i - 1] + leastDelta + (long)deltas[i - 1];
        }

        return true;
    }

    private static long Least(ReadOnlySpan<long> values)
    {
        var least = values[0];
        foreach (var value in values)
        {
            least = Math.Min(least, value);
        }

        return least;
    }

    private static long LeastDelta(ReadOnlySpan<long> values)
    {
        var least = long.MaxValue;
        for (var i = 1; i < values.Length; i++)
        {
            least = Math.Min(least, values[i] - values[i - 1]);
        }

        return least;
    }

    private static void WriteBits(BytesWriter writer, ReadOnlySpan<ulong> values, int width)
    {
        writer.Byte((byte)width);
        BitPacking.Pack(values, width, writer.Room(BitPacking.BytesOf(values.Length, width)));
    }

    private static bool TryReadBits(ref BytesReader reader, Span<ulong> values)
    {
        var width = reader.Byte();
        if (width > 64)
        {
            return false;
        }

        var bytes = reader.Bytes(BitPacking.BytesOf(values.Length, width));
        if (reader.IsBad)
        {
            return false;
        }

        BitPacking.Unpack(bytes, width, values);
        return true;
    }
}
