namespace Pilotage.TimeSeries.Codec;

/// <summary>Times, arrivals and scaled values: in groups, offsets from the least value or from the least step, packed.</summary>
/// <remarks>
/// <para>All arithmetic wraps, so any 64-bit integers round-trip. Values on a line, as regular times are, cost a few bytes together.</para>
/// <para>
/// A line: form, first, step. Groups: form, first, what divides all distances from it (a clock of milliseconds told in
/// nanoseconds: a million); then groups of 256 of these quotients, each as short as it can be, so that one outlier
/// costs its own group alone: width and mode, least less the last of the group before, packed offsets; or least step,
/// packed steps beyond it. The forms of earlier versions, one group for all, are read for ever.
/// </para>
/// </remarks>
internal static class IntegerColumn
{
    private const byte EarlierOffsets = 0;
    private const byte EarlierDeltas = 1;
    private const byte Groups = 2;
    private const byte Line = 3;
    private const int GroupValues = 256;
    private const int WidthMax = 64;
    private const byte IsDeltas = 0x80;

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
        Span<long> group = stackalloc long[GroupValues];
        Span<ulong> packed = stackalloc ulong[GroupValues];
        long before = 0;
        for (var start = 0; start < values.Length; start += GroupValues)
        {
            var count = Math.Min(GroupValues, values.Length - start);
            for (var i = 0; i < count; i++)
            {
                group[i] = (values[start + i] - values[0]) / divisor;
            }

            WriteGroup(writer, group[..count], packed, before, start == 0);
            before = group[count - 1];
        }
    }

    /// <summary>Reads as many values as the span is long; false on bytes that cannot be.</summary>
    public static bool TryRead(ref BytesReader reader, Span<long> values)
    {
        if (values.IsEmpty)
        {
            return true;
        }

        switch (reader.Byte())
        {
            case EarlierOffsets:
                return TryReadEarlierOffsets(ref reader, values);
            case EarlierDeltas:
                return TryReadEarlierDeltas(ref reader, values);
            case Groups:
                return TryReadGroups(ref reader, values);
            case Line:
                var first = reader.Signed();
                var step = reader.Signed();
                for (var i = 0; i < values.Length; i++)
                {
                    values[i] = first + (i * step);
                }

                return !reader.IsBad;
            default:
                return false;
        }
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

    private static void WriteGroup(BytesWriter writer, ReadOnlySpan<long> values, Span<ulong> packed, long before, bool isFirst)
    {
        // The first value of all is no step from anything; it is known, and counts as one of the least.
        var from = isFirst ? 1 : 0;
        var (least, all) = (values[0], 0UL);
        foreach (var value in values)
        {
            least = Math.Min(least, value);
        }

        foreach (var value in values)
        {
            all |= (ulong)(value - least);
        }

        var leastStep = long.MaxValue;
        for (var i = from; i < values.Length; i++)
        {
            leastStep = Math.Min(leastStep, values[i] - (i == 0 ? before : values[i - 1]));
        }

        leastStep = values.Length == from ? 0 : leastStep;
        var allSteps = 0UL;
        for (var i = from; i < values.Length; i++)
        {
            packed[i] = (ulong)(values[i] - (i == 0 ? before : values[i - 1]) - leastStep);
            allSteps |= packed[i];
        }

        var width = WidthOf(all);
        var stepWidth = WidthOf(allSteps);
        if (stepWidth < width)
        {
            packed[0] = isFirst ? 0 : packed[0];
            writer.Byte((byte)(IsDeltas | stepWidth));
            writer.Signed(leastStep);
            width = stepWidth;
        }
        else
        {
            for (var i = 0; i < values.Length; i++)
            {
                packed[i] = (ulong)(values[i] - least);
            }

            writer.Byte((byte)width);
            writer.Signed(least - before);
        }

        BitPacking.Pack(packed[..values.Length], width, writer.Room(BitPacking.BytesOf(values.Length, width)));
    }

    private static int WidthOf(ulong all) => WidthMax - System.Numerics.BitOperations.LeadingZeroCount(all);

    private static bool TryReadGroups(ref BytesReader reader, Span<long> values)
    {
        var first = reader.Signed();
        var divisor = (long)reader.VarInt();
        Span<ulong> packed = stackalloc ulong[GroupValues];
        long before = 0;
        for (var start = 0; start < values.Length; start += GroupValues)
        {
            var mode = reader.Byte();
            var least = reader.Signed();
            var width = mode & ~IsDeltas;
            var group = values.Slice(start, Math.Min(GroupValues, values.Length - start));
            var bytes = width > WidthMax ? [] : reader.Bytes(BitPacking.BytesOf(group.Length, width));
            if (width > WidthMax || reader.IsBad)
            {
                return false;
            }

            BitPacking.Unpack(bytes, width, packed[..group.Length]);
            if ((mode & IsDeltas) == 0)
            {
                var from = before + least;
                for (var i = 0; i < group.Length; i++)
                {
                    group[i] = from + (long)packed[i];
                }
            }
            else
            {
                // Steps begin at the value before; the first value of all is 0 steps away from itself.
                var at = start == 0 ? -least - (long)packed[0] : before;
                for (var i = 0; i < group.Length; i++)
                {
                    group[i] = at += least + (long)packed[i];
                }
            }

            before = group[^1];
        }

        if (divisor == 1)
        {
            foreach (ref var value in values)
            {
                value += first;
            }
        }
        else
        {
            foreach (ref var value in values)
            {
                value = first + (value * divisor);
            }
        }

        return !reader.IsBad;
    }

    private static bool TryReadEarlierOffsets(ref BytesReader reader, Span<long> values)
    {
        var least = reader.Int64();
        var offsets = new ulong[values.Length];
        if (!TryReadBits(ref reader, offsets))
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
        if (!TryReadBits(ref reader, deltas))
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

    private static bool TryReadBits(ref BytesReader reader, Span<ulong> values)
    {
        var width = reader.Byte();
        if (width > WidthMax)
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
