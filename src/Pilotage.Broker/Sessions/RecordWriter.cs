using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Pilotage.Broker.Sessions;

/// <summary>Fields of a session log record, little-endian; texts and blobs with their length before them.</summary>
internal readonly ref struct RecordWriter(ArrayBufferWriter<byte> target)
{
    public void Byte(byte value)
    {
        target.GetSpan(1)[0] = value;
        target.Advance(1);
    }

    public void UInt32(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(target.GetSpan(sizeof(uint)), value);
        target.Advance(sizeof(uint));
    }

    public void UInt64(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(target.GetSpan(sizeof(ulong)), value);
        target.Advance(sizeof(ulong));
    }

    public void Text(string value)
    {
        var length = Encoding.UTF8.GetByteCount(value);
        UInt32((uint)length);
        target.Advance(Encoding.UTF8.GetBytes(value, target.GetSpan(length)));
    }
}
