using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;

namespace Pilotage.Server.Fabric.Export.Parquet;

/// <summary>One column of a table in Parquet: its values of one row group, and how they are written.</summary>
internal abstract class ParquetColumn(string name, int type, int encoding, bool isOptional)
{
    protected const int Plain = 0;
    protected const int Rle = 3;
    protected const int DeltaBinaryPacked = 5;
    protected const int RleDictionary = 8;
    protected const int ByteStreamSplit = 9;
    private readonly List<int> _there = [];

    public string Name => name;

    /// <summary>The physical type, by its number in the format.</summary>
    public int Type => type;

    /// <summary>How values are written, by its number in the format.</summary>
    public int Encoding => encoding;

    public bool IsOptional => isOptional;

    /// <summary>Rows without a value.</summary>
    public long Nulls { get; private set; }

    /// <summary>Rows so far.</summary>
    public int Rows => _there.Count;

    /// <summary>What values are beyond their physical type.</summary>
    public virtual void WriteLogicalType(ThriftWriter thrift)
    {
    }

    /// <summary>The least and greatest value as statistics have them; null where there is none, or none is told.</summary>
    public virtual (byte[] Least, byte[] Greatest)? Bounds => null;

    /// <summary>The values of the dictionary, plain; null where there is none.</summary>
    public virtual (ReadOnlyMemory<byte> Bytes, int Values)? Dictionary => null;

    /// <summary>A row has no value.</summary>
    public void Null()
    {
        _there.Add(0);
        Nulls++;
    }

    /// <summary>Levels and values of one page.</summary>
    public void WritePage(IBufferWriter<byte> output)
    {
        if (isOptional)
        {
            var levels = new ArrayBufferWriter<byte>();
            PackedRuns.Write(levels, CollectionsMarshal.AsSpan(_there), bitWidth: 1);
            Varint.WriteInt32(output, levels.WrittenCount);
            output.Write(levels.WrittenSpan);
        }

        WriteValues(output);
    }

    /// <summary>Begins the next row group.</summary>
    public virtual void Clear()
    {
        _there.Clear();
        Nulls = 0;
    }

    protected abstract void WriteValues(IBufferWriter<byte> output);

    protected void There() => _there.Add(1);
}

/// <summary>Texts of which there are few, by their place in a dictionary.</summary>
internal sealed class WordColumn(string name, bool isOptional = false) : ParquetColumn(name, ByteArray, RleDictionary, isOptional)
{
    private const int ByteArray = 6;
    private readonly Dictionary<string, int> _places = new(StringComparer.Ordinal);
    private readonly ArrayBufferWriter<byte> _words = new();
    private readonly List<int> _values = [];

    public override (byte[] Least, byte[] Greatest)? Bounds
    {
        get
        {
            var words = _places.Keys.Select(System.Text.Encoding.UTF8.GetBytes).ToList();
            words.Sort(static (left, right) => left.AsSpan().SequenceCompareTo(right));
            return words.Count == 0 ? null : (words[0], words[^1]);
        }
    }

    public override (ReadOnlyMemory<byte> Bytes, int Values)? Dictionary => (_words.WrittenMemory, _places.Count);

    public override void WriteLogicalType(ThriftWriter thrift) => TextColumn.WriteText(thrift);

    public void Add(string? word)
    {
        if (word is null)
        {
            Null();
            return;
        }

        if (!_places.TryGetValue(word, out var place))
        {
            place = _places.Count;
            _places.Add(word, place);
            TextColumn.Write(_words, System.Text.Encoding.UTF8.GetBytes(word));
        }

        There();
        _values.Add(place);
    }

    public override void Clear()
    {
        base.Clear();
        _places.Clear();
        _words.ResetWrittenCount();
        _values.Clear();
    }

    protected override void WriteValues(IBufferWriter<byte> output)
    {
        var width = PackedRuns.BitWidth(_places.Count);
        output.Write([(byte)width]);
        PackedRuns.Write(output, CollectionsMarshal.AsSpan(_values), width);
    }
}

/// <summary>Any texts, plain.</summary>
internal sealed class TextColumn(string name) : ParquetColumn(name, ByteArray, Plain, isOptional: true)
{
    private const int ByteArray = 6;
    private const int ConvertedUtf8 = 0;
    private readonly ArrayBufferWriter<byte> _values = new();

    /// <summary>What the texts of this row group take.</summary>
    public int Bytes => _values.WrittenCount;

    public override void WriteLogicalType(ThriftWriter thrift) => WriteText(thrift);

    public void Add(string text)
    {
        There();
        Write(_values, System.Text.Encoding.UTF8.GetBytes(text));
    }

    public override void Clear()
    {
        base.Clear();
        _values.ResetWrittenCount();
    }

    public static void WriteText(ThriftWriter thrift)
    {
        thrift.Int(6, ConvertedUtf8);
        thrift.Structure(10, static logical => logical.Structure(1, static _ => { }));
    }

    public static void Write(IBufferWriter<byte> output, ReadOnlySpan<byte> text)
    {
        Varint.WriteInt32(output, text.Length);
        output.Write(text);
    }

    protected override void WriteValues(IBufferWriter<byte> output) => output.Write(_values.WrittenSpan);
}

/// <summary>Times in nanoseconds, UTC, by their distances.</summary>
internal sealed class TimeColumn(string name) : ParquetColumn(name, Int64, DeltaBinaryPacked, isOptional: false)
{
    private const int Int64 = 2;
    private readonly List<long> _values = [];

    public override (byte[] Least, byte[] Greatest)? Bounds => _values.Count == 0 ? null : (BitConverter.GetBytes(_values.Min()), BitConverter.GetBytes(_values.Max()));

    public override void WriteLogicalType(ThriftWriter thrift) => thrift.Structure(10, static logical => logical.Structure(8, static time =>
    {
        time.Bool(1, true);
        time.Structure(2, static unit => unit.Structure(3, static _ => { }));
    }));

    public void Add(long timeNs)
    {
        There();
        _values.Add(timeNs);
    }

    public override void Clear()
    {
        base.Clear();
        _values.Clear();
    }

    protected override void WriteValues(IBufferWriter<byte> output) => PackedDeltas.Write(output, CollectionsMarshal.AsSpan(_values));
}

/// <summary>Whole numbers of 64 bits, by their distances.</summary>
internal sealed class WholeColumn(string name) : ParquetColumn(name, Int64, DeltaBinaryPacked, isOptional: true)
{
    private const int Int64 = 2;
    private readonly List<long> _values = [];

    public override (byte[] Least, byte[] Greatest)? Bounds => _values.Count == 0 ? null : (BitConverter.GetBytes(_values.Min()), BitConverter.GetBytes(_values.Max()));

    public void Add(long value)
    {
        There();
        _values.Add(value);
    }

    public override void Clear()
    {
        base.Clear();
        _values.Clear();
    }

    protected override void WriteValues(IBufferWriter<byte> output) => PackedDeltas.Write(output, CollectionsMarshal.AsSpan(_values));
}

/// <summary>Finite doubles; first bytes stand together, then second ones and so on, which packs better.</summary>
internal sealed class NumberColumn(string name) : ParquetColumn(name, Double, ByteStreamSplit, isOptional: true)
{
    private const int Double = 5;
    private readonly List<double> _values = [];

    public override (byte[] Least, byte[] Greatest)? Bounds
    {
        get
        {
            if (_values.Count == 0)
            {
                return null;
            }

            // The format wants zeros to be -0 at the one end and +0 at the other.
            var (least, greatest) = (_values.Min(), _values.Max());
            return (BitConverter.GetBytes(least == 0 ? -0.0 : least), BitConverter.GetBytes(greatest == 0 ? 0.0 : greatest));
        }
    }

    public void Add(double value)
    {
        There();
        _values.Add(value);
    }

    public override void Clear()
    {
        base.Clear();
        _values.Clear();
    }

    protected override void WriteValues(IBufferWriter<byte> output)
    {
        var bytes = MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(_values));
        var count = _values.Count;
        var split = output.GetSpan(Math.Max(1, bytes.Length));
        for (var i = 0; i < bytes.Length; i++)
        {
            split[(i % sizeof(double) * count) + (i / sizeof(double))] = bytes[i];
        }

        output.Advance(bytes.Length);
    }
}

/// <summary>True and false, a bit each.</summary>
internal sealed class TruthColumn(string name) : ParquetColumn(name, Boolean, Plain, isOptional: true)
{
    private const int Boolean = 0;
    private readonly List<bool> _values = [];

    public override (byte[] Least, byte[] Greatest)? Bounds => _values.Count == 0 ? null : ([_values.Contains(false) ? (byte)0 : (byte)1], [_values.Contains(true) ? (byte)1 : (byte)0]);

    public void Add(bool value)
    {
        There();
        _values.Add(value);
    }

    public override void Clear()
    {
        base.Clear();
        _values.Clear();
    }

    protected override void WriteValues(IBufferWriter<byte> output)
    {
        var bytes = new byte[(_values.Count + 7) / 8];
        for (var i = 0; i < _values.Count; i++)
        {
            bytes[i / 8] |= (byte)((_values[i] ? 1 : 0) << (i % 8));
        }

        output.Write(bytes);
    }
}
