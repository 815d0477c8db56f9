using Pilotage.Core;

namespace Pilotage.Broker.Sessions;

/// <summary>The state that a session log tells, record by record. Records about unknown sessions are left aside:
/// they stand before a snapshot whose older part has been trimmed.</summary>
internal sealed class SessionImage(int releasedMax)
{
    // More records than a snapshot has: what has no end is not whole.
    private const uint Endless = uint.MaxValue;
    private State _state = new();
    private State? _snapshot;
    private bool _isMarked;
    private bool _anyBefore;

    /// <summary>Every durable session, its waiting messages by message id.</summary>
    public IEnumerable<(Session Session, long? LeftNs)> Sessions =>
        _state.Sessions.Values.Select(kept => (kept.Restore(), kept.LeftNs));

    /// <summary>Every retained message.</summary>
    public IEnumerable<(TenantId Tenant, StoredMessage Stored)> Retained =>
        _state.Retained.Select(pair => (pair.Key.Tenant, pair.Value));

    /// <summary>Wills of clients that were connected when the log ended.</summary>
    public IReadOnlyDictionary<ulong, RestoredWill> Wills => _state.Wills;

    /// <summary>The highest session number seen.</summary>
    public ulong LastSession { get; private set; }

    /// <summary>The highest message id seen.</summary>
    public ulong LastMessage { get; private set; }

    /// <summary>How far the wall clock was ahead of the clock that lives are counted by.</summary>
    public long AheadNs => _state.AheadNs;

    /// <summary>The latest reading of that clock.</summary>
    public long LatestNs { get; private set; }

    /// <summary>Records that could not be read.</summary>
    public int Unreadable { get; private set; }

    public void Apply(ReadOnlySpan<byte> bytes)
    {
        var record = new RecordReader(bytes);
        var kind = (RecordKind)record.Byte();
        switch (kind)
        {
            case RecordKind.SnapshotBegins or RecordKind.SnapshotOpens:
                _snapshot = new();
                _isMarked = kind == RecordKind.SnapshotOpens;
                return;
            case RecordKind.SnapshotAbandoned:
                _snapshot = null;
                return;
            case RecordKind.SnapshotEnds:
                EndSnapshot(record.UInt32());
                return;
            case RecordKind.InSnapshot:
                Change((RecordKind)record.Byte(), ref record);
                return;
            default:
                if (_isMarked)
                {
                    // A full disk refused the end of the snapshot, and this came after it.
                    EndSnapshot(Endless);
                }

                Change(kind, ref record);
                return;
        }
    }

    /// <summary>Ends the reading; true when a snapshot without an end stands last, and what comes next would be taken for a part of it.</summary>
    public bool EndReading()
    {
        var isOpen = _snapshot is not null && !_isMarked;
        EndSnapshot(Endless);
        return isOpen;
    }

    private void EndSnapshot(uint records)
    {
        // An incomplete snapshot counts only where nothing older is left to fall back on.
        if (_snapshot is not null && (_snapshot.Records == records || !_anyBefore))
        {
            _state = _snapshot;
            _anyBefore = true;
        }

        _snapshot = null;
        _isMarked = false;
    }

    private void Change(RecordKind kind, ref RecordReader record)
    {
        var state = _snapshot ?? _state;
        state.Records++;
        _anyBefore |= _snapshot is null;
        Change(state, kind, ref record);
        Unreadable += record.Failed ? 1 : 0;
    }

    private void Change(State state, RecordKind kind, ref RecordReader record)
    {
        switch (kind)
        {
            case RecordKind.SessionOpened:
                Open(state, ref record);
                break;
            case RecordKind.SessionClosed:
                state.Sessions.Remove(record.UInt64());
                break;
            case RecordKind.SessionLeft:
                Leave(state, ref record);
                break;
            case RecordKind.Subscribed:
                Subscribe(state, ref record);
                break;
            case RecordKind.Unsubscribed:
                Unsubscribe(state, ref record);
                break;
            case RecordKind.Published:
                Publish(state, ref record);
                break;
            case RecordKind.PublishedOnce:
                PublishOnce(state, ref record);
                break;
            case RecordKind.Released or RecordKind.Sent or RecordKind.Received or RecordKind.Completed
                or RecordKind.Unreleased or RecordKind.Numbered:
                AdvanceOnce(state, kind, ref record);
                break;
            case RecordKind.Acknowledged:
                Take(state, ref record, dropped: 0);
                break;
            case RecordKind.Dropped:
                Take(state, ref record, dropped: 1);
                break;
            case RecordKind.ClockMoved:
                MoveClock(state, ref record);
                break;
            case RecordKind.WillSet:
                SetWill(state, ref record);
                break;
            case RecordKind.WillCleared:
                state.Wills.Remove(record.UInt64());
                break;
            default:
                Unreadable++;
                break;
        }
    }

    private void SetWill(State state, ref RecordReader record)
    {
        var key = record.UInt64();
        var tenant = new TenantId(record.Text());
        var clientId = record.Text();
        var device = record.Text();
        var who = new ClientIdentity(
            tenant, clientId, device.Length == 0 ? null : new DeviceId(device), record.Text(), record.Text());
        var delay = record.UInt32();
        if (!record.Failed && SessionRecords.Message(record.Rest) is { } message)
        {
            LastSession = Math.Max(LastSession, key);
            state.Wills[key] = new(who, new(message, delay));
        }
    }

    private void Open(State state, ref RecordReader record)
    {
        var key = record.UInt64();
        var tenant = new TenantId(record.Text());
        var clientId = record.Text();
        var expiry = record.UInt32();
        var overflow = (QueueOverflow)record.Byte();
        var dropped = (long)record.UInt64();
        if (record.Failed)
        {
            return;
        }

        LastSession = Math.Max(LastSession, key);
        if (!state.Sessions.TryGetValue(key, out var kept))
        {
            kept = new(new(key, tenant, clientId));
            state.Sessions.Add(key, kept);
        }

        kept.Session.ExpirySeconds = expiry;
        kept.Session.Overflow = overflow;
        kept.Session.Dropped = dropped;
        kept.LeftNs = null;
    }

    private void MoveClock(State state, ref RecordReader record)
    {
        var (aheadNs, atNs) = ((long)record.UInt64(), (long)record.UInt64());
        if (!record.Failed)
        {
            state.AheadNs = aheadNs;
            LatestNs = Math.Max(LatestNs, atNs);
        }
    }

    private void Leave(State state, ref RecordReader record)
    {
        if (state.Sessions.TryGetValue(record.UInt64(), out var kept))
        {
            var at = (long)record.UInt64();
            kept.LeftNs = record.Failed ? null : at;
            LatestNs = Math.Max(LatestNs, at);
        }
    }

    private static void Subscribe(State state, ref RecordReader record)
    {
        var key = record.UInt64();
        var filter = record.Text();
        var options = record.Byte();
        var identifier = record.UInt32();
        if (!record.Failed && state.Sessions.TryGetValue(key, out var kept))
        {
            kept.Session.Subscriptions[filter] = new(
                filter,
                (byte)(options & 3),
                (options & 4) != 0,
                (options & 8) != 0,
                (byte)(options >> 4),
                identifier == 0 ? null : identifier);
        }
    }

    private static void Unsubscribe(State state, ref RecordReader record)
    {
        if (state.Sessions.TryGetValue(record.UInt64(), out var kept))
        {
            kept.Session.Subscriptions.Remove(record.Text());
        }
    }

    private static void Take(State state, ref RecordReader record, int dropped)
    {
        if (state.Sessions.TryGetValue(record.UInt64(), out var kept))
        {
            kept.Waiting.Remove(record.UInt64());
            kept.Session.Dropped += dropped;
        }
    }

    private void PublishOnce(State state, ref RecordReader record)
    {
        var known = state.Sessions.TryGetValue(record.UInt64(), out var sender);
        var packetId = (ushort)record.UInt32();
        if (known && !record.Failed)
        {
            sender!.Session.Incoming[packetId] = IncomingState.Restored;
        }

        Publish(state, ref record);
    }

    /// <summary>The steps of QoS 2 in both directions, and of QoS 1 to clients.</summary>
    private void AdvanceOnce(State state, RecordKind kind, ref RecordReader record)
    {
        if (!state.Sessions.TryGetValue(record.UInt64(), out var kept))
        {
            return;
        }

        switch (kind)
        {
            case RecordKind.Released:
                var released = (ushort)record.UInt64();
                kept.Session.Incoming[released] = IncomingState.None;
                kept.Session.Release(released, releasedMax);
                break;
            case RecordKind.Numbered:
                kept.Session.RestoreLast((ushort)record.UInt32());
                for (var left = record.UInt32(); left > 0 && !record.Failed; left--)
                {
                    kept.Session.Release((ushort)record.UInt32(), releasedMax);
                }

                break;
            case RecordKind.Unreleased:
                for (var left = record.UInt32(); left > 0 && !record.Failed; left--)
                {
                    kept.Session.Incoming[(ushort)record.UInt32()] = IncomingState.Restored;
                }

                break;
            case RecordKind.Sent:
                var delivery = record.UInt64();
                kept.Send(delivery, (ushort)record.UInt32());
                break;
            case RecordKind.Received:
                kept.Waiting.Remove(record.UInt64());
                kept.Releases.Add((ushort)record.UInt32());
                break;
            default:
                kept.Releases.Remove((ushort)record.UInt64());
                break;
        }
    }

    private void Publish(State state, ref RecordReader record)
    {
        var tenant = new TenantId(record.Text());
        var id = record.UInt64();
        var sinceNs = (long)record.UInt64();
        var retain = record.Byte() == 1;
        var targets = new List<(KeptSession Kept, byte Flags, List<uint>? Ids, string? Share)>();
        for (var left = record.UInt32(); left > 0 && !record.Failed; left--)
        {
            var known = state.Sessions.TryGetValue(record.UInt64(), out var kept);
            var flags = record.Byte();
            List<uint>? ids = null;
            for (var more = record.UInt32(); more > 0 && !record.Failed; more--)
            {
                (ids ??= []).Add(record.UInt32());
            }

            var share = (flags & 8) != 0 ? record.Text() : null;
            if (known)
            {
                targets.Add((kept!, flags, ids, share));
            }
        }

        LastMessage = Math.Max(LastMessage, id + (ulong)targets.Count);
        if (record.Failed || SessionRecords.Message(record.Rest) is not { } message)
        {
            Unreadable += record.Failed ? 0 : 1;
            return;
        }

        LatestNs = Math.Max(LatestNs, sinceNs);
        var stored = new StoredMessage(id, message, sinceNs);
        foreach (var (kept, flags, ids, share) in targets)
        {
            // A session's second delivery of the message has the next number, and so on.
            var own = id;
            while (kept.Waiting.TryGetValue(own, out var taken) && ReferenceEquals(taken.Stored, stored))
            {
                own++;
            }

            var delivery = new Delivery();
            delivery.Begin(stored, own, new(kept.Session, (byte)(flags & 3), (flags & 4) != 0, ids, Share: share));
            kept.Waiting[own] = delivery;
        }

        if (retain)
        {
            state.Retain(tenant, stored);
        }
    }

    private sealed class State
    {
        public uint Records { get; set; }

        public long AheadNs { get; set; }

        public Dictionary<ulong, KeptSession> Sessions { get; } = [];

        public Dictionary<ulong, RestoredWill> Wills { get; } = [];

        public Dictionary<(TenantId Tenant, string Topic), StoredMessage> Retained { get; } = [];

        public void Retain(TenantId tenant, StoredMessage stored)
        {
            if (stored.Payload.IsEmpty)
            {
                Retained.Remove((tenant, stored.Topic));
            }
            else
            {
                Retained[(tenant, stored.Topic)] = stored;
            }
        }
    }

    private sealed class KeptSession(Session session)
    {
        public Session Session { get; } = session;

        public Dictionary<ulong, Delivery> Waiting { get; } = [];

        /// <summary>Identifiers that wait for PUBCOMP, in the order of PUBREC.</summary>
        public List<ushort> Releases { get; } = [];

        public long? LeftNs { get; set; }

        private Dictionary<ushort, ulong> Numbered { get; } = [];

        /// <summary>
        /// An identifier names one message at a time: whatever had it before was done with, even where a full disk did not
        /// take the record of that.
        /// </summary>
        public void Send(ulong id, ushort packetId)
        {
            if (packetId == 0)
            {
                if (Waiting.TryGetValue(id, out var unsure))
                {
                    unsure.Duplicate = true;
                }

                return;
            }

            Session.RestoreLast(packetId);
            Releases.Remove(packetId);
            if (Numbered.TryGetValue(packetId, out var before) && before != id)
            {
                Waiting.Remove(before);
            }

            Numbered[packetId] = id;
            if (Waiting.TryGetValue(id, out var delivery))
            {
                delivery.PacketId = packetId;
            }
        }

        /// <summary>Fills the queue; ids rise with time, so their order is the order of publication.</summary>
        public Session Restore()
        {
            foreach (var packetId in Releases)
            {
                Session.RestoreRelease(packetId);
            }

            foreach (var delivery in Waiting.OrderBy(pair => pair.Key).Select(pair => pair.Value))
            {
                Session.Restore(delivery);
            }

            Waiting.Clear();
            return Session;
        }
    }
}
