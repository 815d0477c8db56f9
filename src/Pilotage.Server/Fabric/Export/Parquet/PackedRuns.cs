using System.Buffers;

namespace Pilotage.Server.Fabric.Export.Parquet;

/// <summary>Small numbers as runs of one value, and between them by so many bits each (RLE / bit-packing hybrid).</summary>
internal static class PackedRuns
{
    // A run shorter than that is cheaper packed, and packed ones come in groups of eight.
    private const int GroupOf = 8;

    public static void Write(IBufferWriter<byte> output, ReadOnlySpan<int> values, int bitWidth)
    {
        for (var at = 0; at < values.Length;)
        {
            var run = RunAt(values, at);
            if (run >= GroupOf)
            {
                Varint.Write(output, (ulong)run << 1);
                WriteValue(output, values[at], bitWidth);
                at += run;
                continue;
            }

            var end = at;
            while (end < values.Length && RunAt(values, end) < GroupOf)
            {
                end += GroupOf;
            }

            Varint.Write(output, ((ulong)((end - at) / GroupOf) << 1) | 1);
            WritePacked(output, values[at..Math.Min(end, values.Length)], end - at, bitWidth);
            at = end;
        }
    }

    /// <summary>Bits that the greatest of so many numbers takes, one at least.</summary>
    public static int BitWidth(int count) => Math.Max(1, 32 - int.LeadingZeroCount(Math.Max(count - 1, 0)));

    private static int RunAt(ReadOnlySpan<int> values, int at)
    {
        var rest = values[at..];
        var other = rest.IndexOfAnyExcept(values[at]);
        return other < 0 ? rest.Length : other;
    }

    private static void WriteValue(IBufferWriter<byte> output, int value, int bitWidth)
    {
        for (var bits = 0; bits < bitWidth; bits += 8)
        {
            output.Write([(byte)(value >> bits)]);
        }
    }

    private static void WritePacked(IBufferWriter<byte> output, ReadOnlySpan<int> values, int count, int bitWidth)
    {
        var bytes = output.GetSpan(count * bitWidth / 8)[..(count * bitWidth / 8)];
        bytes.Clear();
        for (var i = 0; i < values.Length; i++)
        {
            for (var bit = 0; bit < bitWidth; bit++)
            {
                var place = (i * bitWidth) + bit;
                bytes[place / 8] |= (byte)(((values[i] >> bit) & 1) << (place % 8));
            }
        }

        output.Advance(bytes.Length);
    }
}
