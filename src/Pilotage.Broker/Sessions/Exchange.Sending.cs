using System.Threading.Channels;

namespace Pilotage.Broker.Sessions;

/// <content>Messages out to one client, and its acknowledgements.</content>
internal sealed partial class Exchange
{
    // Holds at most what is in the windows of lasting sessions, since nothing else waits for its record.
    private readonly Channel<LogStep> _steps = Channel.CreateUnbounded<LogStep>(new() { SingleReader = true });

    /// <summary>Sends what waits, as far as the client's window and the connection's room reach.</summary>
    public void Pump(Session session, ISessionLink link)
    {
        lock (_gate)
        {
            if (session.Link == link)
            {
                Pump(session);
            }
        }
    }

    /// <summary>PUBACK.</summary>
    public AckOutcome Acknowledge(Session session, ISessionLink link, ushort packetId)
    {
        lock (_gate)
        {
            if (session.Link != link || session.Find(packetId) is not (>= 0 and var place))
            {
                return AckOutcome.Unknown;
            }

            if (session.Inflight[place].Qos != 1)
            {
                return AckOutcome.WrongKind;
            }

            End(session, place);
            return AckOutcome.Done;
        }
    }

    /// <summary>
    /// PUBREC. A refused message is done with (MQTT-4.3.3-4); a received one goes on with PUBREL, once that is durable.
    /// </summary>
    public AckOutcome Receive(Session session, ISessionLink link, ushort packetId, bool refused)
    {
        lock (_gate)
        {
            if (session.Link != link)
            {
                return AckOutcome.Done;
            }

            var place = session.Find(packetId);
            if (place < 0)
            {
                return AnswerAgain(session, packetId);
            }

            var delivery = session.Inflight[place];
            if (delivery.Qos != 2)
            {
                return AckOutcome.WrongKind;
            }

            if (refused)
            {
                End(session, place);
                return AckOutcome.Done;
            }

            var release = _pool.Take(packetId);
            session.Receive(place, release);
            release.Ready = !session.Durable;
            if (session.Durable)
            {
                Record(session, release, log.Received(session, delivery.Id, packetId));
            }

            _pool.LetGo(delivery);
            Pump(session);
            return AckOutcome.Done;
        }
    }

    /// <summary>PUBCOMP; one that nobody waits for crossed a restart, and harms nobody.</summary>
    public void Complete(Session session, ISessionLink link, ushort packetId)
    {
        lock (_gate)
        {
            if (session.Link == link && session.Complete(packetId) is { } release)
            {
                _pool.LetGo(release);
                if (session.Durable)
                {
                    log.Completed(session, packetId);
                }

                Pump(session);
            }
        }
    }

    /// <summary>Lets packets leave once their records are durable, until <see cref="EndSteps"/>.</summary>
    public async Task RunStepsAsync()
    {
        while (await _steps.Reader.WaitToReadAsync(CancellationToken.None))
        {
            while (_steps.Reader.TryRead(out var step))
            {
                await FinishAsync(step);
            }
        }
    }

    /// <summary>No more steps will come: the log is closed.</summary>
    public void EndSteps() => _steps.Writer.TryComplete();

    private async ValueTask FinishAsync(LogStep step)
    {
        var durable = true;
        try
        {
            await step.Stored;
        }
        catch (IOException)
        {
            // The disk refused; the next pump tries again.
            durable = false;
        }

        lock (_gate)
        {
            step.Packet.Recording = false;
            step.Packet.Ready = durable;
            if (durable)
            {
                Pump(step.Session);
            }
        }
    }

    private static AckOutcome AnswerAgain(Session session, ushort packetId)
    {
        // PUBREC once more: PUBREL was lost on the way, or is still to be recorded.
        foreach (var release in session.Releases)
        {
            if (release.PacketId == packetId)
            {
                if (release.OnWire)
                {
                    session.Link!.TryRelease(packetId);
                }

                return AckOutcome.Done;
            }
        }

        return AckOutcome.Unknown;
    }

    private void End(Session session, int place)
    {
        var delivery = session.Inflight[place];
        session.Remove(place);
        if (session.Durable)
        {
            log.Acknowledged(session, delivery.Id);
        }

        _pool.LetGo(delivery);
        Pump(session);
    }

    private void Pump(Session session)
    {
        if (session.Link is not { SendWindow: > 0 } link)
        {
            return;
        }

        if (session.UnsentReleases > 0 && !SendReleases(session, link))
        {
            return;
        }

        if (session.Waiting.Count > 0)
        {
            Admit(session, link.SendWindow);
        }

        while (session.OnWire < session.Inflight.Count && session.OnWire + session.Releases.Count < link.SendWindow)
        {
            var next = session.Inflight[session.OnWire];
            var handed = IsReady(session, next) ? link.TryDeliver(next) : Handing.NoRoom;
            if (handed == Handing.NoRoom)
            {
                // The record's completion, or the link that has room again, pumps again.
                return;
            }

            if (handed == Handing.Done)
            {
                RecordSent(session, next);
                session.Sent();
            }
            else
            {
                Discard(session, next);
            }
        }
    }

    /// <summary>
    /// QoS 1 does not wait for the record of its identifier: what a crash leaves unrecorded comes again under another, which
    /// harms nobody, since a receiver of QoS 1 remembers none.
    /// </summary>
    private void RecordSent(Session session, Delivery delivery)
    {
        if (delivery.Qos == 1 && session.Durable && !delivery.Ready)
        {
            delivery.Ready = true;
            SessionLog.Unawaited(log.Sent(session, delivery));
        }
    }

    /// <summary>A message that cannot be sent to this client counts as sent and acknowledged (MQTT-3.1.2-25).</summary>
    private void Discard(Session session, Delivery delivery)
    {
        session.Remove(session.OnWire);
        BrokerMetrics.Dropped(TooLarge);
        if (session.Durable)
        {
            log.Acknowledged(session, delivery.Id);
        }

        _pool.LetGo(delivery);
        if (session.Waiting.Count > 0)
        {
            Admit(session, session.Link!.SendWindow);
        }
    }

    /// <summary>PUBREL goes before anything new; false when there is no room for more.</summary>
    private bool SendReleases(Session session, ISessionLink link)
    {
        foreach (var release in session.Releases)
        {
            if (release.OnWire)
            {
                continue;
            }

            if (!release.Ready && !release.Recording)
            {
                // An earlier attempt met a full disk. The message itself is known to be gone: 0 is no delivery.
                Record(session, release, log.Received(session, 0, release.PacketId));
            }

            if (!release.Ready)
            {
                continue;
            }

            if (!link.TryRelease(release.PacketId))
            {
                return false;
            }

            session.Sent(release);
        }

        return true;
    }

    private void Admit(Session session, int window)
    {
        while (session.Waiting.Count > 0 && session.Inflight.Count + session.Releases.Count < window)
        {
            if (!DropExpired(session))
            {
                session.Admit();
            }
        }
    }

    /// <summary>Takes the oldest waiting message off if it has expired.</summary>
    private bool DropExpired(Session session)
    {
        var oldest = session.Waiting.Peek().Stored;
        if (oldest.Properties?.MessageExpiry is null || !oldest.IsExpired(AgeNs))
        {
            return false;
        }

        // Expiry is the publisher's wish and no loss: it is not counted as a gap (MQTT-3.3.2-5).
        var expired = session.DropOldest();
        BrokerMetrics.Dropped("expired");
        if (session.Durable)
        {
            log.Acknowledged(session, expired.Id);
        }

        _pool.LetGo(expired);
        return true;
    }

    private bool IsReady(Session session, Delivery delivery)
    {
        if (delivery.Ready || delivery.Qos < 2 || !session.Durable)
        {
            return true;
        }

        if (!delivery.Recording)
        {
            Record(session, delivery, log.Sent(session, delivery));
        }

        return delivery.Ready;
    }

    private void Record(Session session, Outgoing packet, ValueTask<long> stored)
    {
        if (session.Link is { WaitsForDisk: false })
        {
            packet.Ready = true;
            SessionLog.Unawaited(stored);
            return;
        }

        packet.Ready = stored.IsCompletedSuccessfully;
        packet.Recording = !packet.Ready;
        if (packet.Recording)
        {
            _steps.Writer.TryWrite(new(session, packet, stored));
        }
    }
}
