using System.Buffers.Binary;
using System.Text;

namespace Pilotage.Broker.Sessions;

/// <summary>
/// Reads what <see cref="RecordWriter"/> wrote; past the end everything is zero and <see cref="Failed"/> is set.
/// </summary>
internal ref struct RecordReader(ReadOnlySpan<byte> record)
{
    private ReadOnlySpan<byte> _rest = record;

    /// <summary>Whether a field was missing; what was read since is void.</summary>
    public bool Failed { get; private set; }

    public readonly ReadOnlySpan<byte> Rest => _rest;

    public byte Byte() => Take(1) is [var value] ? value : (byte)0;

    public uint UInt32() => Take(sizeof(uint)) is { Length: sizeof(uint) } bytes
        ? BinaryPrimitives.ReadUInt32LittleEndian(bytes)
        : 0;

    public ulong UInt64() => Take(sizeof(ulong)) is { Length: sizeof(ulong) } bytes
        ? BinaryPrimitives.ReadUInt64LittleEndian(bytes)
        : 0;

    public string Text() => Encoding.UTF8.GetString(Take(UInt32()));

    private ReadOnlySpan<byte> Take(uint length)
    {
        if (length > _rest.Length)
        {
            Failed = true;
            _rest = [];
            return [];
        }

        var taken = _rest[..(int)length];
        _rest = _rest[(int)length..];
        return taken;
    }
}
