using System.Numerics;
using System.Runtime.InteropServices;

namespace Pilotage.Core.Durability;

/// <summary>CRC-32C (Castagnoli), as in iSCSI (RFC 3720, B.4): the checksum of everything we store.</summary>
public static class Crc32C
{
    /// <summary>The checksum of bytes.</summary>
    public static uint Of(ReadOnlySpan<byte> bytes) => ~Continue(Start, bytes);

    /// <summary>The state before the first byte; the checksum is the complement of the last state.</summary>
    internal const uint Start = uint.MaxValue;

    internal static uint Continue(uint state, ReadOnlySpan<byte> bytes)
    {
        foreach (var word in MemoryMarshal.Cast<byte, ulong>(bytes))
        {
            state = BitOperations.Crc32C(state, word);
        }

        foreach (var single in bytes[(bytes.Length & ~7)..])
        {
            state = BitOperations.Crc32C(state, single);
        }

        return state;
    }
}
