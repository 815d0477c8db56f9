namespace Pilotage.TimeSeries.Codec;

/// <summary>Truth values, 0 or 1: one byte where all are the same, else a bit each.</summary>
internal static class TruthColumn
{
    private const byte AllFalse = 0;
    private const byte AllTrue = 1;
    private const byte Packed = 2;

    public static void Write(BytesWriter writer, ReadOnlySpan<long> values)
    {
        if (values.IsEmpty)
        {
            return;
        }

        if (values.IndexOfAnyExcept(values[0]) < 0)
        {
            writer.Byte(values[0] == 0 ? AllFalse : AllTrue);
            return;
        }

        var bits = new ulong[values.Length];
        for (var i = 0; i < bits.Length; i++)
        {
            bits[i] = (ulong)values[i];
        }

        writer.Byte(Packed);
        BitPacking.Pack(bits, 1, writer.Room(BitPacking.BytesOf(bits.Length, 1)));
    }

    /// <summary>Reads as many values as the span is long; false on bytes that cannot be.</summary>
    public static bool TryRead(ref BytesReader reader, Span<long> values) => TryRead(ref reader, values.Length, 0, values);

    /// <summary>Reads some values of a column of so many, from a place on; false on bytes that cannot be.</summary>
    public static bool TryRead(ref BytesReader reader, int count, int start, Span<long> values)
    {
        if (values.IsEmpty)
        {
            return true;
        }

        var form = reader.Byte();
        if (form is AllFalse or AllTrue)
        {
            values.Fill(form);
            return !reader.IsBad;
        }

        var packed = reader.Bytes(BitPacking.BytesOf(count, 1));
        if (form != Packed || reader.IsBad)
        {
            return false;
        }

        for (var i = 0; i < values.Length; i++)
        {
            var place = start + i;
            values[i] = (packed[place >> 3] >> (place & 7)) & 1;
        }

        return true;
    }
}
