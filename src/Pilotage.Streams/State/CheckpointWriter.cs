using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;

namespace Pilotage.Streams.State;

/// <summary>Writes the state of a pipeline, little-endian, keeping a CRC-32C of everything it wrote.</summary>
internal sealed class CheckpointWriter(IBufferWriter<byte> output)
{
    private const int ChunkBytes = 8192;

    public uint Checksum { get; private set; }

    public void Write(int value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        Write(bytes);
    }

    public void Write(long value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        Write(bytes);
    }

    public void Write(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        Write(bytes.Length);
        Write(bytes);
    }

    // Bits, not values: a NULL stays the NULL it was and a time keeps its nanoseconds.
    public void Write(ReadOnlySpan<double> values) => Write(MemoryMarshal.Cast<double, long>(values));

    public void Write(ReadOnlySpan<long> values)
    {
        if (BitConverter.IsLittleEndian)
        {
            Write(MemoryMarshal.AsBytes(values));
            return;
        }

        foreach (var value in values)
        {
            Write(value);
        }
    }

    public void Write(ReadOnlySpan<byte> bytes)
    {
        Checksum = Crc(Checksum, bytes);
        while (!bytes.IsEmpty)
        {
            var chunk = Math.Min(bytes.Length, ChunkBytes);
            bytes[..chunk].CopyTo(output.GetSpan(chunk));
            output.Advance(chunk);
            bytes = bytes[chunk..];
        }
    }

    public static uint Crc(uint crc, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length >= sizeof(ulong))
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }

        foreach (var value in bytes)
        {
            crc = BitOperations.Crc32C(crc, value);
        }

        return crc;
    }
}
