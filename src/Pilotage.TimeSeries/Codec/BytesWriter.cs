using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Pilotage.TimeSeries.Codec;

/// <summary>Appends little-endian fields to a buffer that grows.</summary>
internal sealed class BytesWriter
{
    private readonly ArrayBufferWriter<byte> _buffer = new(256);

    public int Length => _buffer.WrittenCount;

    public ReadOnlyMemory<byte> WrittenMemory => _buffer.WrittenMemory;

    public ReadOnlySpan<byte> Written => _buffer.WrittenSpan;

    public void Clear() => _buffer.ResetWrittenCount();

    public void Byte(byte value)
    {
        _buffer.GetSpan(1)[0] = value;
        _buffer.Advance(1);
    }

    public void UInt32(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_buffer.GetSpan(4), value);
        _buffer.Advance(4);
    }

    public void Int64(long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(_buffer.GetSpan(8), value);
        _buffer.Advance(8);
    }

    public void Double(double value) => Int64(BitConverter.DoubleToInt64Bits(value));

    /// <summary>Seven bits a byte, low group first.</summary>
    public void VarInt(ulong value)
    {
        var span = _buffer.GetSpan(10);
        var count = 0;
        while (value >= 0x80)
        {
            span[count++] = (byte)(value | 0x80);
            value >>= 7;
        }

        span[count++] = (byte)value;
        _buffer.Advance(count);
    }

    public void Text(string value)
    {
        var length = Encoding.UTF8.GetByteCount(value);
        VarInt((ulong)length);
        Encoding.UTF8.GetBytes(value, Room(length));
    }

    public void Bytes(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Room(bytes.Length));

    /// <summary>The next bytes, to be filled by the caller; cleared.</summary>
    public Span<byte> Room(int count)
    {
        if (count == 0)
        {
            return [];
        }

        var span = _buffer.GetSpan(count)[..count];
        span.Clear();
        _buffer.Advance(count);
        return span;
    }
}
