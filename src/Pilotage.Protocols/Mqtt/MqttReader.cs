using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Pilotage.Protocols.Mqtt;

/// <summary>Takes the data types of section 1.5 off the front of a packet's body; never throws on bad bytes.</summary>
internal ref struct MqttReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    public readonly bool AtEnd => _rest.IsEmpty;

    public readonly ReadOnlySpan<byte> Rest => _rest;

    public bool TryByte(out byte value)
    {
        if (_rest.IsEmpty)
        {
            value = 0;
            return false;
        }

        value = _rest[0];
        _rest = _rest[1..];
        return true;
    }

    public bool TryUInt16(out ushort value)
    {
        if (!BinaryPrimitives.TryReadUInt16BigEndian(_rest, out value))
        {
            return false;
        }

        _rest = _rest[2..];
        return true;
    }

    public bool TryUInt32(out uint value)
    {
        if (!BinaryPrimitives.TryReadUInt32BigEndian(_rest, out value))
        {
            return false;
        }

        _rest = _rest[4..];
        return true;
    }

    public bool TryVariable(out uint value)
    {
        if (VariableByteInteger.Read(_rest, out value, out var consumed) != OperationStatus.Done)
        {
            return false;
        }

        _rest = _rest[consumed..];
        return true;
    }

    public bool TrySlice(int length, out ReadOnlySpan<byte> value)
    {
        if (length > _rest.Length)
        {
            value = default;
            return false;
        }

        value = _rest[..length];
        _rest = _rest[length..];
        return true;
    }

    /// <summary>Binary data: two bytes of length, then the bytes.</summary>
    public bool TryBinary(out ReadOnlySpan<byte> value)
    {
        value = default;
        return TryUInt16(out var length) && TrySlice(length, out value);
    }

    /// <summary>The bytes of a string that is well-formed.</summary>
    public bool TryUtf8(out ReadOnlySpan<byte> value) => TryBinary(out value) && MqttText.IsValid(value);

    public bool TryString(out string value)
    {
        var ok = TryUtf8(out var utf8);
        value = ok ? Encoding.UTF8.GetString(utf8) : "";
        return ok;
    }
}
