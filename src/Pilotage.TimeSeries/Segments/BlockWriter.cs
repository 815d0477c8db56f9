using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Pilotage.Core.Durability;
using Pilotage.TimeSeries.Codec;
using Pilotage.TimeSeries.Head;

namespace Pilotage.TimeSeries.Segments;

/// <summary>Writes blocks as <see cref="RowBlock"/> lays them out; one for each segment, used by one task.</summary>
internal sealed class BlockWriter
{
    private readonly BytesWriter _head = new();
    private readonly BytesWriter _shape = new();
    private readonly BytesWriter _sums = new();
    private readonly BytesWriter _column = new();
    private readonly BytesWriter _sections = new();
    private readonly List<(int Length, uint Crc)> _lengths = [];
    private long[] _bits = [];
    private long[] _integers = [];
    private double[] _numbers = [];
    private Quality[] _qualities = [];
    private bool[] _leftOut = [];

    /// <summary>Length of the head of the block that was written last.</summary>
    public int HeadBytes => RowBlock.FixedBytes + _head.Length;

    /// <summary>The bytes of a block, good until the next is written. Rows are in order of time, of one time in order of arrival.</summary>
    public ReadOnlySpan<byte> Write(BytesWriter into, RowSpan rows, int start, int count, long offset, long segment)
    {
        _lengths.Clear();
        _sections.Clear();
        Grow(count);
        WriteRows(rows, start, count);
        WriteHead(rows, start, count);
        into.Clear();
        var block = into.Room(HeadBytes + _sections.Length);
        RowBlock.Magic.CopyTo(block);
        BinaryPrimitives.WriteInt32LittleEndian(block[8..], block.Length);
        BinaryPrimitives.WriteInt64LittleEndian(block[12..], offset);
        BinaryPrimitives.WriteInt64LittleEndian(block[20..], segment);
        BinaryPrimitives.WriteInt32LittleEndian(block[28..], HeadBytes);
        _head.Written.CopyTo(block[RowBlock.FixedBytes..]);
        _sections.Written.CopyTo(block[HeadBytes..]);
        BinaryPrimitives.WriteUInt32LittleEndian(block[4..], Crc32C.Of(block[RowBlock.CheckedFrom..HeadBytes]));
        return block;
    }

    private void Grow(int count)
    {
        if (_bits.Length < count)
        {
            (_bits, _integers, _numbers) = (new long[count], new long[count], new double[count]);
            (_qualities, _leftOut) = (new Quality[count], new bool[count]);
        }
    }

    private void WriteRows(RowSpan rows, int start, int count)
    {
        Section(rows.Times.AsSpan(start, count));
        Section(rows.Arrivals.AsSpan(start, count));
        Section(rows.ReceivedTimes.AsSpan(start, count));
        for (var i = 0; i < count; i++)
        {
            _bits[i] = rows.EdgeTimes[start + i] - rows.ReceivedTimes[start + i];
        }

        Section(_bits.AsSpan(0, count));
    }

    private void WriteHead(RowSpan rows, int start, int count)
    {
        var times = rows.Times.AsSpan(start, count);
        var windows = SumWindows.Of(times[0], times[^1], count);
        var ends = windows.EndsOf(times);
        var texts = rows.Shape.HasText ? new TextTable() : null;
        _sums.Clear();
        windows.Write(_sums);
        for (var column = 0; column < rows.Width; column++)
        {
            WriteColumn(rows, start, count, column, windows, ends, texts);
        }

        if (texts is not null)
        {
            _column.Clear();
            TextDictionary.Write(_column, texts.Texts.AsSpan(0, texts.Count));
            EndSection();
        }

        _shape.Clear();
        ShapeDefinition.Write(_shape, rows.Shape, withKinds: true);
        _head.Clear();
        _head.VarInt((ulong)rows.Shape.Id);
        _head.VarInt((ulong)count);
        _head.VarInt((ulong)_lengths.Count);
        foreach (var (length, crc) in _lengths)
        {
            _head.VarInt((ulong)length);
            _head.UInt32(crc);
        }

        _head.VarInt((ulong)_sums.Length);
        _head.Bytes(_sums.Written);
        _head.Bytes(_shape.Written);
    }

    private void WriteColumn(RowSpan rows, int start, int count, int column, SumWindows windows, int[] ends, TextTable? texts)
    {
        var bits = _bits.AsSpan(0, count);
        var qualities = _qualities.AsSpan(0, count);
        rows.CopyColumn(column, start, bits);
        rows.CopyQualities(column, start, qualities);
        _column.Clear();
        ColumnSection.WriteQualities(_column, qualities);
        var kind = rows.Shape.KindOf(column);
        if (kind >= SeriesKind.Text)
        {
            for (var i = 0; i < bits.Length; i++)
            {
                // What was deleted has no place any more, and leaves no text behind.
                bits[i] = texts!.Intern(qualities[i] == RowSpan.Gone ? "" : rows.Texts[(int)bits[i]]);
            }

            IntegerColumn.Write(_column, bits);
            EndSection();
            WriteSums(null);
            return;
        }

        var numbers = NumbersOf(kind, bits);
        var integers = _integers.AsSpan(0, count);
        var isDecimal = Decimals.TryScale(numbers, integers, out var exponent);
        switch (kind)
        {
            case SeriesKind.Number:
                DoubleColumn.Write(_column, numbers, integers, isDecimal ? exponent : null);
                break;
            case SeriesKind.Truth:
                TruthColumn.Write(_column, bits);
                break;
            default:
                IntegerColumn.Write(_column, bits);
                break;
        }

        EndSection();
        WriteSums(!windows.IsAny ? null : ColumnSums.Of(
            windows, ends, numbers, integers, isDecimal ? Decimals.ScaleOf(exponent) : null, LeftOut(rows.Times.AsSpan(start, count), qualities)));
    }

    private void WriteSums(ColumnSums? sums)
    {
        _column.Clear();
        if (sums is not null)
        {
            ColumnSums.Write(_column, sums);
        }

        _sums.VarInt((ulong)_column.Length);
        _sums.Bytes(_column.Written);
    }

    private ReadOnlySpan<double> NumbersOf(SeriesKind kind, ReadOnlySpan<long> bits)
    {
        if (kind == SeriesKind.Number)
        {
            return MemoryMarshal.Cast<long, double>(bits);
        }

        for (var i = 0; i < bits.Length; i++)
        {
            _numbers[i] = SeriesValue.NumberOf(kind, bits[i]);
        }

        return _numbers.AsSpan(0, bits.Length);
    }

    /// <summary>Which rows do not count: bad ones, deleted ones, and those whose time came again later. Empty where all count.</summary>
    private ReadOnlySpan<bool> LeftOut(ReadOnlySpan<long> times, ReadOnlySpan<Quality> qualities)
    {
        var isAny = false;
        for (var i = 0; i < times.Length; i++)
        {
            _leftOut[i] = qualities[i] >= Quality.Bad || (i + 1 < times.Length && times[i] == times[i + 1]);
            isAny |= _leftOut[i];
        }

        return isAny ? _leftOut.AsSpan(0, times.Length) : [];
    }

    private void Section(ReadOnlySpan<long> numbers)
    {
        _column.Clear();
        IntegerColumn.Write(_column, numbers);
        EndSection();
    }

    private void EndSection()
    {
        _lengths.Add((_column.Length, Crc32C.Of(_column.Written)));
        _sections.Bytes(_column.Written);
    }
}
