using System.Buffers.Binary;
using System.Text;

namespace Pilotage.TimeSeries.Codec;

/// <summary>Appends little-endian fields to a buffer that grows.</summary>
internal sealed class BytesWriter
{
    private const int BytesAtFirst = 256;
    private const int VarIntBytesMax = 10;
    private byte[] _bytes = new byte[BytesAtFirst];

    public int Length { get; private set; }

    public ReadOnlyMemory<byte> WrittenMemory => _bytes.AsMemory(0, Length);

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

    public void Clear() => Length = 0;

    public void Byte(byte value) => Next(1)[0] = value;

    public void UInt32(uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Next(sizeof(uint)), value);

    public void Int64(long value) => BinaryPrimitives.WriteInt64LittleEndian(Next(sizeof(long)), value);

    public void Double(double value) => Int64(BitConverter.DoubleToInt64Bits(value));

    /// <summary>Seven bits a byte, low group first.</summary>
    public void VarInt(ulong value)
    {
        var span = Next(VarIntBytesMax);
        var count = 0;
        while (value >= 0x80)
        {
            span[count++] = (byte)(value | 0x80);
            value >>= 7;
        }

        span[count++] = (byte)value;
        Length += count - VarIntBytesMax;
    }

    /// <summary>The same with a sign: small numbers of either sign take few bytes.</summary>
    public void Signed(long value) => VarInt((ulong)((value << 1) ^ (value >> 63)));

    public void Text(string value)
    {
        var length = Encoding.UTF8.GetByteCount(value);
        VarInt((ulong)length);
        Encoding.UTF8.GetBytes(value, Next(length));
    }

    public void Bytes(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Next(bytes.Length));

    /// <summary>The next bytes, to be filled by the caller; cleared.</summary>
    public Span<byte> Room(int count)
    {
        var span = Next(count);
        span.Clear();
        return span;
    }

    private Span<byte> Next(int count)
    {
        if (_bytes.Length - Length < count)
        {
            Array.Resize(ref _bytes, Math.Max(checked(Length + count), (int)Math.Min(2L * _bytes.Length, Array.MaxLength)));
        }

        Length += count;
        return _bytes.AsSpan(Length - count, count);
    }
}
