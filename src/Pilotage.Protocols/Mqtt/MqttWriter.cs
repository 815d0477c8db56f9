using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Pilotage.Protocols.Mqtt;

/// <summary>Writes the data types of section 1.5.</summary>
internal static class MqttWriter
{
    public static void Byte(this IBufferWriter<byte> target, byte value)
    {
        target.GetSpan(1)[0] = value;
        target.Advance(1);
    }

    public static void UInt16(this IBufferWriter<byte> target, int value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(target.GetSpan(2), checked((ushort)value));
        target.Advance(2);
    }

    public static void UInt32(this IBufferWriter<byte> target, uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(target.GetSpan(4), value);
        target.Advance(4);
    }

    public static void Variable(this IBufferWriter<byte> target, int value) =>
        target.Advance(VariableByteInteger.Write(target.GetSpan(VariableByteInteger.BytesMax), (uint)value));

    public static void Binary(this IBufferWriter<byte> target, ReadOnlySpan<byte> value)
    {
        target.UInt16(value.Length);
        target.Write(value);
    }

    public static void Text(this IBufferWriter<byte> target, string value)
    {
        var length = Encoding.UTF8.GetByteCount(value);
        target.UInt16(length);
        target.Advance(Encoding.UTF8.GetBytes(value, target.GetSpan(length)));
    }
}
