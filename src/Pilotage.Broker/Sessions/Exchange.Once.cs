using Pilotage.Protocols.Mqtt;

namespace Pilotage.Broker.Sessions;

/// <content>QoS 2 from clients: which identifiers are taken, and how far their messages have come.</content>
internal sealed partial class Exchange
{
    /// <summary>Whether a QoS 2 message under that identifier is here already.</summary>
    public bool IsUnreleased(Session session, ushort packetId)
    {
        lock (_gate)
        {
            return session.IncomingCount > 0 && session.Incoming[packetId] != IncomingState.None;
        }
    }

    /// <summary>The storing of a QoS 2 message has ended; a refused one leaves its identifier free (MQTT-4.3.3-4).</summary>
    public void Settle(Session session, ushort packetId, MqttReason reason)
    {
        lock (_gate)
        {
            if (session.Incoming[packetId] != IncomingState.None)
            {
                session.Incoming[packetId] = reason.IsFailure() ? IncomingState.None : IncomingState.Stored;
                if (reason.IsFailure() && session.Durable)
                {
                    SessionLog.Unawaited(log.Released(session, packetId));
                }
            }

            if (session.Repeats is { } repeats && repeats.Remove(packetId, out var repeat))
            {
                repeat.SetResult(reason);
            }
        }
    }

    /// <summary>
    /// PUBREL: false when the identifier is not known. PUBCOMP waits for <paramref name="stored"/>, and then for
    /// <see cref="Forget"/>.
    /// </summary>
    public bool TryRelease(Session session, ushort packetId, out ValueTask<long> stored)
    {
        lock (_gate)
        {
            stored = default;
            if (session.IncomingCount == 0 || session.Incoming[packetId] == IncomingState.None)
            {
                return false;
            }

            session.Releasing.Add(packetId);
            stored = session.Durable ? log.Released(session, packetId) : default;
            return true;
        }
    }

    /// <summary>The release is durable: from here on the identifier names another message. False when it was free before.</summary>
    public bool Forget(Session session, ushort packetId)
    {
        lock (_gate)
        {
            // A connection that has gone may come here late, when the identifier names another message already.
            if (!session.Releasing.Remove(packetId) || session.Incoming[packetId] == IncomingState.None)
            {
                return false;
            }

            session.Incoming[packetId] = IncomingState.None;
            session.Release(packetId, options.ReceiveMaximum);
            return true;
        }
    }

    /// <summary>
    /// Whether the client has released that identifier before and may not have heard of it: its message is complete, and a
    /// PUBREL that comes again is answered as the first was.
    /// </summary>
    public bool WasReleased(Session session, ushort packetId)
    {
        lock (_gate)
        {
            return session.Released.Contains(packetId);
        }
    }

    private bool IsKnown(Session publisher, ushort onceId, out RouteOutcome before)
    {
        before = default;
        var state = publisher.IncomingCount == 0 ? IncomingState.None : publisher.Incoming[onceId];
        switch (state)
        {
            case IncomingState.None:
                var most = publisher.Version == MqttVersion.V5 ? options.ReceiveMaximum : options.UnreleasedMax;
                before = new(MqttReason.ReceiveMaximumExceeded, default);
                return publisher.IncomingCount >= most;
            case IncomingState.Pending:
                publisher.Repeats ??= [];
                if (!publisher.Repeats.TryGetValue(onceId, out var repeat))
                {
                    repeat = new(TaskCreationOptions.RunContinuationsAsynchronously);
                    publisher.Repeats.Add(onceId, repeat);
                }

                before = new(MqttReason.Success, default, state, repeat.Task);
                return true;
            case IncomingState.Restored:
                // From now on the first sending of this life: the host has to say whether it can store it.
                publisher.Incoming[onceId] = IncomingState.Pending;
                break;
            default:
                break;
        }

        before = new(MqttReason.Success, default, state);
        return true;
    }
}
