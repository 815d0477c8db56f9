using System.Buffers;
using System.Numerics;

namespace Pilotage.Server.Fabric.Export.Parquet;

/// <summary>Whole numbers by their distances, which are packed by as few bits as a stretch of them needs (DELTA_BINARY_PACKED).</summary>
internal static class PackedDeltas
{
    private const int BlockOf = 128;
    private const int Stretches = 4;
    private const int StretchOf = BlockOf / Stretches;

    public static void Write(IBufferWriter<byte> output, ReadOnlySpan<long> values)
    {
        Varint.Write(output, BlockOf);
        Varint.Write(output, Stretches);
        Varint.Write(output, (ulong)values.Length);
        Varint.WriteZigZag(output, values.Length == 0 ? 0 : values[0]);
        Span<long> deltas = stackalloc long[BlockOf];
        for (var at = 1; at < values.Length; at += BlockOf)
        {
            var count = Math.Min(BlockOf, values.Length - at);
            for (var i = 0; i < count; i++)
            {
                // Over the ends of 64 bits too, where readers come round the same way.
                deltas[i] = unchecked(values[at + i] - values[at + i - 1]);
            }

            WriteBlock(output, deltas[..count]);
        }
    }

    private static void WriteBlock(IBufferWriter<byte> output, Span<long> deltas)
    {
        var least = deltas[0];
        foreach (var delta in deltas)
        {
            least = Math.Min(least, delta);
        }

        Varint.WriteZigZag(output, least);
        Span<int> widths = stackalloc int[Stretches];
        for (var i = 0; i < Stretches; i++)
        {
            ulong all = 0;
            foreach (var delta in Stretch(deltas, i))
            {
                all |= unchecked((ulong)(delta - least));
            }

            widths[i] = 64 - BitOperations.LeadingZeroCount(all);
            output.Write([(byte)widths[i]]);
        }

        for (var i = 0; i < Stretches; i++)
        {
            // A stretch that has any is written whole, filled with nothing.
            if (Stretch(deltas, i) is { Length: > 0 } stretch)
            {
                Pack(output, stretch, least, widths[i]);
            }
        }
    }

    private static Span<long> Stretch(Span<long> deltas, int at) =>
        deltas[Math.Min(at * StretchOf, deltas.Length)..Math.Min((at + 1) * StretchOf, deltas.Length)];

    private static void Pack(IBufferWriter<byte> output, ReadOnlySpan<long> deltas, long least, int width)
    {
        var bytes = output.GetSpan(Math.Max(1, StretchOf * width / 8))[..(StretchOf * width / 8)];
        bytes.Clear();
        for (var i = 0; i < deltas.Length; i++)
        {
            var value = unchecked((ulong)(deltas[i] - least));
            for (var bit = 0; bit < width; bit++)
            {
                var place = (i * width) + bit;
                bytes[place / 8] |= (byte)(((value >> bit) & 1) << (place % 8));
            }
        }

        output.Advance(bytes.Length);
    }
}
