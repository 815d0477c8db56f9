using System.Buffers.Binary;
using System.Text;

namespace Pilotage.TimeSeries.Codec;

/// <summary>Reads what <see cref="BytesWriter"/> wrote; past the end it answers zeros and <see cref="IsBad"/> is set.</summary>
internal ref struct BytesReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    public bool IsBad { get; private set; }

    public readonly int Left => _rest.Length;

    /// <summary>What has not been read.</summary>
    public readonly ReadOnlySpan<byte> Rest => _rest;

    public byte Byte() => Bytes(1) is [var value] ? value : (byte)0;

    public uint UInt32() => Bytes(4) is { Length: 4 } bytes ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : 0;

    public long Int64() => Bytes(8) is { Length: 8 } bytes ? BinaryPrimitives.ReadInt64LittleEndian(bytes) : 0;

    public double Double() => BitConverter.Int64BitsToDouble(Int64());

    public ulong VarInt()
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var current = Byte();
            value |= (ulong)(current & 0x7F) << shift;
            if ((current & 0x80) == 0)
            {
                return value;
            }
        }

        IsBad = true;
        return 0;
    }

    /// <summary>The same with a sign.</summary>
    public long Signed()
    {
        var value = VarInt();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    /// <summary>A count of things of at least some bytes each; a count that cannot be true is bad.</summary>
    public int Count(int bytesEachMin)
    {
        var value = VarInt();
        if (value > (ulong)(_rest.Length / Math.Max(bytesEachMin, 1)))
        {
            IsBad = true;
            return 0;
        }

        return (int)value;
    }

    public string Text() => Encoding.UTF8.GetString(Bytes(Count(1)));

    public ReadOnlySpan<byte> Bytes(int count)
    {
        if (count < 0 || count > _rest.Length)
        {
            IsBad = true;
            _rest = [];
            return [];
        }

        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}
