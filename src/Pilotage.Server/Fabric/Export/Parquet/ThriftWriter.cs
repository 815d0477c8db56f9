using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Pilotage.Server.Fabric.Export.Parquet;

/// <summary>Writes the structures of Parquet in Thrift's compact protocol: each field by the distance of its number to the one before.</summary>
internal sealed class ThriftWriter(IBufferWriter<byte> output)
{
    private const byte True = 1;
    private const byte False = 2;
    private const byte Int16 = 4;
    private const byte Int32 = 5;
    private const byte Int64 = 6;
    private const byte Binary = 8;
    private const byte List = 9;
    private const byte Struct = 12;
    private const int ShortListMax = 14;
    private readonly Stack<short> _outer = new();
    private short _last;

    public void Bool(short field, bool value) => Head(field, value ? True : False);

    public void Short(short field, short value)
    {
        Head(field, Int16);
        ZigZag(value);
    }

    public void Int(short field, int value)
    {
        Head(field, Int32);
        ZigZag(value);
    }

    public void Long(short field, long value)
    {
        Head(field, Int64);
        ZigZag(value);
    }

    public void Bytes(short field, ReadOnlySpan<byte> value)
    {
        Head(field, Binary);
        Bytes(value);
    }

    public void Text(short field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

    /// <summary>A structure as a field.</summary>
    public void Structure(short field, Action<ThriftWriter> write)
    {
        Head(field, Struct);
        Item(write);
    }

    public void Structures<T>(short field, IReadOnlyCollection<T> items, Action<ThriftWriter, T> write)
    {
        ListHead(field, items.Count, Struct);
        foreach (var item in items)
        {
            Item(thrift => write(thrift, item));
        }
    }

    public void Ints(short field, params IReadOnlyCollection<int> items)
    {
        ListHead(field, items.Count, Int32);
        foreach (var item in items)
        {
            ZigZag(item);
        }
    }

    public void Texts(short field, params IReadOnlyCollection<string> items)
    {
        ListHead(field, items.Count, Binary);
        foreach (var item in items)
        {
            Bytes(Encoding.UTF8.GetBytes(item));
        }
    }

    /// <summary>A structure by itself.</summary>
    public void Item(Action<ThriftWriter> write)
    {
        _outer.Push(_last);
        _last = 0;
        write(this);
        Byte(0);
        _last = _outer.Pop();
    }

    private void ListHead(short field, int count, byte type)
    {
        Head(field, List);
        Byte((byte)((Math.Min(count, ShortListMax + 1) << 4) | type));
        if (count > ShortListMax)
        {
            Varint.Write(output, (ulong)count);
        }
    }

    private void Head(short field, byte type)
    {
        var step = field - _last;
        if (step is > 0 and <= 15)
        {
            Byte((byte)((step << 4) | type));
        }
        else
        {
            Byte(type);
            ZigZag(field);
        }

        _last = field;
    }

    private void Bytes(ReadOnlySpan<byte> value)
    {
        Varint.Write(output, (ulong)value.Length);
        output.Write(value);
    }

    private void Byte(byte value) => output.Write([value]);

    private void ZigZag(long value) => Varint.WriteZigZag(output, value);
}

/// <summary>Numbers of as many bytes as they need, seven bits in each, low group first.</summary>
internal static class Varint
{
    private const int BytesMax = 10;

    public static void Write(IBufferWriter<byte> output, ulong value)
    {
        var span = output.GetSpan(BytesMax);
        var count = 0;
        for (; value >= 0x80; value >>= 7)
        {
            span[count++] = (byte)(value | 0x80);
        }

        span[count++] = (byte)value;
        output.Advance(count);
    }

    public static void WriteZigZag(IBufferWriter<byte> output, long value) => Write(output, (ulong)((value << 1) ^ (value >> 63)));

    public static void WriteInt32(IBufferWriter<byte> output, int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(output.GetSpan(sizeof(int)), value);
        output.Advance(sizeof(int));
    }

    public static void WriteInt64(IBufferWriter<byte> output, long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(output.GetSpan(sizeof(long)), value);
        output.Advance(sizeof(long));
    }
}
