using System.Runtime.InteropServices;
using Pilotage.TimeSeries.Codec;
using Pilotage.TimeSeries.Head;

namespace Pilotage.TimeSeries.Segments;

/// <summary>One column of a block: its qualities, one for all or each, then its values. Of text the values are places in the dictionary.</summary>
internal static class ColumnSection
{
    private const byte QualityEach = 255;
    private const int QualityBits = 2;

    public static void WriteQualities(BytesWriter writer, ReadOnlySpan<Quality> qualities)
    {
        if (qualities.IndexOfAnyExcept(qualities[0]) < 0)
        {
            writer.Byte((byte)qualities[0]);
            return;
        }

        var numbers = new ulong[qualities.Length];
        for (var i = 0; i < numbers.Length; i++)
        {
            numbers[i] = (ulong)qualities[i];
        }

        writer.Byte(QualityEach);
        BitPacking.Pack(numbers, QualityBits, writer.Room(BitPacking.BytesOf(numbers.Length, QualityBits)));
    }

    /// <summary>Whether all values of a column are good.</summary>
    public static bool IsGood(ReadOnlySpan<byte> bytes) => bytes is [(byte)Quality.Good, ..];

    /// <summary>Reads both of some rows of so many, from one on; no room for qualities is needed where all are good.</summary>
    public static bool TryRead(ref BytesReader reader, SeriesKind kind, int rows, int start, Span<long> values, Span<Quality> qualities) =>
        TryReadQualities(ref reader, rows, start, qualities) && TryReadValues(ref reader, kind, rows, start, values);

    private static bool TryReadValues(ref BytesReader column, SeriesKind kind, int rows, int start, Span<long> values) => kind switch
    {
        SeriesKind.Number => DoubleColumn.TryRead(ref column, rows, start, MemoryMarshal.Cast<long, double>(values)),
        SeriesKind.Truth => TruthColumn.TryRead(ref column, rows, start, values),
        _ => IntegerColumn.TryRead(ref column, rows, start, values),
    };

    private static bool TryReadQualities(ref BytesReader column, int rows, int start, Span<Quality> qualities)
    {
        var quality = column.Byte();
        if (quality != QualityEach)
        {
            qualities.Fill((Quality)quality);
            return !column.IsBad && quality <= (byte)RowSpan.Gone;
        }

        var packed = column.Bytes(BitPacking.BytesOf(rows, QualityBits));
        if (column.IsBad)
        {
            return false;
        }

        for (var i = 0; i < qualities.Length; i++)
        {
            var row = start + i;
            qualities[i] = (Quality)((packed[row >> 2] >> (2 * (row & 3))) & 3);
        }

        return true;
    }
}
