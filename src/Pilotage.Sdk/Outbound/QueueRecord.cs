using System.Buffers;
using System.Buffers.Binary;
using Pilotage.Protocols.Mqtt;

namespace Pilotage.Sdk.Outbound;

/// <summary>The records of the queue's log, as bytes, little-endian.</summary>
/// <remarks>
/// A message stands as the PUBLISH packet of MQTT 5.0 that would carry it, as in the broker's session log: one codec, fuzzed
/// once. Message: kind, publish time, packet. Carried: kind, order, the sequence it replaces, identifier, flags, publish time,
/// packet. Steps: kind, then for each its own kind, the message's sequence and the identifier.
/// </remarks>
internal static class QueueRecord
{
    /// <summary>What the log adds to each record.</summary>
    public const int FramingBytes = 16;

    private const byte KindMessage = 1;
    private const byte KindSteps = 2;
    private const byte KindCarried = 3;
    private const int StepBytes = 1 + sizeof(long) + sizeof(ushort);
    private const int MessageHeaderBytes = 1 + sizeof(long);
    private const int CarriedHeaderBytes = 1 + (2 * sizeof(long)) + sizeof(ushort) + 1 + sizeof(long);
    private const byte FixedFlag = 1;
    private const byte ReceivedFlag = 2;

    // QoS 1 and 2 carry an identifier; the one it is sent under is chosen later.
    private const ushort AnyPacketId = 1;

    /// <summary>A message as it was published.</summary>
    /// <exception cref="ArgumentException">A property of it cannot be sent, or not be read back.</exception>
    public static ReadOnlyMemory<byte> OfMessage(MqttMessage message, long publishedMs)
    {
        var into = new ArrayBufferWriter<byte>(MessageHeaderBytes + message.Payload.Length + 128);
        into.Write([KindMessage]);
        Int64(into, publishedMs);
        Packet(into, message);

        // What could not be read back would be found out when it is too late to say so.
        return TryPacket(into.WrittenMemory[MessageHeaderBytes..], out _)
            ? into.WrittenMemory
            : throw new ArgumentException($"The message to \"{message.Topic}\" has a property that MQTT does not allow.", nameof(message));
    }

    /// <summary>A message that moves to the end of the log, with all that is known of it.</summary>
    public static ReadOnlyMemory<byte> OfCarried(QueuedMessage queued, MqttMessage message)
    {
        var into = new ArrayBufferWriter<byte>(CarriedHeaderBytes + message.Payload.Length + 128);
        into.Write([KindCarried]);
        Int64(into, queued.Order);
        Int64(into, queued.Sequence);
        UInt16(into, queued.IsFixed ? queued.PacketId : (ushort)0);
        into.Write([(byte)((queued.IsFixed ? FixedFlag : 0) | (queued.IsReceived ? ReceivedFlag : 0))]);
        Int64(into, queued.PublishedMs);

        // What the broker has is needed for its identifier only.
        Packet(into, queued.IsReceived ? message with { Payload = default } : message);
        return into.WrittenMemory;
    }

    /// <summary>What became of some messages.</summary>
    public static ReadOnlyMemory<byte> OfSteps(IReadOnlyList<QueueStep> steps)
    {
        var into = new ArrayBufferWriter<byte>(1 + (steps.Count * StepBytes));
        into.Write([KindSteps]);
        foreach (var step in steps)
        {
            into.Write([(byte)step.Kind]);
            Int64(into, step.Message.Sequence);
            UInt16(into, step.Message.PacketId);
        }

        return into.WrittenMemory;
    }

    /// <summary>Reads any record.</summary>
    public static QueueRecordKind Read(ReadOnlyMemory<byte> record, out QueueEntry entry, out IReadOnlyList<QueueEntryStep> steps)
    {
        (entry, steps) = (default, []);
        switch (record.Span)
        {
            case [KindMessage, ..] when record.Length > MessageHeaderBytes && TryPacket(record[MessageHeaderBytes..], out var message):
                entry = new(message!, BinaryPrimitives.ReadInt64LittleEndian(record.Span[1..]), 0, 0, 0, false, false);
                return QueueRecordKind.Message;
            case [KindCarried, ..] when record.Length > CarriedHeaderBytes && TryPacket(record[CarriedHeaderBytes..], out var message):
                var span = record.Span;
                entry = new(
                    message!,
                    BinaryPrimitives.ReadInt64LittleEndian(span[20..]),
                    BinaryPrimitives.ReadInt64LittleEndian(span[1..]),
                    BinaryPrimitives.ReadInt64LittleEndian(span[9..]),
                    BinaryPrimitives.ReadUInt16LittleEndian(span[17..]),
                    (span[19] & FixedFlag) != 0,
                    (span[19] & ReceivedFlag) != 0);
                return QueueRecordKind.Message;
            case [KindSteps, ..] when (record.Length - 1) % StepBytes == 0:
                steps = Steps(record.Span[1..]);
                return QueueRecordKind.Steps;
            case [> KindCarried, ..]:
                return QueueRecordKind.Newer;
            default:
                return QueueRecordKind.Unreadable;
        }
    }

    private static List<QueueEntryStep> Steps(ReadOnlySpan<byte> rest)
    {
        var steps = new List<QueueEntryStep>(rest.Length / StepBytes);
        for (; rest.Length > 0; rest = rest[StepBytes..])
        {
            steps.Add(new(
                (QueueStepKind)rest[0], BinaryPrimitives.ReadInt64LittleEndian(rest[1..]), BinaryPrimitives.ReadUInt16LittleEndian(rest[9..])));
        }

        return steps;
    }

    private static void Packet(ArrayBufferWriter<byte> into, MqttMessage message)
    {
        var delivery = new PublishDelivery
        {
            Qos = message.Qos,
            PacketId = AnyPacketId,
            Retain = message.Retain,
            ExpirySeconds = message.ExpirySeconds,
        };
        if (MqttEncoder.Publish(into, MqttVersion.V5, message, delivery, int.MaxValue) == 0)
        {
            throw new ArgumentException($"The message to \"{message.Topic}\" is larger than MQTT allows.", nameof(message));
        }
    }

    private static bool TryPacket(ReadOnlyMemory<byte> bytes, out MqttMessage? message)
    {
        message = null;
        if (MqttFrame.TryRead(new ReadOnlySequence<byte>(bytes), int.MaxValue, out var frame, out _) != OperationStatus.Done
            || frame.Type != MqttPacketType.Publish
            || frame.TotalBytes != bytes.Length
            || !MqttDecoder.TryPublish(bytes.Span[frame.HeaderBytes..], frame.Flags, MqttVersion.V5, MqttLimits.Standard, out var packet, out _))
        {
            return false;
        }

        message = packet.ToMessage(packet.TopicText());
        return true;
    }

    private static void Int64(ArrayBufferWriter<byte> into, long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(into.GetSpan(sizeof(long)), value);
        into.Advance(sizeof(long));
    }

    private static void UInt16(ArrayBufferWriter<byte> into, ushort value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(into.GetSpan(sizeof(ushort)), value);
        into.Advance(sizeof(ushort));
    }
}

/// <summary>What a record of the log turned out to be.</summary>
internal enum QueueRecordKind
{
    Message,
    Steps,

    /// <summary>A kind that this version does not know.</summary>
    Newer,

    Unreadable,
}

/// <summary>A message as a record holds it; <paramref name="Order"/> and <paramref name="Replaces"/> are 0 unless it was carried.</summary>
internal readonly record struct QueueEntry(
    MqttMessage Message, long PublishedMs, long Order, long Replaces, ushort PacketId, bool IsFixed, bool IsReceived);

/// <summary>A step as a record holds it.</summary>
internal readonly record struct QueueEntryStep(QueueStepKind Kind, long Sequence, ushort PacketId);
