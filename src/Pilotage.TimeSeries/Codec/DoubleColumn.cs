using System.IO.Compression;
using System.Runtime.InteropServices;

namespace Pilotage.TimeSeries.Codec;

/// <summary>Decimal-aware coding of doubles, bit for bit.</summary>
/// <remarks>
/// Sensors deliver decimals. If every value is an integer divided by one power of ten, exactly as a parser would make
/// it, the integers are stored. Else the bytes are transposed and compressed. Any bit pattern round-trips: NaN
/// payloads, infinities and minus zero are not decimals and take the second way.
/// </remarks>
internal static class DoubleColumn
{
    private const byte Constant = 0;
    private const byte Decimal = 1;
    private const byte Transposed = 2;
    private const byte Raw = 3;

    // Up to 2^53 every integer is a double, so value times scale is exact enough to round, and the check decides.
    private const double IntegerMax = 9_007_199_254_740_992;
    private const int BrotliQuality = 1;
    private const int BrotliWindow = 16;

    private static readonly double[] Scales = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8];

    public static void Write(BytesWriter writer, ReadOnlySpan<double> values)
    {
        if (values.IsEmpty)
        {
            return;
        }

        var bits = MemoryMarshal.Cast<double, long>(values);
        if (bits.IndexOfAnyExcept(bits[0]) < 0)
        {
            writer.Byte(Constant);
            writer.Int64(bits[0]);
        }
        else if (TryFindExponent(values, out var exponent))
        {
            writer.Byte(Decimal);
            writer.Byte((byte)exponent);
            var integers = new long[values.Length];
            for (var i = 0; i < values.Length; i++)
            {
                integers[i] = (long)Math.Round(values[i] * Scales[exponent]);
            }

            IntegerColumn.Write(writer, integers);
        }
        else
        {
            WriteTransposed(writer, MemoryMarshal.AsBytes(values), values.Length);
        }
    }

    /// <summary>Reads as many values as the span is long; false on bytes that cannot be.</summary>
    public static bool TryRead(ref BytesReader reader, Span<double> values)
    {
        if (values.IsEmpty)
        {
            return true;
        }

        switch (reader.Byte())
        {
            case Constant:
                values.Fill(reader.Double());
                return !reader.IsBad;
            case Decimal:
                return TryReadDecimal(ref reader, values);
            case Transposed:
                return TryReadTransposed(ref reader, values);
            case Raw:
                var raw = reader.Bytes(values.Length * sizeof(double));
                raw.CopyTo(MemoryMarshal.AsBytes(values));
                return !reader.IsBad;
            default:
                return false;
        }
    }

    private static bool TryFindExponent(ReadOnlySpan<double> values, out int exponent)
    {
        // A value that needs few places also fits more of them, so one pass that only ever raises is enough.
        exponent = 0;
        for (var i = 0; i < values.Length; i++)
        {
            while (!Fits(values[i], Scales[exponent]))
            {
                if (++exponent == Scales.Length)
                {
                    return false;
                }
            }
        }

        for (var i = 0; i < values.Length; i++)
        {
            // More places may push a large value past what fits; the promise is kept by checking, not by argument.
            if (!Fits(values[i], Scales[exponent]))
            {
                return false;
            }
        }

        return true;
    }

    private static bool Fits(double value, double scale)
    {
        var scaled = Math.Round(value * scale);
        return Math.Abs(scaled) < IntegerMax
            && BitConverter.DoubleToInt64Bits((long)scaled / scale) == BitConverter.DoubleToInt64Bits(value);
    }

    private static bool TryReadDecimal(ref BytesReader reader, Span<double> values)
    {
        var exponent = reader.Byte();
        var integers = new long[values.Length];
        if (exponent >= Scales.Length || !IntegerColumn.TryRead(ref reader, integers))
        {
            return false;
        }

        var scale = Scales[exponent];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = integers[i] / scale;
        }

        return true;
    }

    private static void WriteTransposed(BytesWriter writer, ReadOnlySpan<byte> bytes, int count)
    {
        var columns = new byte[bytes.Length];
        for (var i = 0; i < bytes.Length; i++)
        {
            columns[(i % sizeof(double) * count) + (i / sizeof(double))] = bytes[i];
        }

        var packed = new byte[bytes.Length];
        if (BrotliEncoder.TryCompress(columns, packed, out var length, BrotliQuality, BrotliWindow) && length < bytes.Length)
        {
            writer.Byte(Transposed);
            writer.VarInt((ulong)length);
            writer.Bytes(packed.AsSpan(0, length));
        }
        else
        {
            writer.Byte(Raw);
            writer.Bytes(bytes);
        }
    }

    private static bool TryReadTransposed(ref BytesReader reader, Span<double> values)
    {
        var packed = reader.Bytes(reader.Count(1));
        var columns = new byte[values.Length * sizeof(double)];
        if (reader.IsBad
            || !BrotliDecoder.TryDecompress(packed, columns, out var length)
            || length != columns.Length)
        {
            return false;
        }

        var bytes = MemoryMarshal.AsBytes(values);
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] = columns[(i % sizeof(double) * values.Length) + (i / sizeof(double))];
        }

        return true;
    }
}
