using Pilotage.Core;

namespace Pilotage.Broker.Sessions;

/// <content>The session log read back at start, and rewritten when it has grown.</content>
internal sealed partial class Exchange
{
    private (Task Stored, long AheadNs)? _clockNote;

    /// <summary>Takes the state that the log tells; sessions start counting towards their expiry.</summary>
    public void Restore(SessionImage image)
    {
        lock (_gate)
        {
            _lastSession = image.LastSession;
            _lastMessage = image.LastMessage;
            _age.GoOn(image.AheadNs, image.LatestNs);
            foreach (var (tenant, stored) in image.Retained)
            {
                Space(tenant).Retained.Set(stored);
            }

            var nowNs = AgeNs;
            foreach (var (session, leftNs) in image.Sessions)
            {
                var space = Space(session.Tenant);
                space.Sessions.Add(session.ClientId, session);
                session.Join(space.Queued);
                BrokerMetrics.Sessions(1);
                foreach (var subscription in session.Subscriptions.Values)
                {
                    space.Subscribe(session, subscription);
                }

                if (leftNs is null)
                {
                    // Connected when the process ended; it is away from now on, for the next restart too.
                    foreach (var delivery in session.MarkUnsure(options.InflightMax))
                    {
                        SessionLog.Unawaited(log.Sent(session, delivery));
                    }

                    log.Left(session, nowNs);
                }

                StartCounting(session);
                session.ExpiresAt -= Away(leftNs, nowNs, session.ExpirySeconds);
            }

            foreach (var (key, restored) in image.Wills)
            {
                Restore(key, restored);
            }
        }
    }

    /// <summary>
    /// Rewrites the log when it has grown past the option and to twice its contents; answers once the old part is gone.
    /// </summary>
    public async ValueTask CompactAsync()
    {
        ValueTask<long> begin;
        ValueTask<long> end;
        uint records;
        lock (_gate)
        {
            if (log.BytesSinceSnapshot < options.CompactAfterBytes || log.BytesSinceSnapshot < 2 * LiveBytes())
            {
                return;
            }

            begin = log.BeginSnapshot();
            WriteSnapshot();
            records = log.SnapshotRecords;
            end = log.EndSnapshot();
        }

        // Between the marks stand exactly the snapshot's records, unless the disk was full for some of them: then the
        // snapshot is void, recovery sees that too, and the old part stays.
        var first = await begin;
        if (await end - first == records + 1)
        {
            await log.TrimBeforeAsync(first);
            BrokerMetrics.Compacted();
        }
    }

    /// <summary>
    /// Whoever was connected when the process died has lost its connection: its will is due, unless it comes back. A
    /// session that was to end with its connection is gone; of it there is only the will.
    /// </summary>
    private void Restore(ulong key, RestoredWill restored)
    {
        var space = Space(restored.Who.Tenant);
        var sessions = space.Sessions;
        var isThere = sessions.TryGetValue(restored.Who.ClientId, out var session);
        var left = TimeSpan.FromSeconds(restored.Will.DelaySeconds) - (isThere ? Away(session!) : TimeSpan.Zero);
        var due = Now + (left > options.RestoredWillDelay ? left : options.RestoredWillDelay);
        if (session is null)
        {
            session = new(key, restored.Who.Tenant, restored.Who.ClientId) { ExpiresAt = due };
            session.Join(space.Queued);
            sessions.Add(restored.Who.ClientId, session);
            BrokerMetrics.Sessions(1);
        }

        session.Identity = restored.Who;
        session.Will = restored.Will;
        session.WillAt = due;
    }

    /// <summary>
    /// Tells the log when the wall clock has been set, so that a restart does not take that for time gone by; again until it
    /// is durable, since a full disk may refuse it.
    /// </summary>
    private void NoteClock()
    {
        if (_clockNote is { Stored.IsCompleted: true } note)
        {
            _clockNote = null;
            if (note.Stored.IsCompletedSuccessfully)
            {
                _age.Noted(note.AheadNs);
            }
        }

        if (_clockNote is null && _age.HasMoved)
        {
            var aheadNs = _age.AheadNs;
            _clockNote = (log.ClockMoved(aheadNs, AgeNs).AsTask(), aheadNs);
        }
    }

    private static TimeSpan Away(long? leftNs, long nowNs, uint expirySeconds)
    {
        const double NsPerSecond = 1e9;
        return leftNs is { } left
            ? TimeSpan.FromSeconds(Math.Clamp((nowNs - left) / NsPerSecond, 0, expirySeconds))
            : TimeSpan.Zero;
    }

    private long LiveBytes() => _spaces.Values.Sum(space =>
        space.Retained.Bytes + space.Sessions.Values.Where(s => s.Durable).Sum(s => s.QueuedBytes));

    private void WriteSnapshot()
    {
        var nowNs = AgeNs;
        log.SnapshotClock(_age.AheadNs, nowNs);
        var waiting = new SortedDictionary<ulong, (TenantId Tenant, StoredMessage Stored, List<RouteTarget> Targets)>();
        foreach (var (tenant, space) in _spaces)
        {
            foreach (var session in space.Sessions.Values)
            {
                if (session.Will is { } will)
                {
                    log.SnapshotWill(session, will);
                }

                if (!session.Durable)
                {
                    continue;
                }

                log.SnapshotOpened(session);
                foreach (var subscription in session.Subscriptions.Values)
                {
                    log.SnapshotSubscribed(session, subscription);
                }

                if (session.Link is null)
                {
                    log.SnapshotLeft(session, nowNs - (long)Away(session).TotalNanoseconds);
                }

                Gather(tenant, session, waiting);
            }

            foreach (var stored in space.Retained.All())
            {
                log.SnapshotPublished(tenant, stored.Id, stored, retain: true, []);
            }
        }

        foreach (var (id, (tenant, stored, targets)) in waiting)
        {
            log.SnapshotPublished(tenant, id, stored, retain: false, targets.ToArray());
        }

        foreach (var session in _spaces.Values.SelectMany(space => space.Sessions.Values).Where(s => s.Durable))
        {
            SnapshotOnce(session);
        }
    }

    /// <summary>What is under way, in both directions; stands after the messages.</summary>
    private void SnapshotOnce(Session session)
    {
        foreach (var delivery in session.Inflight.Concat(session.Waiting.All().Where(waiting => waiting.Duplicate)))
        {
            log.SnapshotSent(session, delivery);
        }

        foreach (var release in session.Releases)
        {
            log.SnapshotReceived(session, release.PacketId);
        }

        if (session.IncomingCount > 0)
        {
            log.SnapshotUnreleased(session);
        }

        if (session.HasNumbers)
        {
            log.SnapshotNumbered(session);
        }
    }

    private static void Gather(
        TenantId tenant,
        Session session,
        SortedDictionary<ulong, (TenantId Tenant, StoredMessage Stored, List<RouteTarget> Targets)> into)
    {
        foreach (var delivery in session.Inflight.Concat(session.Waiting.All()))
        {
            if (!into.TryGetValue(delivery.Id, out var entry))
            {
                entry = (tenant, delivery.Stored, []);
                into.Add(delivery.Id, entry);
            }

            entry.Targets.Add(new(
                session, delivery.Qos, delivery.Retain, delivery.SubscriptionIds, Share: delivery.Share));
        }
    }

    /// <summary>How long the session has been without a connection.</summary>
    private TimeSpan Away(Session session) => session.ExpiresAt is { } at
        ? TimeSpan.FromSeconds(session.ExpirySeconds) - (at - Now)
        : TimeSpan.Zero;
}
