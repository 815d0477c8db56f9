using System.Diagnostics;
using Pilotage.Broker.Sessions;
using Pilotage.Core.Durability;
using Pilotage.Protocols.Mqtt;

namespace Pilotage.Broker.Connections;

/// <content>Acks out: in the order of the messages, each after its message is stored.</content>
internal sealed partial class ClientConnection
{
    private readonly bool _waitsForDisk = transport.Acks == AckPolicy.Durable;
    private readonly Lock _acking = new();

    // Messages whose outcome is not known yet; the first one's completion goes on with the rest.
    private Ring<PendingAck>? _pending;
    private Action? _settle;
    private TaskCompletionSource? _settled;
    private int _settledAt;

    // Room for the receive window and as many QoS 0 messages again; past that the reader waits.
    private int PendingMax => (2 * context.Options.ReceiveMaximum) + 64;

    /// <summary>Answers when it is the message's turn and its outcome is known; waits only for room.</summary>
    private ValueTask Enqueue(PendingAck pending)
    {
        lock (_acking)
        {
            var first = _pending is not { Count: > 0 };
            if (pending.IsSettled && (first || !_waitsForDisk))
            {
                Answer(pending, OutcomeOf(pending));
                return default;
            }

            if (!_waitsForDisk)
            {
                // The client does not wait; what becomes of its message is counted.
                Answer(pending, PublishDecision.Accepted);
                pending = pending with { IsPromised = true };
            }

            (_pending ??= new()).PushBack(pending);
            if (first)
            {
                Settle();
            }

            return _pending.Count < PendingMax ? default : new(UntilSettledAsync(PendingMax / 2));
        }
    }

    /// <summary>Completes when no more than that many messages are without an outcome.</summary>
    private Task UntilSettledAsync(int most)
    {
        lock (_acking)
        {
            if (_pending is null || _pending.Count <= most)
            {
                return Task.CompletedTask;
            }

            _settledAt = most;
            _settled ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
            return _settled.Task;
        }
    }

    /// <summary>Answers whatever is due; the completion of the first that is not comes back here.</summary>
    private void Settle()
    {
        TaskCompletionSource? settled = null;
        lock (_acking)
        {
            while (_pending is { Count: > 0 } ring)
            {
                var pending = ring.Peek();
                if (!pending.IsSettled)
                {
                    Await(pending);
                    break;
                }

                ring.PopFront();
                var outcome = OutcomeOf(pending);
                if (!pending.IsPromised)
                {
                    Answer(pending, outcome);
                }
                else if (outcome.Reason.IsFailure() && pending.Type != MqttPacketType.PubComp)
                {
                    BrokerMetrics.Refused(outcome.Reason);
                }
            }

            if (_pending!.Count <= _settledAt)
            {
                (settled, _settled) = (_settled, null);
            }
        }

        settled?.SetResult();
    }

    /// <summary>Runs on a thread of nobody's: a fault there would end the process, and must cost this connection only.</summary>
    private void GoOn()
    {
        try
        {
            Settle();
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            Log.Faulted(context.Logger, transport.Listener, fault);
            End(MqttReason.ImplementationSpecificError, "an internal error");
            TaskCompletionSource? settled;
            lock (_acking)
            {
                // Nobody is answered any more, so that nothing is acknowledged out of turn.
                _pending = null;
                (settled, _settled) = (_settled, null);
            }

            settled?.SetResult();
        }
    }

    private void Await(in PendingAck pending)
    {
        _settle ??= GoOn;
        if (!pending.Stored.IsCompleted)
        {
            pending.Stored.GetAwaiter().UnsafeOnCompleted(_settle);
        }
        else
        {
            pending.Decision.GetAwaiter().UnsafeOnCompleted(_settle);
        }
    }

    private void Answer(in PendingAck pending, PublishDecision outcome)
    {
        var reason = outcome.Reason;
        if (pending.Type == MqttPacketType.PubComp)
        {
            Complete(pending, reason);
            return;
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
            SendAck(pending.Type, pending.PacketId, reason, outcome.Text);
        }
    }

    private void Complete(in PendingAck pending, MqttReason reason)
    {
        if (pending.State == IncomingState.Stored)
        {
            if (reason != MqttReason.Success)
            {
                End(reason, "the release of a message could not be recorded");
                return;
            }

            if (context.Exchange.Forget(_session!, pending.PacketId))
            {
                FreePlace();
            }
        }

        SendAck(MqttPacketType.PubComp, pending.PacketId, reason);
    }

    /// <summary>Only acks free places; what was sent on an earlier connection took none on this one.</summary>
    private void FreePlace()
    {
        if (Volatile.Read(ref _unacknowledged) > 0)
        {
            Interlocked.Decrement(ref _unacknowledged);
        }
    }

    private void SendAck(MqttPacketType type, ushort packetId, MqttReason reason, string? why = null) =>
        Send(Outbound.Acks(type, new(packetId, reason, Words(reason, why))));

    /// <summary>A full disk heals, and the client may try again; anything else is for the operator.</summary>
    private static MqttReason ReasonOf(IOException refused) =>
        refused is CommitLogFullException ? MqttReason.QuotaExceeded : MqttReason.UnspecifiedError;

    /// <summary>A reason string on every refusal, unless the client does not want any (MQTT-3.1.2-29).</summary>
    private MqttProperties? Words(MqttReason reason, string? why = null) =>
        reason.IsFailure() && _version == MqttVersion.V5 && _wantsWords
            ? new() { ReasonString = why ?? reason.Words() }
            : null;

    /// <summary>What became of a message that is settled; asked once, as its tasks may be.</summary>
    private PublishDecision OutcomeOf(in PendingAck pending)
    {
        Debug.Assert(pending.IsSettled, "Nothing here may wait.");
        if (pending.Refusal != MqttReason.Success)
        {
            return new(pending.Refusal, pending.Why);
        }

        var reason = MqttReason.Success;
        try
        {
            _ = pending.Stored.GetAwaiter().GetResult();
        }
        catch (IOException refused)
        {
            reason = ReasonOf(refused);
        }

        try
        {
            var decision = pending.Decision.GetAwaiter().GetResult();
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
