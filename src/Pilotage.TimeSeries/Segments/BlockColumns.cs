using System.Runtime.InteropServices;
using Pilotage.TimeSeries.Codec;
using Pilotage.TimeSeries.Head;

namespace Pilotage.TimeSeries.Segments;

/// <summary>The values of a block, property by property: length, qualities, values; then the texts, each once.</summary>
internal static class BlockColumns
{
    private const byte QualityEach = 255;
    private const int QualityBits = 2;

    public static void Write(BytesWriter body, RowSpan rows, int start, int count)
    {
        var column = new BytesWriter();
        var values = new long[count];
        var qualities = new ulong[count];
        var texts = new TextTable();
        for (var property = 0; property < rows.Width; property++)
        {
            var isText = rows.Shape.KindOf(property) >= SeriesKind.Text;
            for (var i = 0; i < count; i++)
            {
                values[i] = isText ? texts.Intern(rows.TextOf(start + i, property)!) : rows.Bits(start + i, property);
                qualities[i] = (ulong)rows.QualityOf(start + i, property);
            }

            column.Clear();
            if (qualities.AsSpan().IndexOfAnyExcept(qualities[0]) < 0)
            {
                column.Byte((byte)qualities[0]);
            }
            else
            {
                column.Byte(QualityEach);
                BitPacking.Pack(qualities, QualityBits, column.Room(BitPacking.BytesOf(count, QualityBits)));
            }

            WriteValues(column, rows.Shape.KindOf(property), values);
            body.VarInt((ulong)column.Length);
            body.Bytes(column.Written);
        }

        if (rows.Shape.HasText)
        {
            TextDictionary.Write(body, texts.Texts.AsSpan(0, texts.Count));
        }
    }

    /// <summary>Fills the rows with the wanted columns, all when none are named; null when the bytes cannot be.</summary>
    public static RowSpan? Read(ref BytesReader reader, RowSpan rows, bool[]? wanted)
    {
        return !TryReadColumns(ref reader, rows, wanted) ? null
            : WantsText(rows.Shape, wanted) ? WithTexts(rows, ref reader, wanted)
            : rows;
    }

    private static void WriteValues(BytesWriter column, SeriesKind kind, ReadOnlySpan<long> values)
    {
        switch (kind)
        {
            case SeriesKind.Number:
                DoubleColumn.Write(column, MemoryMarshal.Cast<long, double>(values));
                break;
            case SeriesKind.Truth:
                TruthColumn.Write(column, values);
                break;
            default:
                IntegerColumn.Write(column, values);
                break;
        }
    }

    private static bool TryReadValues(ref BytesReader column, SeriesKind kind, Span<long> values) => kind switch
    {
        SeriesKind.Number => DoubleColumn.TryRead(ref column, MemoryMarshal.Cast<long, double>(values)),
        SeriesKind.Truth => TruthColumn.TryRead(ref column, values),
        _ => IntegerColumn.TryRead(ref column, values),
    };

    private static bool TryReadColumns(ref BytesReader reader, RowSpan rows, bool[]? wanted)
    {
        var values = new long[rows.Count];
        var qualities = new ulong[rows.Count];
        for (var property = 0; property < rows.Width; property++)
        {
            var bytes = reader.Bytes(reader.Count(1));
            if (reader.IsBad)
            {
                return false;
            }

            if (wanted is not null && !wanted[property])
            {
                continue;
            }

            var column = new BytesReader(bytes);
            if (!TryReadQualities(ref column, qualities) || !TryReadValues(ref column, rows.Shape.KindOf(property), values))
            {
                return false;
            }

            for (var i = 0; i < rows.Count; i++)
            {
                rows.Values[(i * rows.Width) + property] = values[i];
                rows.Qualities[(i * rows.Width) + property] = (Quality)qualities[i];
            }
        }

        return true;
    }

    private static bool WantsText(Shape shape, bool[]? wanted)
    {
        for (var column = 0; shape.HasText && column < shape.Properties.Length; column++)
        {
            if (shape.KindOf(column) >= SeriesKind.Text && (wanted is null || wanted[column]))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The rows with their dictionary; null when it is damaged or a place lies outside of it.</summary>
    private static RowSpan? WithTexts(RowSpan rows, ref BytesReader reader, bool[]? wanted)
    {
        if (TextDictionary.Read(ref reader) is not { } texts)
        {
            return null;
        }

        for (var column = 0; column < rows.Width; column++)
        {
            if (rows.Shape.KindOf(column) < SeriesKind.Text || (wanted is not null && !wanted[column]))
            {
                continue;
            }

            for (var row = 0; row < rows.Count; row++)
            {
                if ((ulong)rows.Bits(row, column) >= (ulong)texts.Length)
                {
                    return null;
                }
            }
        }

        return rows with { Texts = texts };
    }

    private static bool TryReadQualities(ref BytesReader column, ulong[] qualities)
    {
        var quality = column.Byte();
        if (quality != QualityEach)
        {
            qualities.AsSpan().Fill(quality);
            return !column.IsBad;
        }

        var packed = column.Bytes(BitPacking.BytesOf(qualities.Length, QualityBits));
        if (column.IsBad)
        {
            return false;
        }

        BitPacking.Unpack(packed, QualityBits, qualities);
        return true;
    }
}
