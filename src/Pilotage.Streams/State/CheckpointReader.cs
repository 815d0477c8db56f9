using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Pilotage.Streams.State;

/// <summary>Reads what <see cref="CheckpointWriter"/> wrote. Never throws and never allocates more than the bytes it
/// was given could hold: after the first impossible value it is <see cref="Failed"/> and gives zeros.</summary>
internal ref struct CheckpointReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _left = bytes;

    public bool Failed { get; private set; }

    public readonly bool AtEnd => _left.IsEmpty;

    public void Fail() => Failed = true;

    public int ReadInt32() => TryTake(sizeof(int), out var taken) ? BinaryPrimitives.ReadInt32LittleEndian(taken) : 0;

    public long ReadInt64() => TryTake(sizeof(long), out var taken) ? BinaryPrimitives.ReadInt64LittleEndian(taken) : 0;

    /// <summary>A number of items of at least so many bytes each, which must be there.</summary>
    public int ReadCount(int itemBytes)
    {
        var count = ReadInt32();
        if (count < 0 || (long)count * itemBytes > _left.Length)
        {
            Failed = true;
            return 0;
        }

        return count;
    }

    public string ReadText() => TryTake(ReadCount(1), out var taken) ? Encoding.UTF8.GetString(taken) : "";

    public CheckpointReader ReadSection(
        ) => TryTake(ReadCount(1), out var taken) ? new(taken) : new(default) { Failed = true };

    public void Read(scoped Span<double> into) => Read(MemoryMarshal.Cast<double, long>(into));

    public void Read(scoped Span<long> into)
    {
        for (var i = 0; i < into.Length; i++)
        {
            into[i] = ReadInt64();
        }
    }

    private bool TryTake(int count, out ReadOnlySpan<byte> taken)
    {
        if (Failed || count > _left.Length)
        {
            Failed = true;
            taken = default;
            return false;
        }

        taken = _left[..count];
        _left = _left[count..];
        return true;
    }
}
