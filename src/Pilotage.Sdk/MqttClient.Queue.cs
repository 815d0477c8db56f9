using System.Threading.Channels;
using Pilotage.Protocols.Mqtt;
using Pilotage.Sdk.Mqtt;
using Pilotage.Sdk.Outbound;

namespace Pilotage.Sdk;

/// <content>The queue on disk, for clients that ask for one.</content>
public sealed partial class MqttClient
{
    // Messages that go out together, and whose identifiers share a sync.
    private const int TogetherMax = 256;
    private readonly SemaphoreSlim _opening = new(1);
    private OutboundQueue? _stored;

    /// <summary>
    /// Told of each message that left the queue without having reached the broker; must return quickly. Set it before the first
    /// call that opens the queue.
    /// </summary>
    public Action<MqttQueueLoss>? OnQueueLoss { get; set; }

    /// <summary>How the queue on disk stands; nothing without one, or before it is open.</summary>
    public MqttQueueState? Queue => Volatile.Read(ref _stored)?.State;

    /// <summary>
    /// Opens the queue, which the first publish or connect does otherwise: what is wrong with it shows here, and
    /// <see cref="Queue"/> tells what waits. Does nothing without one.
    /// </summary>
    /// <param name="cancellation">Ends the wait for another call that opens it.</param>
    /// <exception cref="MqttQueueException">It cannot be used; <see cref="MqttQueueException.Fault"/> says why.</exception>
    public async Task OpenQueueAsync(CancellationToken cancellation)
    {
        if (_options.Queue is not { } options || Volatile.Read(ref _stored) is not null)
        {
            return;
        }

        await _opening.WaitAsync(cancellation);
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_stored is null)
            {
                var opened = await OutboundQueue.OpenAsync(options, _options.ClientId, _time, _logger, loss => OnQueueLoss?.Invoke(loss));
                Volatile.Write(ref _stored, opened);
            }
        }
        finally
        {
            _opening.Release();
        }
    }

    /// <summary>Waits until the queue on disk is empty: everything published so far has its answer. Returns at once without a queue.</summary>
    /// <param name="cancellation">Ends the wait; what waits stays in the queue.</param>
    /// <exception cref="MqttQueueException">The queue cannot be opened, or has failed.</exception>
    public async Task EmptyQueueAsync(CancellationToken cancellation)
    {
        await OpenQueueAsync(cancellation);
        if (_stored is { } queue)
        {
            await queue.EmptyAsync(cancellation);
        }
    }

    private async ValueTask CloseQueueAsync()
    {
        // Whoever opens it just now is waited for; nobody opens it afterwards.
        await _opening.WaitAsync();
        if (_stored is { } queue)
        {
            await queue.DisposeAsync();
        }

        _opening.Release();
        _opening.Dispose();
    }

    private async ValueTask<MqttReason> StoreAsync(MqttMessage message, CancellationToken cancellation)
    {
        if (message.Qos == 2 && !HasLastingSession)
        {
            throw new InvalidOperationException(
                "A message with QoS 2 that outlives the program needs a session that does, or it could come twice: "
                + $"set {nameof(MqttClientOptions.ClientId)}, {nameof(MqttClientOptions.SessionExpiry)} above zero and {nameof(MqttClientOptions.CleanStart)} = false, or publish with QoS 1.");
        }

        await OpenQueueAsync(cancellation);
        await _stored!.AppendAsync(message, cancellation);
        return MqttReason.Success;
    }

    private bool HasLastingSession => _options is { ClientId.Length: > 0, CleanStart: false } && _options.SessionExpiry > TimeSpan.Zero;

    /// <summary>As <see cref="SendQueuedAsync"/>, from the disk.</summary>
    private async Task SendStoredAsync(Link link, bool sessionPresent)
    {
        if (_stored is not { } queue)
        {
            return;
        }

        try
        {
            foreach (var queued in queue.Unanswered(sessionPresent))
            {
                await SendStoredAgainAsync(link, queue, queued, sessionPresent);
            }

            while (true)
            {
                await queue.ReadyAsync(link.Ended);
                await link.TakeCreditAsync();
                var together = TakeTogether(link, queue);
                await queue.FixAsync(together, link.Ended);
                foreach (var queued in together)
                {
                    await SendOneAsync(link, queue, queued, duplicate: false);
                }
            }
        }
        catch (Exception gone) when (gone is ChannelClosedException or OperationCanceledException or ObjectDisposedException)
        {
            // The next connection sends the rest, or the next life of the program.
        }
        catch (MqttQueueException)
        {
            // Told by the queue itself, and by each publish; what has no queue goes on.
        }
    }

    private static async ValueTask SendStoredAgainAsync(Link link, OutboundQueue queue, QueuedMessage queued, bool sessionPresent)
    {
        if (queued.IsReceived && !sessionPresent)
        {
            // The broker took the message over with PUBREC; the identifier went with the session.
            queue.Acknowledged(queued);
            return;
        }

        await link.TakeCreditAsync();
        await queue.FixAsync([queued], link.Ended);
        if (queued.IsReceived)
        {
            await link.SendAsync(LinkPacket.Ack(MqttPacketType.PubRel, queued.PacketId), link.Ended);
            return;
        }

        await SendOneAsync(link, queue, queued, duplicate: sessionPresent && queued.WasSent);
    }

    private static async ValueTask SendOneAsync(Link link, OutboundQueue queue, QueuedMessage queued, bool duplicate)
    {
        if (queued.Qos > link.QosMax)
        {
            // A broker may take less than QoS 2 (MQTT-3.2.2-11).
            queue.Refuse(queued, MqttReason.QosNotSupported);
            link.ReturnCredit();
            return;
        }

        var packet = queue.Outgoing(queued) is { } message
            ? LinkPacket.Publish(message, queued.PacketId, duplicate)
            : LinkPacket.Ack(MqttPacketType.PubRel, queued.PacketId);
        await link.SendAsync(packet, link.Ended);
    }

    /// <summary>As many as are ready and there is room for; the first credit has been taken.</summary>
    private List<QueuedMessage> TakeTogether(Link link, OutboundQueue queue)
    {
        var together = new List<QueuedMessage>();
        do
        {
            QueuedMessage? next;
            lock (_gate)
            {
                next = queue.TryTake(NextPacketId);
            }

            if (next is null)
            {
                link.ReturnCredit();
                break;
            }

            together.Add(next);
        }
        while (together.Count < TogetherMax && link.TryTakeCredit());
        return together;
    }

    /// <summary>An answer to a message of the queue; false when it is none.</summary>
    private bool TryAnswerStored(Link link, LinkEvent happened, out ValueTask sent)
    {
        sent = default;
        if (_stored is not { } queue || queue.Find(happened.PacketId) is not { } queued)
        {
            return false;
        }

        switch (happened.Type)
        {
            case MqttPacketType.PubAck when queued.Qos == 1:
            case MqttPacketType.PubRec when queued is { Qos: 2, IsReceived: false } && happened.Reason.IsFailure():
                var isNew = happened.Reason.IsFailure() ? queue.Refuse(queued, happened.Reason) : queue.Acknowledged(queued);
                ReturnCredit(link, isNew);
                return true;
            case MqttPacketType.PubRec when queued.Qos == 2 && !happened.Reason.IsFailure():
                var release = LinkPacket.Ack(MqttPacketType.PubRel, happened.PacketId);
                sent = queue.Received(queued, link, () => ReleaseAsync(link, release)) ? link.SendAsync(release, link.Ended) : default;
                return true;
            case MqttPacketType.PubComp when queued.IsReceived:
                // "Not found" means that an earlier one was lost: the message is there all the same.
                ReturnCredit(link, queue.Acknowledged(queued));
                return true;
            default:
                // An answer of the wrong kind ends nothing.
                return true;
        }
    }

    private static void ReturnCredit(Link link, bool isNew)
    {
        if (isNew)
        {
            link.ReturnCredit();
        }
    }

    private static async ValueTask ReleaseAsync(Link link, LinkPacket release)
    {
        try
        {
            await link.SendAsync(release, link.Ended);
        }
        catch (Exception gone) when (gone is ChannelClosedException or OperationCanceledException or ObjectDisposedException)
        {
            // The next connection sends it.
        }
    }

    private void RefuseTooLarge(Link link, ushort packetId)
    {
        if (_stored is { } queue && queue.Find(packetId) is { } queued)
        {
            ReturnCredit(link, queue.Refuse(queued, MqttReason.PacketTooLarge));
        }
        else
        {
            Answered(packetId, MqttReason.PacketTooLarge);
        }
    }
}
