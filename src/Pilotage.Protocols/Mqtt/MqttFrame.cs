using System.Buffers;

namespace Pilotage.Protocols.Mqtt;

/// <summary>The fixed header of one packet: what it is and where its body lies.</summary>
public readonly record struct MqttFrame(MqttPacketType Type, byte Flags, int HeaderBytes, int BodyBytes)
{
    private const int HeaderBytesMax = 1 + VariableByteInteger.BytesMax;

    /// <summary>Header and body.</summary>
    public int TotalBytes => HeaderBytes + BodyBytes;

    /// <summary>
    /// Finds the packet at the front of <paramref name="source"/>: Done when it is there whole, NeedMoreData while it
    /// is not, InvalidData with a reason as soon as the header alone shows that it never will be acceptable.
    /// </summary>
    public static OperationStatus TryRead(
        in ReadOnlySequence<byte> source, int packetBytesMax, out MqttFrame frame, out MqttReason reason)
    {
        frame = default;
        reason = MqttReason.Success;
        Span<byte> copied = stackalloc byte[HeaderBytesMax];
        scoped var head = source.FirstSpan;
        if (head.Length < HeaderBytesMax && !source.IsSingleSegment)
        {
            // Slow path: the header straddles two segments.
            var few = source.Slice(0, Math.Min(source.Length, HeaderBytesMax));
            few.CopyTo(copied);
            head = copied[..(int)few.Length];
        }

        if (head.IsEmpty)
        {
            return OperationStatus.NeedMoreData;
        }

        var type = (MqttPacketType)(head[0] >> 4);
        var flags = (byte)(head[0] & 0x0F);
        var status = VariableByteInteger.Read(head[1..], out var body, out var consumed);
        if (!AreFlagsValid(type, flags) || status == OperationStatus.InvalidData)
        {
            reason = MqttReason.MalformedPacket;
            return OperationStatus.InvalidData;
        }

        if (status == OperationStatus.NeedMoreData)
        {
            return status;
        }

        frame = new(type, flags, 1 + consumed, (int)body);
        if (frame.TotalBytes > packetBytesMax)
        {
            reason = MqttReason.PacketTooLarge;
            return OperationStatus.InvalidData;
        }

        return source.Length < frame.TotalBytes ? OperationStatus.NeedMoreData : OperationStatus.Done;
    }

    /// <summary>Reserved flags must be as the standard sets them (MQTT-2.1.3-1); type 0 is reserved.</summary>
    private static bool AreFlagsValid(MqttPacketType type, byte flags) => type switch
    {
        0 => false,

        // QoS 3 does not exist (MQTT-3.3.1-4), and a QoS 0 message is never a duplicate (MQTT-3.3.1-2).
        MqttPacketType.Publish => (flags & 0x06) != 0x06 && ((flags & 0x06) != 0 || (flags & 0x08) == 0),
        MqttPacketType.PubRel or MqttPacketType.Subscribe or MqttPacketType.Unsubscribe => flags == 2,
        _ => flags == 0,
    };
}
