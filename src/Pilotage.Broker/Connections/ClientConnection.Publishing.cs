using System.Text;
using System.Threading.Channels;
using Pilotage.Broker.Sessions;
using Pilotage.Core.Durability;
using Pilotage.Protocols.Mqtt;

namespace Pilotage.Broker.Connections;

/// <content>Messages in, and their acks out: in order, each after its message is stored.</content>
internal sealed partial class ClientConnection
{
    private string?[] _topicAliases = [];
    private string _lastTopic = "";
    private byte[] _lastTopicBytes = [];
    private int _unacknowledged;

    private ValueTask OnPublish(byte flags, ReadOnlySpan<byte> body)
    {
        if (!MqttDecoder.TryPublish(body, flags, _version, _limits, out var packet, out var reason))
        {
            return Fail(reason, "PUBLISH is malformed");
        }

        BrokerMetrics.Received(packet.Qos);

        // 3.1.1 has no receive maximum: there the bounded queue of acks makes the reader wait instead. A repeated QoS 2
        // message takes no new place.
        if (packet.Qos > 0 && _version == MqttVersion.V5
            && Volatile.Read(ref _unacknowledged) >= context.Options.ReceiveMaximum
            && (packet.Qos == 1 || !context.Exchange.IsUnreleased(_session!, packet.PacketId)))
        {
            return Fail(MqttReason.ReceiveMaximumExceeded, "more unacknowledged messages than the receive maximum");
        }

        reason = ResolveTopic(packet, out var topic);
        if (reason != MqttReason.Success)
        {
            return Fail(reason, "PUBLISH has no usable topic alias");
        }

        var pending = Accept(packet.ToMessage(topic), packet.PacketId);
        if (pending is { Type: MqttPacketType.PubRec, Refusal: MqttReason.ReceiveMaximumExceeded })
        {
            return Fail(MqttReason.ReceiveMaximumExceeded, "more unreleased QoS 2 messages than the session may have");
        }

        if (packet.Qos > 0 && pending.State == IncomingState.None)
        {
            Interlocked.Increment(ref _unacknowledged);
        }

        return Enqueue(pending);
    }

    /// <summary>PUBREL: PUBCOMP says that the identifier is free, so it waits until that is durable.</summary>
    private ValueTask OnPubRel(ReadOnlySpan<byte> body)
    {
        if (!MqttDecoder.TryAck(body, MqttPacketType.PubRel, _version, _limits, out var ack, out var reason))
        {
            return Fail(reason, "PUBREL is malformed");
        }

        var known = context.Exchange.TryRelease(_session!, ack.PacketId, out var stored);
        var answer = known || _version == MqttVersion.V311 ? MqttReason.Success : MqttReason.PacketIdentifierNotFound;
        var state = known ? IncomingState.Stored : IncomingState.None;
        return Enqueue(new(MqttPacketType.PubComp, ack.PacketId, answer, stored, default, state));
    }

    private ValueTask Enqueue(in PendingAck pending) =>
        _acks.Writer.TryWrite(pending) ? default : _acks.Writer.WriteAsync(pending, context.Stopping);

    private PendingAck Accept(MqttMessage message, ushort packetId)
    {
        var type = message.Qos == 2 ? MqttPacketType.PubRec : MqttPacketType.PubAck;
        var refusal = JudgePublish(message);
        if (refusal != MqttReason.Success)
        {
            return new(type, packetId, refusal);
        }

        var receivedNs = BrokerClock.Ns(context.Time);
        var onceId = message.Qos == 2 ? packetId : (ushort)0;
        var route = context.Exchange.Route(_who!.Tenant, _session, message, receivedNs, onceId);
        if (route.Reason != MqttReason.Success)
        {
            return new(type, packetId, route.Reason);
        }

        var decision = route.State switch
        {
            IncomingState.Pending => EarlierAsync(route.Earlier!),
            IncomingState.Stored => default,
            _ => context.Hooks.ReceiveAsync(_who, message, receivedNs, context.Stopping),
        };
        return new(type, packetId, MqttReason.Success, route.Stored, decision, route.State);
    }

    private static async ValueTask<PublishDecision> EarlierAsync(Task<MqttReason> earlier) =>
        new(await earlier, null);

    /// <summary>Topics that begin with $ are the broker's own (MQTT-4.7.2-1 and the section's advice).</summary>
    private MqttReason JudgePublish(MqttMessage message)
    {
        var judged = JudgeTopic(message.Topic);
        if (judged != MqttReason.Success)
        {
            return judged;
        }

        var allowed = message.Topic[0] != '$'
            && context.Hooks.MayPublish(_who!, message.Topic)
            && (message.ResponseTopic is not { } answer || context.Hooks.MaySubscribe(_who!, answer));
        return allowed ? MqttReason.Success : MqttReason.NotAuthorized;
    }

    private MqttReason JudgeTopic(string topic) =>
        Encoding.UTF8.GetByteCount(topic) > context.Options.TopicBytesMax
        || MqttTopic.Levels(topic) > context.Options.TopicLevelsMax
            ? MqttReason.TopicNameInvalid
            : MqttReason.Success;

    private MqttReason ResolveTopic(in PublishView packet, out string topic)
    {
        topic = "";
        var alias = packet.Properties?.TopicAlias ?? 0;
        if (alias > _topicAliases.Length)
        {
            return MqttReason.TopicAliasInvalid;
        }

        if (packet.Topic.IsEmpty)
        {
            topic = _topicAliases[alias - 1] ?? "";
            return topic.Length > 0 ? MqttReason.Success : MqttReason.ProtocolError;
        }

        // Most clients publish to the same topic again and again: one string then serves them all.
        if (!packet.Topic.SequenceEqual(_lastTopicBytes))
        {
            _lastTopicBytes = packet.Topic.ToArray();
            _lastTopic = packet.TopicText();
        }

        topic = _lastTopic;
        if (alias > 0)
        {
            _topicAliases[alias - 1] = topic;
        }

        return MqttReason.Success;
    }

    private async Task AcknowledgeAllAsync()
    {
        await foreach (var pending in _acks.Reader.ReadAllAsync(CancellationToken.None))
        {
            var reason = await OutcomeAsync(pending);
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

            await AnswerAsync(pending, reason);
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

    private async ValueTask AnswerAsync(PendingAck pending, MqttReason reason)
    {
        // Where there is no ack to say no with, the connection says it: 3.1.1 (MQTT-3.3.5-2) and QoS 0.
        if (reason.IsFailure() && (_version == MqttVersion.V311 || pending.PacketId == 0))
        {
            if (reason is not MqttReason.QuotaExceeded || pending.PacketId != 0)
            {
                End(reason, "a message was refused");
            }
        }
        else if (pending.PacketId != 0)
        {
            await SendAckAsync(pending.Type, pending.PacketId, reason);
        }
    }

    private ValueTask SendAckAsync(MqttPacketType type, ushort packetId, MqttReason reason)
    {
        var packet = Outbound.Acks(type, new(packetId, reason));
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

    private async ValueTask<MqttReason> OutcomeAsync(PendingAck pending)
    {
        if (pending.Refusal != MqttReason.Success)
        {
            return pending.Refusal;
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
            return reason == MqttReason.Success ? decision.Reason : reason;
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            // The host could not store it: no ack of success, whatever went wrong there.
            Log.HookFailed(context.Logger, fault);
            return MqttReason.ImplementationSpecificError;
        }
    }
}
