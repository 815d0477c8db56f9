using System.Threading.Channels;
using Pilotage.Broker.Sessions;
using Pilotage.Core.Durability;
using Pilotage.Protocols.Mqtt;

namespace Pilotage.Broker.Connections;

/// <content>Acks out: in the order of the messages, each after its message is stored.</content>
internal sealed partial class ClientConnection
{
    // What a listener that acknowledges from memory has promised and the disk has not confirmed; past it acks wait.
    private readonly Channel<PendingAck> _promised = Channel.CreateBounded<PendingAck>(new BoundedChannelOptions(
        (2 * context.Options.ReceiveMaximum) + 64) { SingleReader = true, SingleWriter = true });

    private readonly bool _waitsForDisk = transport.Acks == AckPolicy.Durable;

    private async Task AcknowledgeAllAsync()
    {
        await foreach (var pending in _acks.Reader.ReadAllAsync(CancellationToken.None))
        {
            var outcome = _waitsForDisk || pending.IsSettled ? await OutcomeAsync(pending) : await PromiseAsync(pending);
            var reason = outcome.Reason;
            if (pending.Type == MqttPacketType.PubComp)
            {
                await CompleteAsync(pending, reason);
                continue;
            }

            if (reason.IsFailure())
            {
                BrokerMetrics.Refused(reason);
            }

            if (pending.Type == MqttPacketType.PubRec && pending.State != IncomingState.Pending)
            {
                context.Exchange.Settle(_session!, pending.PacketId, reason);
            }

            // A received QoS 2 message keeps its place until it is released (MQTT 5.0, section 4.9).
            if (pending.PacketId != 0 && (pending.Type == MqttPacketType.PubAck || reason.IsFailure()))
            {
                FreePlace();
            }

            await AnswerAsync(pending, outcome);
        }
    }

    /// <summary>
    /// On a listener that acknowledges from memory the ack does not wait; what becomes of the message is counted.
    /// </summary>
    private async ValueTask<PublishDecision> PromiseAsync(PendingAck pending)
    {
        await _promised.Writer.WriteAsync(pending, CancellationToken.None);
        return PublishDecision.Accepted;
    }

    private async Task SettlePromisesAsync()
    {
        await foreach (var pending in _promised.Reader.ReadAllAsync(CancellationToken.None))
        {
            var outcome = await OutcomeAsync(pending);
            if (outcome.Reason.IsFailure() && pending.Type != MqttPacketType.PubComp)
            {
                BrokerMetrics.Refused(outcome.Reason);
            }
        }
    }

    private async ValueTask CompleteAsync(PendingAck pending, MqttReason reason)
    {
        if (pending.State == IncomingState.Stored)
        {
            if (reason != MqttReason.Success)
            {
                End(reason, "the release of a message could not be recorded");
                return;
            }

            context.Exchange.Forget(_session!, pending.PacketId);
            FreePlace();
        }

        await SendAckAsync(MqttPacketType.PubComp, pending.PacketId, reason);
    }

    /// <summary>Only the queue of acks frees places; what was sent on an earlier connection took none on this one.</summary>
    private void FreePlace()
    {
        if (Volatile.Read(ref _unacknowledged) > 0)
        {
            Interlocked.Decrement(ref _unacknowledged);
        }
    }

    private async ValueTask AnswerAsync(PendingAck pending, PublishDecision outcome)
    {
        var reason = outcome.Reason;

        // Where there is no ack to say no with, the connection says it: 3.1.1 (MQTT-3.3.5-2) and QoS 0.
        if (reason.IsFailure() && (_version == MqttVersion.V311 || pending.PacketId == 0))
        {
            if (reason is not MqttReason.QuotaExceeded || pending.PacketId != 0)
            {
                End(reason, outcome.Text ?? reason.Words());
            }
        }
        else if (pending.PacketId != 0)
        {
            await SendAckAsync(pending.Type, pending.PacketId, reason, outcome.Text);
        }
    }

    private ValueTask SendAckAsync(MqttPacketType type, ushort packetId, MqttReason reason, string? why = null)
    {
        var packet = Outbound.Acks(type, new(packetId, reason, Words(reason, why)));
        return Ended || _outbox.Writer.TryWrite(packet) ? default : WriteUnlessEndedAsync(packet);
    }

    private async ValueTask WriteUnlessEndedAsync(Outbound packet)
    {
        try
        {
            await _outbox.Writer.WriteAsync(packet, context.Stopping);
        }
        catch (Exception ended) when (ended is ChannelClosedException or OperationCanceledException)
        {
            // Nobody is left to tell; the message is stored, and the client will send it again.
        }
    }

    /// <summary>A full disk heals, and the client may try again; anything else is for the operator.</summary>
    private static MqttReason ReasonOf(IOException refused) =>
        refused is CommitLogFullException ? MqttReason.QuotaExceeded : MqttReason.UnspecifiedError;

    /// <summary>A reason string on every refusal, unless the client does not want any (MQTT-3.1.2-29).</summary>
    private MqttProperties? Words(MqttReason reason, string? why = null) =>
        reason.IsFailure() && _version == MqttVersion.V5 && _wantsWords
            ? new() { ReasonString = why ?? reason.Words() }
            : null;

    private async ValueTask<PublishDecision> OutcomeAsync(PendingAck pending)
    {
        if (pending.Refusal != MqttReason.Success)
        {
            return new(pending.Refusal, null);
        }

        var reason = MqttReason.Success;
        try
        {
            await pending.Stored;
        }
        catch (IOException refused)
        {
            reason = ReasonOf(refused);
        }

        try
        {
            var decision = await pending.Decision;
            return reason == MqttReason.Success ? decision : new(reason, null);
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            // The host could not store it: no ack of success, whatever went wrong there.
            Log.HookFailed(context.Logger, fault);
            return new(MqttReason.ImplementationSpecificError, null);
        }
    }
}
