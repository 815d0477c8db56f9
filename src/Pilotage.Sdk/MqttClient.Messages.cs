using System.Threading.Channels;
using Pilotage.Protocols.Mqtt;
using Pilotage.Sdk.Mqtt;

namespace Pilotage.Sdk;

/// <content>Messages out within the broker's window, in through the handler, answers to their askers.</content>
public sealed partial class MqttClient
{
    private static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(5);

    /// <summary>QoS 0 messages that wait for the handler; more are dropped, as QoS 0 allows.</summary>
    internal const int UnacknowledgedMax = 1024;

    private readonly SemaphoreSlim _handlers;
    private readonly Dictionary<string, TaskCompletionSource<MqttMessage>> _asked = new(StringComparer.Ordinal);
    private volatile Task _lastAck = Task.CompletedTask;
    private long _dropped;

    /// <summary>QoS 0 messages that came faster than the handler took them and were dropped, 1,024 of them waiting; since the client was made.</summary>
    public long MessagesDropped => Interlocked.Read(ref _dropped);

    /// <summary>
    /// Asks and waits for the answer: sets a response topic and correlation data of this client's own.
    /// </summary>
    /// <param name="request">Sent with QoS 1; 5.0 only.</param>
    /// <param name="responseTopic">A topic this client may subscribe to and the answerer may publish to.</param>
    /// <param name="timeout">Past it a <see cref="TimeoutException"/>.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The first answer.</returns>
    /// <exception cref="MqttRefusedException">The broker refused the subscription or the request.</exception>
    public async ValueTask<MqttMessage> RequestAsync(
        MqttMessage request, string responseTopic, TimeSpan timeout, CancellationToken cancellation)
    {
        var correlation = new byte[16];
        System.Security.Cryptography.RandomNumberGenerator.Fill(correlation);
        var key = Convert.ToHexString(correlation);
        var answer = new TaskCompletionSource<MqttMessage>(TaskCreationOptions.RunContinuationsAsynchronously);
        bool subscribed;
        lock (_gate)
        {
            _asked.Add(key, answer);
            subscribed = _subscriptions.ContainsKey(responseTopic);
        }

        try
        {
            if (!subscribed)
            {
                var granted = await SubscribeAsync(responseTopic, 1, cancellation);
                ThrowIfRefused(granted, $"the subscription to {responseTopic}");
            }

            var asked = request with { Qos = 1, ResponseTopic = responseTopic, CorrelationData = correlation };

            // Not through the queue on disk: nobody waits any more for the answer to a question of an earlier life.
            ThrowIfRefused(await PublishAnsweredAsync(asked, cancellation), $"the request to {request.Topic}");
            return await answer.Task.WaitAsync(timeout, _time, cancellation);
        }
        finally
        {
            lock (_gate)
            {
                _asked.Remove(key);
            }
        }
    }

    private static void ThrowIfRefused(MqttReason reason, string what)
    {
        if (reason.IsFailure())
        {
            throw new MqttRefusedException(reason, $"The broker refused {what}: {reason}.");
        }
    }

    /// <summary>
    /// First what an earlier connection left unanswered, in its order, then what waits; never past the window.
    /// </summary>
    private async Task SendQueuedAsync(Link link, bool sessionPresent)
    {
        try
        {
            PendingPublish[] unanswered;
            lock (_gate)
            {
                unanswered = [.. _inflight];
            }

            foreach (var pending in unanswered)
            {
                await SendAgainAsync(link, pending, sessionPresent);
            }

            while (await _queue.Reader.WaitToReadAsync(link.Ended))
            {
                await link.TakeCreditAsync();
                if (TakeNext() is { } next && !IsBeyond(link, next))
                {
                    await link.SendAsync(LinkPacket.Publish(next.Message, next.PacketId, false), link.Ended);
                }
                else
                {
                    link.ReturnCredit();
                }
            }
        }
        catch (Exception gone) when (gone is ChannelClosedException or OperationCanceledException)
        {
            // The next connection sends the rest.
        }
    }

    private async ValueTask SendAgainAsync(Link link, PendingPublish pending, bool sessionPresent)
    {
        if (pending.Received && !sessionPresent)
        {
            // The broker took the message over with PUBREC; the identifier went with the session.
            Answered(pending.PacketId, MqttReason.Success);
            return;
        }

        if (IsBeyond(link, pending))
        {
            return;
        }

        pending.Duplicate = sessionPresent;
        await link.TakeCreditAsync();
        var packet = pending.Received
            ? LinkPacket.Ack(MqttPacketType.PubRel, pending.PacketId)
            : LinkPacket.Publish(pending.Message, pending.PacketId, pending.Duplicate);
        await link.SendAsync(packet, link.Ended);
    }

    /// <summary>A broker may take less than QoS 2 (MQTT-3.2.2-11): the message is then answered here.</summary>
    private bool IsBeyond(Link link, PendingPublish pending) =>
        pending.Message.Qos > link.QosMax && Answered(pending.PacketId, MqttReason.QosNotSupported);

    private PendingPublish? TakeNext()
    {
        if (!_queue.Reader.TryRead(out var next) || next.Abandoned)
        {
            return null;
        }

        lock (_gate)
        {
            next.PacketId = NextPacketId();
            _inflight.Add(next);
        }

        return next;
    }

    private ValueTask HandleAsync(Link link, LinkEvent happened)
    {
        if (happened.Type is >= MqttPacketType.PubAck and <= MqttPacketType.PubComp
            && happened.Type != MqttPacketType.PubRel
            && TryAnswerStored(link, happened, out var sent))
        {
            return sent;
        }

        switch (happened.Type)
        {
            case MqttPacketType.Publish:
                return TakeAsync(link, happened.PacketId, happened.Message!);
            case MqttPacketType.PubAck or MqttPacketType.PubComp:
                return EndPublish(link, happened.PacketId, happened.Reason);
            case MqttPacketType.PubRec when happened.Reason.IsFailure():
                return EndPublish(link, happened.PacketId, happened.Reason);
            case MqttPacketType.PubRec:
                var known = MarkReceived(happened.PacketId);
                return link.SendAsync(LinkPacket.Ack(MqttPacketType.PubRel, happened.PacketId, known), link.Ended);
            case MqttPacketType.PubRel:
                var held = Forget(happened.PacketId);
                return link.SendAsync(LinkPacket.Ack(MqttPacketType.PubComp, happened.PacketId, held), link.Ended);
            default:
                lock (_gate)
                {
                    if (_controls.TryGetValue(happened.PacketId, out var request))
                    {
                        request.Complete(happened.Reason);
                    }
                }

                return default;
        }
    }

    /// <summary>
    /// Queues a message for the handler. The reader must not wait for handlers: one that publishes waits for an ack
    /// that only the reader can bring. QoS 1 and 2 are bounded by the receive maximum; past its own bound QoS 0 is dropped.
    /// </summary>
    private ValueTask TakeAsync(Link link, ushort packetId, MqttMessage message)
    {
        if (IsAnswer(message))
        {
            _lastAck = AcknowledgeAsync(link, packetId, Task.CompletedTask, _lastAck, message);
            return default;
        }

        if (message.Qos == 2 && HandledBefore(packetId) is { } handled)
        {
            _lastAck = AcknowledgeAsync(link, packetId, handled, _lastAck, message);
            return default;
        }

        if (packetId == 0 && link.Incoming.Reader.Count >= UnacknowledgedMax)
        {
            Interlocked.Increment(ref _dropped);
            return default;
        }

        return link.Incoming.Writer.WriteAsync((packetId, message), link.Ended);
    }

    private async Task DispatchAsync(Link link)
    {
        try
        {
            await foreach (var (packetId, message) in link.Incoming.Reader.ReadAllAsync(link.Ended))
            {
                await _handlers.WaitAsync(link.Ended);
                if (Volatile.Read(ref _draining) != 0)
                {
                    // Not acknowledged: whoever resumes the session gets it.
                    _handlers.Release();
                    return;
                }

                var handled = HandleOneAsync(message);
                if (message.Qos == 2)
                {
                    Remember(packetId, handled);
                }

                _lastAck = AcknowledgeAsync(link, packetId, handled, _lastAck, message);
            }
        }
        catch (OperationCanceledException)
        {
            // The connection went: what was not begun is delivered again.
        }
    }

    private bool IsAnswer(MqttMessage message)
    {
        if (message.CorrelationData.IsEmpty)
        {
            return false;
        }

        lock (_gate)
        {
            return _asked.TryGetValue(Convert.ToHexString(message.CorrelationData.Span), out var asker)
                && asker.TrySetResult(message);
        }
    }

    private async Task HandleOneAsync(MqttMessage message)
    {
        try
        {
            if (OnMessage is { } handler)
            {
                await handler(message, _stopping.Token);
            }
        }
        finally
        {
            _handlers.Release();
        }
    }

    /// <summary>Acks leave in order: each waits for its handler and for the ack before it.</summary>
    private async Task AcknowledgeAsync(Link link, ushort packetId, Task handled, Task before, MqttMessage message)
    {
        await before;
        try
        {
            await handled;
            if (packetId != 0)
            {
                var type = message.Qos == 2 ? MqttPacketType.PubRec : MqttPacketType.PubAck;
                await link.SendAsync(LinkPacket.Ack(type, packetId), link.Ended);
            }
        }
        catch (Exception gone) when (gone is ChannelClosedException or OperationCanceledException)
        {
            // The broker delivers again.
        }
        catch (Exception fault)
        {
            Log.HandlerFailed(_logger, message.Topic, fault);
            Forget(packetId);
            link.Close(MqttReason.ImplementationSpecificError, "the message handler failed", tell: true);
        }
    }

    private async Task DrainHandlersAsync()
    {
        using var patience = new CancellationTokenSource(DrainTimeout, _time);
        try
        {
            for (var i = 0; i < _options.HandlersMax; i++)
            {
                await _handlers.WaitAsync(patience.Token);
            }

            await _lastAck.WaitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            // A handler that hangs must not keep the process; its message is not acknowledged.
        }
    }
}
