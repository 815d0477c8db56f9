using Pilotage.Core;
using Pilotage.Protocols.Mqtt;

namespace Pilotage.Broker.Sessions;

/// <content>Sessions come, are taken over, and go.</content>
internal sealed partial class Exchange
{
    /// <summary>Whether a client has a session, connected or not.</summary>
    public bool Has(TenantId tenant, string clientId)
    {
        lock (_gate)
        {
            return _spaces.TryGetValue(tenant, out var space) && space.Sessions.ContainsKey(clientId);
        }
    }

    /// <summary>
    /// Binds a connection to its session, taking it from another connection if need be. Until the connection opens its
    /// window nothing is sent on it.
    /// </summary>
    public Attachment Attach(
        ClientIdentity who, ConnectPacket packet, QueueOverflow overflow, uint expirySeconds, ISessionLink link)
    {
        lock (_gate)
        {
            var space = Space(who.Tenant);
            if (space.Sessions.TryGetValue(who.ClientId, out var session))
            {
                TakeOver(session, ends: packet.CleanStart);
                if (session.IsOnlyWill)
                {
                    // The client is back in time, and there is nothing else to resume.
                    ClearWill(session);
                    SessionLog.Unawaited(Remove(space, session));
                    session = null;
                }
                else if (packet.CleanStart || session.ExpiresAt <= Now)
                {
                    // Its time is up, whether or not the sweep has come by (MQTT-4.1.0-2), or the client wants it gone.
                    SessionLog.Unawaited(Remove(space, session));
                    session = null;
                }
            }

            var present = session is not null;
            if (session is null)
            {
                session = new(++_lastSession, who.Tenant, who.ClientId);
                session.Join(space.Queued);
                space.Sessions.Add(who.ClientId, session);
                BrokerMetrics.Sessions(1);
            }

            session.Link = link;
            session.Identity = who;
            session.Version = packet.Version;
            session.Overflow = overflow;
            session.ExpiresAt = null;
            SetWill(session, packet.Will);
            return new(session, present, ChangeExpiry(session, expirySeconds));
        }
    }

    /// <summary>The connection is gone. Without a DISCONNECT of the client's own its will is due.</summary>
    /// <param name="session">The connection's session.</param>
    /// <param name="link">The connection; nothing happens when another has taken the session over.</param>
    /// <param name="keepsWill">Whether the will is to be published.</param>
    /// <param name="expirySeconds">A new expiry, if DISCONNECT brought one.</param>
    /// <returns>Whether the client is gone, as opposed to being served by another connection already.</returns>
    public bool Detach(Session session, ISessionLink link, bool keepsWill, uint? expirySeconds)
    {
        lock (_gate)
        {
            if (session.Link != link)
            {
                var sessions = Space(session.Tenant).Sessions;
                return !sessions.TryGetValue(session.ClientId, out var present) || present.Link is null;
            }

            session.Link = null;
            session.LastEnd = EndOf(link);
            session.TakeBack();
            if (!keepsWill)
            {
                ClearWill(session);
            }

            if (expirySeconds is { } changed && changed != session.ExpirySeconds)
            {
                SessionLog.Unawaited(ChangeExpiry(session, changed));
            }

            if (!session.Durable)
            {
                SessionLog.Unawaited(Remove(Space(session.Tenant), session));
                return true;
            }

            log.Left(session, AgeNs);
            StartCounting(session);
            if (Space(session.Tenant) is { Groups.Count: > 0 } space)
            {
                PassOnWaiting(space, session, filter: null);
            }

            return true;
        }
    }

    /// <summary>Ends a session from outside, with all it holds; completes when that is durable.</summary>
    public ValueTask<long> Cut(TenantId tenant, string clientId, MqttReason reason)
    {
        lock (_gate)
        {
            var space = Space(tenant);
            if (!space.Sessions.TryGetValue(clientId, out var session))
            {
                return default;
            }

            session.Link?.End(reason, "cut by the operator");
            session.Link = null;
            ClearWill(session);
            return Remove(space, session);
        }
    }

    /// <summary>Ends what has waited long enough: sessions past their expiry, wills past their delay.</summary>
    public void Sweep()
    {
        lock (_gate)
        {
            var now = Now;
            NoteClock();
            foreach (var space in _spaces.Values)
            {
                List<Session>? ended = null;
                foreach (var session in space.Sessions.Values)
                {
                    if (session.WillAt <= now)
                    {
                        PublishWill(session);
                    }

                    if (session.ExpiresAt <= now)
                    {
                        (ended ??= []).Add(session);
                    }
                    else if (session.HasUnsent)
                    {
                        // What a full disk has held back is tried again.
                        Pump(session);
                    }
                }

                foreach (var session in ended ?? [])
                {
                    SessionLog.Unawaited(Remove(space, session));
                }
            }
        }
    }

    private ConnectionEnd EndOf(ISessionLink link)
    {
        var (reason, why) = link.Ending;
        return new(BrokerClock.Ns(time), reason, why);
    }

    private void TakeOver(Session session, bool ends)
    {
        if (session.Link is { } old)
        {
            session.Link = null;
            session.TakeBack();
            old.End(MqttReason.SessionTakenOver, "another connection has taken the session over");
            session.LastEnd = EndOf(old);

            // With a delay, the new connection comes in time to spare the will (MQTT 5.0, section 3.1.3.2.2).
            if (ends || session.Will?.DelaySeconds == 0)
            {
                PublishWill(session);
            }
        }
    }

    private void StartCounting(Session session)
    {
        var now = Now;
        session.ExpiresAt = session.ExpirySeconds == Session.NeverExpires
            ? null
            : now + TimeSpan.FromSeconds(session.ExpirySeconds);
        if (session.Will is { } will)
        {
            if (will.DelaySeconds == 0)
            {
                PublishWill(session);
            }
            else
            {
                session.WillAt = now + TimeSpan.FromSeconds(Math.Min(will.DelaySeconds, session.ExpirySeconds));
            }
        }
    }

    private void PublishWill(Session session)
    {
        if (session.Will is { } will)
        {
            _dueWills.Add(new(session.Identity, will.Message));
        }

        ClearWill(session);
    }

    private void SetWill(Session session, WillMessage? will)
    {
        ClearWill(session);
        session.Will = will;
        if (will is not null)
        {
            log.WillSet(session, will);
        }
    }

    private void ClearWill(Session session)
    {
        session.WillAt = null;
        if (session.Will is not null)
        {
            session.Will = null;
            log.WillCleared(session);
        }
    }

    private ValueTask<long> Remove(TenantSpace space, Session session)
    {
        // The end of the session is also the end of the will's delay (MQTT-3.1.3-9).
        PublishWill(session);
        space.Sessions.Remove(session.ClientId);
        foreach (var filter in session.Subscriptions.Keys)
        {
            space.Unsubscribe(session, filter);
        }

        if (space.Groups.Count > 0)
        {
            PassOnEverything(space, session);
        }

        session.Leave();
        BrokerMetrics.Sessions(-1);
        return session.Durable ? log.Closed(session) : default;
    }

    private ValueTask<long> ChangeExpiry(Session session, uint seconds)
    {
        var was = session.Durable;
        session.ExpirySeconds = seconds;
        if (!session.Durable)
        {
            return was ? log.Closed(session) : default;
        }

        var opened = log.Opened(session);
        if (was)
        {
            return opened;
        }

        // What the session gathered while it was to end with its connection now has to last.
        foreach (var subscription in session.Subscriptions.Values)
        {
            SessionLog.Unawaited(opened);
            opened = log.Subscribed(session, subscription);
        }

        foreach (var delivery in session.Inflight.Concat(session.Waiting.All()))
        {
            SessionLog.Unawaited(opened);
            opened = log.Published(session, delivery);
        }

        return RecordOnce(session, opened);
    }

    /// <summary>The same for what is under way.</summary>
    private ValueTask<long> RecordOnce(Session session, ValueTask<long> opened)
    {
        foreach (var delivery in session.Inflight)
        {
            SessionLog.Unawaited(opened);
            opened = log.Sent(session, delivery);
        }

        foreach (var release in session.Releases)
        {
            SessionLog.Unawaited(opened);
            opened = log.Received(session, 0, release.PacketId);
        }

        if (session.IncomingCount > 0)
        {
            log.Unreleased(session);
        }

        if (session.HasNumbers)
        {
            log.Numbered(session);
        }

        return opened;
    }
}
