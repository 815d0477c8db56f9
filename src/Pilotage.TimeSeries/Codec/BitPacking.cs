using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Pilotage.TimeSeries.Codec;

/// <summary>Unsigned numbers of one width, side by side, low bit first.</summary>
internal static class BitPacking
{
    // From whatever bit of a byte they begin, they end within eight bytes.
    private const int OneWordMax = 57;

    /// <summary>Bits that hold the largest of the values: 0 to 64.</summary>
    public static int WidthOf(ReadOnlySpan<ulong> values)
    {
        ulong all = 0;
        foreach (var value in values)
        {
            all |= value;
        }

        return 64 - BitOperations.LeadingZeroCount(all);
    }

    public static int BytesOf(int count, int width) => (int)(((long)count * width + 7) / 8);

    public static void Pack(ReadOnlySpan<ulong> values, int width, Span<byte> into)
    {
        if (width == 0)
        {
            return;
        }

        ulong held = 0;
        var bits = 0;
        foreach (var value in values)
        {
            held |= value << bits;
            bits += width;
            if (bits >= 64)
            {
                BinaryPrimitives.WriteUInt64LittleEndian(into, held);
                into = into[8..];
                bits -= 64;

                // A shift by 64 would be a shift by 0: with nothing left over, nothing is carried.
                held = bits == 0 ? 0 : value >> (width - bits);
            }
        }

        for (; bits > 0; bits -= 8)
        {
            into[0] = (byte)held;
            into = into[1..];
            held >>= 8;
        }
    }

    public static void Unpack(ReadOnlySpan<byte> bytes, int width, Span<ulong> values)
    {
        if (width == 0)
        {
            values.Clear();
            return;
        }

        var mask = width == 64 ? ulong.MaxValue : (1UL << width) - 1;
        var i = width <= OneWordMax ? UnpackWords(bytes, width, mask, values) : 0;
        for (var bit = (long)i * width; i < values.Length; i++, bit += width)
        {
            var at = (int)(bit >> 3);
            var shift = (int)(bit & 7);
            var low = Word(bytes, at) >> shift;
            if (shift + width > 64)
            {
                low |= (ulong)bytes[at + 8] << (64 - shift);
            }

            values[i] = low & mask;
        }
    }

    /// <summary>One number of those packed.</summary>
    public static ulong At(ReadOnlySpan<byte> bytes, int width, int place)
    {
        // Eight numbers begin at a whole byte.
        var from = place & ~7;
        Span<ulong> some = stackalloc ulong[8];
        Unpack(bytes[(int)((long)from * width >> 3)..], width, some[..(place - from + 1)]);
        return some[place - from];
    }

    /// <summary>Numbers that lie in one word each, as long as whole words are there to read; how many.</summary>
    private static int UnpackWords(ReadOnlySpan<byte> bytes, int width, ulong mask, Span<ulong> values)
    {
        var count = bytes.Length < sizeof(ulong) ? 0 : (int)Math.Min(values.Length, (((bytes.Length - sizeof(ulong)) * 8L) / width) + 1);
        ref var first = ref MemoryMarshal.GetReference(bytes);
        var bit = 0;
        for (var i = 0; i < count; i++, bit += width)
        {
            values[i] = (Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref first, bit >> 3)) >> (bit & 7)) & mask;
        }

        return count;
    }

    private static ulong Word(ReadOnlySpan<byte> bytes, int at)
    {
        // Fast path: eight bytes are there. Slow path: the last few.
        if (at + 8 <= bytes.Length)
        {
            return BinaryPrimitives.ReadUInt64LittleEndian(bytes[at..]);
        }

        ulong word = 0;
        for (var i = bytes.Length - 1; i >= at; i--)
        {
            word = (word << 8) | bytes[i];
        }

        return word;
    }
}
