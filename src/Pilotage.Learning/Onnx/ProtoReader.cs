using System.Buffers.Binary;

namespace Pilotage.Learning.Onnx;

/// <summary>Walks the fields of one protobuf message; on malformed bytes it stops with <see cref="Failed"/>.</summary>
internal ref struct ProtoReader(ReadOnlySpan<byte> message)
{
    private const int Varint = 0;
    private const int Fixed64 = 1;
    private const int Bytes = 2;
    private const int Fixed32 = 5;
    private ReadOnlySpan<byte> _rest = message;

    /// <summary>The number of the field just read.</summary>
    public int Field { get; private set; }

    /// <summary>Its number, when it is a varint or of fixed width; else 0.</summary>
    public ulong Number { get; private set; }

    /// <summary>Its content, when it is length-delimited; else empty.</summary>
    public ReadOnlySpan<byte> Content { get; private set; }

    /// <summary>Whether the field is length-delimited: a message, a text, or numbers packed.</summary>
    public bool IsDelimited { get; private set; }

    /// <summary>Whether the bytes are no protobuf message.</summary>
    public bool Failed { get; private set; }

    /// <summary>Goes to the next field; false at the end or at bad bytes.</summary>
    public bool Next()
    {
        if (_rest.IsEmpty || Failed)
        {
            return false;
        }

        Content = default;
        Number = 0;
        Failed = !TryVarint(out var key) || key >> 3 is 0 or > int.MaxValue;
        Field = (int)(key >> 3);
        IsDelimited = (key & 7) == Bytes;
        Failed = Failed || !TryValue((int)(key & 7));
        return !Failed;
    }

    private bool TryValue(int wireType)
    {
        switch (wireType)
        {
            case Varint:
                var read = TryVarint(out var number);
                Number = number;
                return read;
            case Fixed64 when _rest.Length >= 8:
                Number = BinaryPrimitives.ReadUInt64LittleEndian(_rest);
                _rest = _rest[8..];
                return true;
            case Fixed32 when _rest.Length >= 4:
                Number = BinaryPrimitives.ReadUInt32LittleEndian(_rest);
                _rest = _rest[4..];
                return true;
            case Bytes when TryVarint(out var length) && length <= (ulong)_rest.Length:
                Content = _rest[..(int)length];
                _rest = _rest[(int)length..];
                return true;
            default:
                // Groups (3, 4) are not used by ONNX; the rest is too short.
                return false;
        }
    }

    private bool TryVarint(out ulong value) => TryVarint(ref _rest, out value);

    /// <summary>Takes one varint off the front, as packed numbers are read.</summary>
    public static bool TryVarint(ref ReadOnlySpan<byte> rest, out ulong value)
    {
        value = 0;
        for (var i = 0; i < 10 && i < rest.Length; i++)
        {
            value |= (ulong)(rest[i] & 0x7F) << (7 * i);
            if (rest[i] < 0x80)
            {
                rest = rest[(i + 1)..];
                return true;
            }
        }

        return false;
    }
}
