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

    private static bool TryReadGroups(ref BytesReader reader, Span<long> values)
    {
        var first = reader.Signed();
        var divisor = (long)reader.VarInt();
        long before = 0;
        for (var start = 0; start < values.Length; start += IntegerGroup.ValuesMax)
        {
            var group = values.Slice(start, Math.Min(IntegerGroup.ValuesMax, values.Length - start));
            if (!IntegerGroup.TryRead(ref reader, group, before, isFirst: start == 0))
            {
                return false;
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
