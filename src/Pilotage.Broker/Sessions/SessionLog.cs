using System.Buffers;
using Pilotage.Broker.Topics;
using Pilotage.Core;
using Pilotage.Core.Durability;
using Pilotage.Protocols.Mqtt;

namespace Pilotage.Broker.Sessions;

/// <summary>
/// The durable side of sessions and retained messages. Every append happens under the exchange's lock, so the order
/// of the records is the order of the changes; awaiting them happens outside.
/// </summary>
internal sealed class SessionLog(CommitLog log) : IAsyncDisposable
{
    // Bytes of one record; the log copies them before an append returns.
    private readonly ArrayBufferWriter<byte> _record = new(1024);
    private readonly ArrayBufferWriter<byte> _marked = new(1024);

    /// <summary>Appended since the last snapshot began, in bytes.</summary>
    public long BytesSinceSnapshot { get; private set; }

    /// <summary>Records between the marks of the last snapshot.</summary>
    public uint SnapshotRecords { get; private set; }

    public ValueTask<long> Opened(Session session)
    {
        SessionRecords.Opened(_record, session);
        return Append();
    }

    public ValueTask<long> Closed(Session session)
    {
        SessionRecords.Closed(_record, session.Key);
        return Append();
    }

    public ValueTask<long> Subscribed(Session session, Subscription subscription)
    {
        SessionRecords.Subscribed(_record, session.Key, subscription);
        return Append();
    }

    public ValueTask<long> Unsubscribed(Session session, string filter)
    {
        SessionRecords.Unsubscribed(_record, session.Key, filter);
        return Append();
    }

    /// <summary>A delivery that was not durable before, under its own number.</summary>
    public ValueTask<long> Published(Session session, Delivery delivery)
    {
        RouteTarget target = new(
            session, delivery.Qos, delivery.Retain, delivery.SubscriptionIds, Share: delivery.Share);
        SessionRecords.Published(_record, default, session.Tenant, delivery.Id, delivery.Stored, false, new(in target));
        return Append();
    }

    /// <summary>A message with its origin, the sender's session and identifier, where that is to be remembered.</summary>
    public ValueTask<long> Published(
        (ulong Session, ushort PacketId) origin,
        TenantId tenant,
        StoredMessage stored,
        bool retain,
        ReadOnlySpan<RouteTarget> targets)
    {
        SessionRecords.Published(_record, origin, tenant, stored.Id, stored, retain, targets);
        return Append();
    }

    /// <summary>PUBCOMP waits for it: an identifier that came back from a crash would swallow the next message.</summary>
    public ValueTask<long> Released(Session session, ushort packetId)
    {
        SessionRecords.Released(_record, session.Key, packetId);
        return Append();
    }

    /// <summary>PUBLISH with QoS 2 waits for it, with QoS 1 it does not.</summary>
    public ValueTask<long> Sent(Session session, Delivery delivery)
    {
        SessionRecords.Sent(_record, session.Key, delivery);
        return Append();
    }

    /// <summary>PUBREL waits for it: after it the client has forgotten that it had the message.</summary>
    public ValueTask<long> Received(Session session, ulong delivery, ushort packetId)
    {
        SessionRecords.Received(_record, session.Key, delivery, packetId);
        return Append();
    }

    /// <summary>Not waited for: without the record PUBREL is sent once more, which changes nothing.</summary>
    public void Completed(Session session, ushort packetId)
    {
        SessionRecords.Completed(_record, session.Key, packetId);
        Unawaited(Append());
    }

    /// <summary>Not waited for where a client that is to stay remembered had sent QoS 2 before it was.</summary>
    public void Unreleased(Session session)
    {
        SessionRecords.Unreleased(_record, session);
        Unawaited(Append());
    }

    /// <summary>Not waited for: identifiers that begin anew are only harder to tell apart.</summary>
    public void Numbered(Session session)
    {
        SessionRecords.Numbered(_record, session);
        Unawaited(Append());
    }

    /// <summary>Not waited for: without the record the session would expire a little later, no more.</summary>
    public void Left(Session session, long atNs)
    {
        SessionRecords.Left(_record, session.Key, atNs);
        Unawaited(Append());
    }

    /// <summary>
    /// Not waited for: without the record the client would get the message once more, which QoS 1 allows.
    /// </summary>
    public void Acknowledged(Session session, ulong message)
    {
        SessionRecords.Acknowledged(_record, session.Key, message);
        Unawaited(Append());
    }

    /// <summary>Not waited for: it stands before the message that took the room, whose ack is waited for.</summary>
    public void Dropped(Session session, ulong message)
    {
        SessionRecords.Dropped(_record, session.Key, message);
        Unawaited(Append());
    }

    /// <summary>Not waited for: until it is on disk a crash loses the will, as it loses the connection.</summary>
    public void WillSet(Session session, WillMessage will)
    {
        SessionRecords.WillSet(_record, session, will);
        Unawaited(Append());
    }

    /// <summary>Not waited for: without the record a will may be published after a crash that was not due.</summary>
    public void WillCleared(Session session)
    {
        SessionRecords.WillCleared(_record, session.Key);
        Unawaited(Append());
    }

    /// <summary>Nobody's answer waits for it; until it is durable a restart takes the jump for time that has passed.</summary>
    public ValueTask<long> ClockMoved(long aheadNs, long atNs)
    {
        SessionRecords.ClockMoved(_record, aheadNs, atNs);
        return Append();
    }

    /// <summary>Begins a snapshot; until it ends nothing else may be appended.</summary>
    public ValueTask<long> BeginSnapshot()
    {
        BytesSinceSnapshot = 0;
        SnapshotRecords = 0;
        SessionRecords.SnapshotOpens(_record);
        return Append();
    }

    public void SnapshotClock(long aheadNs, long atNs)
    {
        SessionRecords.ClockMoved(_record, aheadNs, atNs);
        AppendToSnapshot();
    }

    public void SnapshotOpened(Session session)
    {
        SessionRecords.Opened(_record, session);
        AppendToSnapshot();
    }

    public void SnapshotWill(Session session, WillMessage will)
    {
        SessionRecords.WillSet(_record, session, will);
        AppendToSnapshot();
    }

    public void SnapshotLeft(Session session, long atNs)
    {
        SessionRecords.Left(_record, session.Key, atNs);
        AppendToSnapshot();
    }

    public void SnapshotSubscribed(Session session, Subscription subscription)
    {
        SessionRecords.Subscribed(_record, session.Key, subscription);
        AppendToSnapshot();
    }

    public void SnapshotPublished(
        TenantId tenant, ulong id, StoredMessage stored, bool retain, ReadOnlySpan<RouteTarget> targets)
    {
        SessionRecords.Published(_record, default, tenant, id, stored, retain, targets);
        AppendToSnapshot();
    }

    public void SnapshotSent(Session session, Delivery delivery)
    {
        SessionRecords.Sent(_record, session.Key, delivery);
        AppendToSnapshot();
    }

    public void SnapshotReceived(Session session, ushort packetId)
    {
        SessionRecords.Received(_record, session.Key, 0, packetId);
        AppendToSnapshot();
    }

    public void SnapshotUnreleased(Session session)
    {
        SessionRecords.Unreleased(_record, session);
        AppendToSnapshot();
    }

    public void SnapshotNumbered(Session session)
    {
        SessionRecords.Numbered(_record, session);
        AppendToSnapshot();
    }

    /// <summary>Ends a snapshot.</summary>
    public ValueTask<long> EndSnapshot()
    {
        SessionRecords.SnapshotEnds(_record, SnapshotRecords);
        return Append();
    }

    /// <summary>Forgets what stands before a snapshot that is whole and durable.</summary>
    public ValueTask TrimBeforeAsync(long sequence) => log.TrimBeforeAsync(sequence);

    /// <summary>Reads everything back, at start.</summary>
    /// <param name="releasedMax">How many released identifiers are kept in mind for each session.</param>
    public SessionImage Recover(int releasedMax)
    {
        var image = new SessionImage(releasedMax);
        foreach (var record in log.Read(log.FirstSequence))
        {
            image.Apply(record.Payload.Span);
            BytesSinceSnapshot += record.Payload.Length;
        }

        if (image.EndReading())
        {
            SessionRecords.SnapshotAbandoned(_record);
            Unawaited(Append());
        }

        return image;
    }

    /// <summary>Whether the log has met a failed write or sync.</summary>
    public bool Failed => log.Failed;

    /// <summary>What failed, in a sentence; null while nothing has.</summary>
    public string? Failure => log.Failure;

    public ValueTask DisposeAsync() => log.DisposeAsync();

    /// <summary>
    /// For appends whose failure needs no answer here: the log counts it, and it shows wherever one is waited for.
    /// </summary>
    public static void Unawaited(ValueTask<long> append) => _ = append;

    private void AppendToSnapshot()
    {
        SnapshotRecords++;
        SessionRecords.InSnapshot(_marked, _record.WrittenSpan);
        Unawaited(Append(_marked));
    }

    private ValueTask<long> Append() => Append(_record);

    private ValueTask<long> Append(ArrayBufferWriter<byte> record)
    {
        BytesSinceSnapshot += record.WrittenCount;
        try
        {
            return log.AppendAsync(record.WrittenMemory, CancellationToken.None);
        }
        catch (Exception closed) when (closed is CommitLogFailedException or ObjectDisposedException)
        {
            // Told to whoever waits, never to whoever holds the lock.
            return ValueTask.FromException<long>(new IOException(closed.Message, closed));
        }
    }
}
