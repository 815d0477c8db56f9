using System.IO.Compression;
using System.Runtime.InteropServices;

namespace Pilotage.TimeSeries.Codec;

/// <summary>Decimal-aware coding of doubles, bit for bit.</summary>
/// <remarks>
/// Sensors deliver decimals. If every value is an integer divided by one power of ten, exactly as a parser would make
/// it, the integers are stored; where only a few are not, those stand beside them. Few different values stand in a
/// table. Else the bytes are transposed and compressed. Any bit pattern round-trips: NaN payloads, infinities and minus
/// zero are not decimals.
/// </remarks>
internal static class DoubleColumn
{
    private const byte Constant = 0;
    private const byte Decimal = 1;
    private const byte Transposed = 2;
    private const byte Raw = 3;
    private const byte Table = 4;
    private const byte Patched = 5;

    private const int BrotliQuality = 1;
    private const int BrotliWindow = 16;

    public static void Write(BytesWriter writer, ReadOnlySpan<double> values)
    {
        var integers = new long[values.Length];
        Write(writer, values, integers, Decimals.TryScale(values, integers, out var exponent) ? exponent : null);
    }

    /// <summary>The same where it is known already whether they are decimals: of how many places, and the whole numbers.</summary>
    public static void Write(BytesWriter writer, ReadOnlySpan<double> values, ReadOnlySpan<long> integers, int? exponent)
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
        else if (exponent is { } places)
        {
            writer.Byte(Decimal);
            writer.Byte((byte)places);
            IntegerColumn.Write(writer, integers);
        }
        else
        {
            WriteOthers(writer, values);
        }
    }

    /// <summary>The shortest form of values that are no decimals, at least not all of them.</summary>
    private static void WriteOthers(BytesWriter writer, ReadOnlySpan<double> values)
    {
        var (patched, table, transposed) = (new BytesWriter(), new BytesWriter(), new BytesWriter());
        patched.Byte(Patched);
        var best = PatchedDecimals.TryWrite(patched, values) ? patched : null;
        table.Byte(Table);
        if (DoubleTable.TryWrite(table, values) && (best is null || table.Length < best.Length))
        {
            best = table;
        }

        if (best is null || best.Length > values.Length)
        {
            WriteTransposed(transposed, MemoryMarshal.AsBytes(values));
            best = best is null || transposed.Length < best.Length ? transposed : best;
        }

        writer.Bytes(best.Written);
    }

    /// <summary>Reads as many values as the span is long; false on bytes that cannot be.</summary>
    public static bool TryRead(ref BytesReader reader, Span<double> values) => TryRead(ref reader, values.Length, 0, values);

    /// <summary>Reads some values of a column of so many, from a place on; false on bytes that cannot be. Those after them stay unread.</summary>
    public static bool TryRead(ref BytesReader reader, int count, int start, Span<double> values)
    {
        if (values.IsEmpty)
        {
            return true;
        }

        var form = reader.Byte();
        switch (form)
        {
            case Constant:
                values.Fill(reader.Double());
                return !reader.IsBad;
            case Decimal:
                return TryReadDecimal(ref reader, count, start, values);
            case Table:
                return DoubleTable.TryRead(ref reader, count, start, values);
            case Patched:
                return PatchedDecimals.TryRead(ref reader, count, start, values);
            default:
                return TryReadBytes(ref reader, form, count, start, values);
        }
    }

    /// <summary>Reads values that stand as bytes, in no form that is made of others.</summary>
    public static bool TryReadBytes(ref BytesReader reader, Span<double> values) => TryReadBytes(ref reader, reader.Byte(), values.Length, 0, values);

    private static bool TryReadBytes(ref BytesReader reader, byte form, int count, int start, Span<double> values)
    {
        if (form == Transposed)
        {
            return TryReadTransposed(ref reader, count, start, values);
        }

        var raw = form == Raw ? reader.Bytes(count * sizeof(double)) : [];
        if (form != Raw || reader.IsBad)
        {
            return false;
        }

        raw.Slice(start * sizeof(double), values.Length * sizeof(double)).CopyTo(MemoryMarshal.AsBytes(values));
        return true;
    }

    private static bool TryReadDecimal(ref BytesReader reader, int count, int start, Span<double> values)
    {
        var exponent = reader.Byte();
        var integers = MemoryMarshal.Cast<double, long>(values);
        if (exponent > Decimals.ExponentMax || !IntegerColumn.TryRead(ref reader, count, start, integers))
        {
            return false;
        }

        // In place: each number is read before its value is written over it.
        Decimals.Unscale(integers, exponent, values);
        return true;
    }

    /// <summary>The first bytes of all values, then the second ones and so on, compressed; as they are where that does not pay.</summary>
    public static void WriteTransposed(BytesWriter writer, ReadOnlySpan<byte> bytes)
    {
        var count = bytes.Length / sizeof(double);
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

    private static bool TryReadTransposed(ref BytesReader reader, int count, int start, Span<double> values)
    {
        var packed = reader.Bytes(reader.Count(1));
        var columns = new byte[count * sizeof(double)];
        if (reader.IsBad
            || !BrotliDecoder.TryDecompress(packed, columns, out var length)
            || length != columns.Length)
        {
            return false;
        }

        var bytes = MemoryMarshal.AsBytes(values);
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] = columns[(i % sizeof(double) * count) + start + (i / sizeof(double))];
        }

        return true;
    }
}
