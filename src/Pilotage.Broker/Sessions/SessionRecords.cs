using System.Buffers;
using Pilotage.Broker.Topics;
using Pilotage.Core;
using Pilotage.Protocols.Mqtt;

namespace Pilotage.Broker.Sessions;

/// <summary>The records of the session log, as bytes.</summary>
/// <remarks>A message stands as the PUBLISH packet of MQTT 5.0 that would carry it: one codec, fuzzed once.</remarks>
internal static class SessionRecords
{
    public static void Opened(ArrayBufferWriter<byte> target, Session session)
    {
        var record = Begin(target, RecordKind.SessionOpened);
        record.UInt64(session.Key);
        record.Text(session.Tenant.Value);
        record.Text(session.ClientId);
        record.UInt32(session.ExpirySeconds);
        record.Byte((byte)session.Overflow);
        record.UInt64((ulong)session.Dropped);
    }

    public static void Closed(ArrayBufferWriter<byte> target, ulong session) =>
        Begin(target, RecordKind.SessionClosed).UInt64(session);

    public static void Left(ArrayBufferWriter<byte> target, ulong session, long atNs)
    {
        var record = Begin(target, RecordKind.SessionLeft);
        record.UInt64(session);
        record.UInt64((ulong)atNs);
    }

    public static void Subscribed(ArrayBufferWriter<byte> target, ulong session, Subscription subscription)
    {
        var record = Begin(target, RecordKind.Subscribed);
        record.UInt64(session);
        record.Text(subscription.Filter);
        record.Byte((byte)(subscription.Qos | (subscription.NoLocal ? 4 : 0)
            | (subscription.RetainAsPublished ? 8 : 0) | (subscription.RetainHandling << 4)));
        record.UInt32(subscription.Identifier ?? 0);
    }

    public static void Unsubscribed(ArrayBufferWriter<byte> target, ulong session, string filter)
    {
        var record = Begin(target, RecordKind.Unsubscribed);
        record.UInt64(session);
        record.Text(filter);
    }

    public static void Acknowledged(ArrayBufferWriter<byte> target, ulong session, ulong message) =>
        Pair(target, RecordKind.Acknowledged, session, message);

    public static void Dropped(ArrayBufferWriter<byte> target, ulong session, ulong message) =>
        Pair(target, RecordKind.Dropped, session, message);

    public static void Released(ArrayBufferWriter<byte> target, ulong session, ushort packetId) =>
        Pair(target, RecordKind.Released, session, packetId);

    public static void Sent(ArrayBufferWriter<byte> target, ulong session, Delivery delivery)
    {
        var record = Begin(target, RecordKind.Sent);
        record.UInt64(session);
        record.UInt64(delivery.Id);
        record.UInt32(delivery.PacketId);
    }

    public static void Received(ArrayBufferWriter<byte> target, ulong session, ulong delivery, ushort packetId)
    {
        var record = Begin(target, RecordKind.Received);
        record.UInt64(session);
        record.UInt64(delivery);
        record.UInt32(packetId);
    }

    public static void Completed(ArrayBufferWriter<byte> target, ulong session, ushort packetId) =>
        Pair(target, RecordKind.Completed, session, packetId);

    public static void Unreleased(ArrayBufferWriter<byte> target, Session session)
    {
        var record = Begin(target, RecordKind.Unreleased);
        record.UInt64(session.Key);
        var unreleased = session.Unreleased.ToList();
        record.UInt32((uint)unreleased.Count);
        foreach (var packetId in unreleased)
        {
            record.UInt32(packetId);
        }
    }

    public static void Numbered(ArrayBufferWriter<byte> target, Session session)
    {
        var record = Begin(target, RecordKind.Numbered);
        record.UInt64(session.Key);
        record.UInt32(session.LastPacketId);
        record.UInt32((uint)session.Released.Count);
        foreach (var packetId in session.Released)
        {
            record.UInt32(packetId);
        }
    }

    public static void WillSet(ArrayBufferWriter<byte> target, Session session, WillMessage will)
    {
        var record = Begin(target, RecordKind.WillSet);
        record.UInt64(session.Key);
        record.Text(session.Tenant.Value);
        record.Text(session.ClientId);
        record.Text(session.Identity.Device?.Value ?? "");
        record.Text(session.Identity.Role);
        record.Text(session.Identity.Listener);
        record.UInt32(will.DelaySeconds);
        Packet(target, will.Message.AsView());
    }

    public static void WillCleared(ArrayBufferWriter<byte> target, ulong session) =>
        Begin(target, RecordKind.WillCleared).UInt64(session);

    public static void ClockMoved(ArrayBufferWriter<byte> target, long aheadNs, long atNs) =>
        Pair(target, RecordKind.ClockMoved, (ulong)aheadNs, (ulong)atNs);

    public static void SnapshotOpens(ArrayBufferWriter<byte> target) => Begin(target, RecordKind.SnapshotOpens);

    /// <summary>A record as one of a snapshot.</summary>
    public static void InSnapshot(ArrayBufferWriter<byte> target, ReadOnlySpan<byte> record)
    {
        Begin(target, RecordKind.InSnapshot);
        target.Write(record);
    }

    public static void SnapshotEnds(ArrayBufferWriter<byte> target, uint records) =>
        Begin(target, RecordKind.SnapshotEnds).UInt32(records);

    public static void SnapshotAbandoned(ArrayBufferWriter<byte> target) => Begin(target, RecordKind.SnapshotAbandoned);

    public static void Published(
        ArrayBufferWriter<byte> target,
        (ulong Session, ushort PacketId) origin,
        TenantId tenant,
        ulong id,
        StoredMessage stored,
        bool retain,
        ReadOnlySpan<RouteTarget> targets)
    {
        var record = Begin(target, origin.PacketId == 0 ? RecordKind.Published : RecordKind.PublishedOnce);
        if (origin.PacketId != 0)
        {
            record.UInt64(origin.Session);
            record.UInt32(origin.PacketId);
        }

        record.Text(tenant.Value);
        record.UInt64(id);
        record.UInt64((ulong)stored.SinceNs);
        record.Byte(retain ? (byte)1 : (byte)0);
        record.UInt32((uint)targets.Length);
        foreach (var one in targets)
        {
            record.UInt64(one.Session.Key);
            record.Byte((byte)(one.Qos | (one.Retain ? 4 : 0) | (one.Share is null ? 0 : 8)));
            record.UInt32((uint)(one.SubscriptionIds?.Count ?? 0));
            for (var i = 0; i < (one.SubscriptionIds?.Count ?? 0); i++)
            {
                record.UInt32(one.SubscriptionIds![i]);
            }

            if (one.Share is not null)
            {
                record.Text(one.Share);
            }
        }

        Packet(target, stored.View);
    }

    /// <summary>Reads the PUBLISH packet back; nothing when it is not one.</summary>
    public static MqttMessage? Message(ReadOnlySpan<byte> packet)
    {
        var sequence = new ReadOnlySequence<byte>(packet.ToArray());
        if (MqttFrame.TryRead(sequence, int.MaxValue, out var frame, out _) != OperationStatus.Done)
        {
            return null;
        }

        var body = packet.Slice(frame.HeaderBytes, frame.BodyBytes);
        return MqttDecoder.TryPublish(body, frame.Flags, MqttVersion.V5, MqttLimits.Standard, out var view, out _)
            ? view.ToMessage(view.TopicText())
            : null;
    }

    private static void Packet(ArrayBufferWriter<byte> target, in MessageView message)
    {
        var delivery = new PublishDelivery
        {
            Qos = message.Qos,
            PacketId = 1,
            Retain = message.Retain,
            ExpirySeconds = message.Properties?.MessageExpiry,
        };
        MqttEncoder.Publish(target, MqttVersion.V5, message, delivery, int.MaxValue);
    }

    private static RecordWriter Begin(ArrayBufferWriter<byte> target, RecordKind kind)
    {
        target.ResetWrittenCount();
        var record = new RecordWriter(target);
        record.Byte((byte)kind);
        return record;
    }

    private static void Pair(ArrayBufferWriter<byte> target, RecordKind kind, ulong first, ulong second)
    {
        var record = Begin(target, kind);
        record.UInt64(first);
        record.UInt64(second);
    }
}
