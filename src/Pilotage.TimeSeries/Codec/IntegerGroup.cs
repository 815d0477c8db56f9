using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Pilotage.TimeSeries.Codec;

/// <summary>Up to 256 whole numbers, packed as short as they can be, so that one outlier costs its own group alone.</summary>
/// <remarks>
/// One of: width, least less the last number of the group before, packed offsets from the least; mode and width, least
/// step, packed steps beyond it; or, where nearly all steps are the least one, mode, that step, a bit for each number,
/// and how far beyond it the others are: width, least, packed.
/// </remarks>
internal static class IntegerGroup
{
    /// <summary>Numbers of a group at most.</summary>
    public const int ValuesMax = 256;

    private const int WidthMax = 64;
    private const byte IsSteps = 0x80;
    private const byte Sparse = 0x7F;

    // Width and least of the others.
    private const int SparseOverheadBits = 24;

    /// <summary>Writes a group. The first number of the first group is known to be 0.</summary>
    public static void Write(BytesWriter writer, ReadOnlySpan<long> values, long before, bool isFirst)
    {
        Span<ulong> packed = stackalloc ulong[values.Length];
        var least = long.MaxValue;
        foreach (var value in values)
        {
            least = Math.Min(least, value);
        }

        var all = 0UL;
        foreach (var value in values)
        {
            all |= (ulong)(value - least);
        }

        var leastStep = Steps(values, packed, before, isFirst);
        var (allSteps, others, leastOther) = (0UL, 0, ulong.MaxValue);
        foreach (var step in packed)
        {
            allSteps |= step;
            others += step == 0 ? 0 : 1;
            leastOther = step == 0 ? leastOther : Math.Min(leastOther, step);
        }

        var (width, stepWidth) = (WidthOf(all), WidthOf(allSteps));
        var sparseWidth = WidthOfOthers(packed, leastOther);
        var sparseBits = values.Length + (others * sparseWidth) + SparseOverheadBits;
        if (sparseBits < values.Length * Math.Min(width, stepWidth))
        {
            WriteSparse(writer, packed, leastStep, others, leastOther, sparseWidth);
            return;
        }

        if (stepWidth < width)
        {
            writer.Byte((byte)(IsSteps | stepWidth));
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

        BitPacking.Pack(packed, width, writer.Room(BitPacking.BytesOf(values.Length, width)));
    }

    /// <summary>How far each step is beyond the least one, which is told. The first value of all is no step from anything, and counts as one of the least.</summary>
    private static long Steps(ReadOnlySpan<long> values, Span<ulong> steps, long before, bool isFirst)
    {
        var from = isFirst ? 1 : 0;
        var least = values.Length == from ? 0 : long.MaxValue;
        for (var i = from; i < values.Length; i++)
        {
            least = Math.Min(least, values[i] - (i == 0 ? before : values[i - 1]));
        }

        steps[0] = 0;
        for (var i = from; i < values.Length; i++)
        {
            steps[i] = (ulong)(values[i] - (i == 0 ? before : values[i - 1]) - least);
        }

        return least;
    }

    private static int WidthOfOthers(ReadOnlySpan<ulong> steps, ulong least)
    {
        var all = 0UL;
        foreach (var step in steps)
        {
            all |= step == 0 ? 0 : step - least;
        }

        return WidthOf(all);
    }

    private static void WriteSparse(BytesWriter writer, Span<ulong> steps, long leastStep, int others, ulong leastOther, int width)
    {
        writer.Byte(Sparse);
        writer.Signed(leastStep);

        // No good any more once something is written behind it.
        var mask = writer.Room(BitPacking.BytesOf(steps.Length, 1));
        var at = 0;
        for (var i = 0; i < steps.Length; i++)
        {
            if (steps[i] != 0)
            {
                mask[i >> 3] |= (byte)(1 << (i & 7));
                steps[at++] = steps[i] - leastOther;
            }
        }

        writer.Byte((byte)width);
        writer.VarInt(others == 0 ? 0 : leastOther);
        BitPacking.Pack(steps[..at], width, writer.Room(BitPacking.BytesOf(at, width)));
    }

    private static int WidthOf(ulong all) => WidthMax - BitOperations.LeadingZeroCount(all);

    /// <summary>Reads a group; false on bytes that cannot be.</summary>
    public static bool TryRead(ref BytesReader reader, scoped Span<long> values, long before, bool isFirst)
    {
        // In place: what is packed is put into the room of the numbers, and made into them there.
        var packed = MemoryMarshal.Cast<long, ulong>(values);
        var mode = reader.Byte();
        var least = reader.Signed();
        if (!(mode == Sparse ? TryUnpackSparse(ref reader, packed) : TryUnpack(ref reader, mode & ~IsSteps, packed)))
        {
            return false;
        }

        if (mode <= WidthMax)
        {
            Add(values, before + least);
            return true;
        }

        // Steps begin at the number before; the first of all is 0 steps away from itself.
        var at = isFirst ? before - least - values[0] : before;
        foreach (ref var value in values)
        {
            value = at += least + value;
        }

        return true;
    }

    /// <summary>The last number of a group that can be told without reading the others; null where it cannot.</summary>
    public static long? LastOf(BytesReader reader, int count, long before)
    {
        var mode = reader.Byte();
        var least = reader.Signed();
        if (mode > WidthMax)
        {
            return null;
        }

        var bytes = reader.Bytes(BitPacking.BytesOf(count, mode));
        return reader.IsBad ? null : before + least + (mode == 0 ? 0 : (long)BitPacking.At(bytes, mode, count - 1));
    }

    /// <summary>Goes past a group and tells its last number; false on bytes that cannot be.</summary>
    [SkipLocalsInit]
    public static bool TrySkip(ref BytesReader reader, int count, bool isFirst, ref long before)
    {
        if (LastOf(reader, count, before) is { } last)
        {
            before = last;
            var mode = reader.Byte();
            _ = reader.Signed();
            _ = reader.Bytes(BitPacking.BytesOf(count, mode));
            return true;
        }

        Span<long> values = stackalloc long[count];
        if (!TryRead(ref reader, values, before, isFirst))
        {
            return false;
        }

        before = values[^1];
        return true;
    }

    /// <summary>Adds a number to each.</summary>
    private static void Add(Span<long> values, long number)
    {
        var vectors = MemoryMarshal.Cast<long, Vector<long>>(values);
        var all = new Vector<long>(number);
        foreach (ref var vector in vectors)
        {
            vector += all;
        }

        foreach (ref var value in values[(vectors.Length * Vector<long>.Count)..])
        {
            value += number;
        }
    }

    /// <summary>Reads packed bits of a width; false on bytes that cannot be.</summary>
    public static bool TryUnpack(ref BytesReader reader, int width, scoped Span<ulong> packed)
    {
        if (width > WidthMax)
        {
            return false;
        }

        var bytes = reader.Bytes(BitPacking.BytesOf(packed.Length, width));
        if (reader.IsBad)
        {
            return false;
        }

        BitPacking.Unpack(bytes, width, packed);
        return true;
    }

    private static bool TryUnpackSparse(ref BytesReader reader, scoped Span<ulong> steps)
    {
        var mask = reader.Bytes(BitPacking.BytesOf(steps.Length, 1));
        var width = (int)reader.Byte();
        var least = reader.VarInt();
        if (reader.IsBad)
        {
            return false;
        }

        var count = 0;
        for (var i = 0; i < steps.Length; i++)
        {
            count += (mask[i >> 3] >> (i & 7)) & 1;
        }

        Span<ulong> others = stackalloc ulong[count];
        if (!TryUnpack(ref reader, width, others))
        {
            return false;
        }

        var at = 0;
        for (var i = 0; i < steps.Length; i++)
        {
            steps[i] = ((mask[i >> 3] >> (i & 7)) & 1) == 0 ? 0 : others[at++] + least;
        }

        return true;
    }
}
