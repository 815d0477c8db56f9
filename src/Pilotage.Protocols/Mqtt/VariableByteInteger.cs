using System.Buffers;

namespace Pilotage.Protocols.Mqtt;

/// <summary>The MQTT variable byte integer: seven bits a byte, low group first, at most four bytes.</summary>
/// <remarks>MQTT 5.0, section 1.5.5. The encoding must be the shortest one (MQTT-1.5.5-1).</remarks>
internal static class VariableByteInteger
{
    public const int BytesMax = 4;
    public const uint ValueMax = 268_435_455;

    /// <summary>Reads one value; on anything but <see cref="OperationStatus.Done"/> nothing is consumed.</summary>
    public static OperationStatus Read(ReadOnlySpan<byte> source, out uint value, out int consumed)
    {
        value = 0;
        for (consumed = 0; consumed < BytesMax; consumed++)
        {
            if (consumed == source.Length)
            {
                consumed = 0;
                return OperationStatus.NeedMoreData;
            }

            var current = source[consumed];
            value |= (uint)(current & 0x7F) << (7 * consumed);
            if ((current & 0x80) == 0)
            {
                // A zero last byte adds nothing, so a shorter encoding existed: 0x80 0x00 for 0, say.
                var shortest = current != 0 || consumed == 0;
                consumed = shortest ? consumed + 1 : 0;
                return shortest ? OperationStatus.Done : OperationStatus.InvalidData;
            }
        }

        consumed = 0;
        return OperationStatus.InvalidData;
    }

    /// <summary>How many bytes the value takes.</summary>
    public static int Size(uint value) => value switch
    {
        < 1u << 7 => 1,
        < 1u << 14 => 2,
        < 1u << 21 => 3,
        _ => 4,
    };

    /// <summary>Writes the shortest encoding and says how long it is.</summary>
    public static int Write(Span<byte> target, uint value)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, ValueMax);
        var written = 0;
        do
        {
            var group = (byte)(value & 0x7F);
            value >>= 7;
            target[written++] = value == 0 ? group : (byte)(group | 0x80);
        }
        while (value != 0);
        return written;
    }
}
