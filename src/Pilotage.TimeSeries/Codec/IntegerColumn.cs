using System.Buffers;
using System.Runtime.CompilerServices;

namespace Pilotage.TimeSeries.Codec;

/// <summary>Times, arrivals and scaled values: in groups, offsets from the least value or from the least step, packed.</summary>
/// <remarks>
/// <para>All arithmetic wraps, so any 64-bit integers round-trip. Values on a line, as regular times are, cost a few bytes together.</para>
/// <para>
/// A line: form, first, step. Groups: form, first, what divides all distances from it (a clock of milliseconds told in
/// nanoseconds: a million); then these quotients as <see cref="IntegerGroup"/>s. The forms of earlier versions, one group
/// for all, are read for ever.
/// </para>
/// </remarks>
internal static class IntegerColumn
{
    private const byte EarlierOffsets = 0;
    private const byte EarlierDeltas = 1;
    private const byte Groups = 2;
    private const byte Line = 3;

    public static void Write(BytesWriter writer, ReadOnlySpan<long> values)
    {
        if (values.IsEmpty)
        {
            return;
        }

        if (IsLine(values, out var step))
        {
            writer.Byte(Line);
            writer.Signed(values[0]);
            writer.Signed(step);
            return;
        }

        var divisor = DivisorOf(values);
        writer.Byte(Groups);
        writer.Signed(values[0]);
        writer.VarInt((ulong)divisor);
        Span<long> group = stackalloc long[Math.Min(IntegerGroup.ValuesMax, values.Length)];
        long before = 0;
        for (var start = 0; start < values.Length; start += IntegerGroup.ValuesMax)
        {
            var count = Math.Min(IntegerGroup.ValuesMax, values.Length - start);
            for (var i = 0; i < count; i++)
            {
                group[i] = (values[start + i] - values[0]) / divisor;
            }

            IntegerGroup.Write(writer, group[..count], before, isFirst: start == 0);
            before = group[count - 1];
        }
    }

    /// <summary>Reads as many values as the span is long; false on bytes that cannot be.</summary>
    public static bool TryRead(ref BytesReader reader, Span<long> values) => TryRead(ref reader, values.Length, 0, values);

    /// <summary>Reads some values of a column of so many, from a place on; false on bytes that cannot be. Those after them stay unread.</summary>
    public static bool TryRead(ref BytesReader reader, int count, int start, Span<long> values)
    {
        if (values.IsEmpty)
        {
            return true;
        }

        switch (reader.Byte())
        {
            // The blocks that they stand in are read whole.
            case EarlierOffsets:
                return count == values.Length && TryReadEarlierOffsets(ref reader, values);
            case EarlierDeltas:
                return count == values.Length && TryReadEarlierDeltas(ref reader, values);
            case Groups:
                return TryReadGroups(ref reader, count, start, values);
            case Line:
                var first = reader.Signed();
                var step = reader.Signed();
                for (var i = 0; i < values.Length; i++)
                {
                    values[i] = first + ((start + i) * step);
                }

                return !reader.IsBad;
            default:
                return false;
        }
    }

    /// <summary>Reads those values of a column that lie between two, both included; null on bytes that cannot be. The values never fall.</summary>
    public static long[]? ReadBetween(ref BytesReader reader, int count, long least, long greatest, out int start)
    {
        start = 0;
        var buffer = ArrayPool<long>.Shared.Rent(count);
        try
        {
            var column = reader;
            var form = column.Byte();
            var length = form == Groups ? ReadGroupsBetween(ref column, count, least, greatest, buffer, out start)
                : TryRead(ref reader, buffer.AsSpan(0, count)) ? count
                : -1;
            if (length < 0)
            {
                return null;
            }

            var read = buffer.AsSpan(0, length);
            var from = FirstAtOrAfter(read, least);
            var to = greatest == long.MaxValue ? length : FirstAtOrAfter(read, greatest + 1);
            start += from;
            return to <= from ? [] : read[from..to].ToArray();
        }
        finally
        {
            ArrayPool<long>.Shared.Return(buffer);
        }
    }

    /// <summary>The first place at or after a value; values never fall.</summary>
    private static int FirstAtOrAfter(ReadOnlySpan<long> values, long least)
    {
        var (from, to) = (0, values.Length);
        while (from < to)
        {
            var middle = (from + to) / 2;
            (from, to) = values[middle] < least ? (middle + 1, to) : (from, middle);
        }

        return from;
    }

    private static bool IsLine(ReadOnlySpan<long> values, out long step)
    {
        step = values.Length > 1 ? values[1] - values[0] : 0;
        for (var i = 2; i < values.Length; i++)
        {
            if (values[i] - values[i - 1] != step)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The greatest number that divides every distance from the first value.</summary>
    private static long DivisorOf(ReadOnlySpan<long> values)
    {
        ulong divisor = 0;
        foreach (var value in values)
        {
            var distance = value - values[0];
            var rest = distance < 0 ? 0 - (ulong)distance : (ulong)distance;

            // Fast path: it divides already.
            if (divisor != 0 && rest % divisor == 0)
            {
                continue;
            }

            while (rest != 0)
            {
                (divisor, rest) = (rest, divisor % rest);
            }

            if (divisor == 1)
            {
                return 1;
            }
        }

        // 2^63 divides the distance of the two extremes, and is no long.
        return divisor is 0 or > long.MaxValue ? 1 : (long)divisor;
    }

    [SkipLocalsInit]
    private static bool TryReadGroups(ref BytesReader reader, int count, int start, Span<long> values)
    {
        var first = reader.Signed();
        var divisor = (long)reader.VarInt();
        var (before, end) = (divisor == 1 ? first : 0, start + values.Length);
        Span<long> beside = stackalloc long[IntegerGroup.ValuesMax];
        for (var at = 0; at < end; at += IntegerGroup.ValuesMax)
        {
            var size = Math.Min(IntegerGroup.ValuesMax, count - at);
            if (at + size <= start)
            {
                if (!IntegerGroup.TrySkip(ref reader, size, isFirst: at == 0, ref before))
                {
                    return false;
                }

                continue;
            }

            var isWhole = at >= start && at + size <= end;
            var group = isWhole ? values.Slice(at - start, size) : beside[..size];
            if (!IntegerGroup.TryRead(ref reader, group, before, isFirst: at == 0))
            {
                return false;
            }

            before = group[^1];
            if (!isWhole)
            {
                var from = Math.Max(at, start);
                group[(from - at)..(Math.Min(at + size, end) - at)].CopyTo(values[(from - start)..]);
            }
        }

        Multiply(values, divisor, first);
        return !reader.IsBad;
    }

    /// <summary>Reads groups from the first one that may hold a value in question to the last; how many values, -1 on bytes that cannot be.</summary>
    private static int ReadGroupsBetween(ref BytesReader reader, int count, long least, long greatest, Span<long> values, out int start)
    {
        start = 0;
        var first = reader.Signed();
        var divisor = (long)reader.VarInt();
        var (before, length) = (divisor == 1 ? first : 0, 0);
        for (var at = 0; at < count; at += IntegerGroup.ValuesMax)
        {
            var size = Math.Min(IntegerGroup.ValuesMax, count - at);
            if (length == 0 && IntegerGroup.LastOf(reader, size, before) is { } last && ValueOf(last) < least)
            {
                _ = IntegerGroup.TrySkip(ref reader, size, isFirst: at == 0, ref before);
                start = at + size;
                continue;
            }

            var group = values.Slice(length, size);
            if (!IntegerGroup.TryRead(ref reader, group, before, isFirst: at == 0))
            {
                return -1;
            }

            before = group[^1];
            length += size;
            if (ValueOf(before) > greatest)
            {
                break;
            }

            if (ValueOf(before) < least)
            {
                (start, length) = (at + size, 0);
            }
        }

        Multiply(values[..length], divisor, first);
        return reader.IsBad ? -1 : length;

        long ValueOf(long read) => divisor == 1 ? read : first + (read * divisor);
    }

    /// <summary>Makes values of quotients; where the divisor is one they are values already.</summary>
    private static void Multiply(Span<long> values, long divisor, long first)
    {
        if (divisor == 1)
        {
            return;
        }

        foreach (ref var value in values)
        {
            value = first + (value * divisor);
        }
    }

    private static bool TryReadEarlierOffsets(ref BytesReader reader, Span<long> values)
    {
        var least = reader.Int64();
        var offsets = new ulong[values.Length];
        if (!IntegerGroup.TryUnpack(ref reader, reader.Byte(), offsets))
        {
            return false;
        }

        for (var i = 0; i < values.Length; i++)
        {
            values[i] = least + (long)offsets[i];
        }

        return true;
    }

    private static bool TryReadEarlierDeltas(ref BytesReader reader, Span<long> values)
    {
        var first = reader.Int64();
        var leastDelta = reader.Int64();
        var deltas = new ulong[values.Length - 1];
        if (!IntegerGroup.TryUnpack(ref reader, reader.Byte(), deltas))
        {
            return false;
        }

        values[0] = first;
        for (var i = 1; i < values.Length; i++)
        {
            values[i] = values[i - 1] + leastDelta + (long)deltas[i - 1];
        }

        return true;
    }
}
