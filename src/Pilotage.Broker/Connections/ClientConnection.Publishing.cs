using System.Text;
using System.Threading.Channels;
using Pilotage.Core.Durability;
using Pilotage.Protocols.Mqtt;

namespace Pilotage.Broker.Connections;

/// <content>Messages in, and their acks out: in order, each after its message is stored.</content>
internal sealed partial class ClientConnection
{
    private const byte QosMax = 1;

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
        if (packet.Qos > QosMax)
        {
            return Fail(MqttReason.QosNotSupported, "QoS 2 was not offered");
        }

        // 3.1.1 has no receive maximum: there the bounded queue of acks makes the reader wait instead.
        if (packet.Qos > 0 && Interlocked.Increment(ref _unacknowledged) > context.Options.ReceiveMaximum
            && _version == MqttVersion.V5)
        {
            return Fail(MqttReason.ReceiveMaximumExceeded, "more unacknowledged messages than the receive maximum");
        }

        reason = ResolveTopic(packet, out var topic);
        if (reason != MqttReason.Success)
        {
            return Fail(reason, "PUBLISH has no usable topic alias");
        }

        var message = packet.ToMessage(topic);
        var pending = Accept(message, packet.PacketId);
        return _acks.Writer.TryWrite(pending) ? default : _acks.Writer.WriteAsync(pending, context.Stopping);
    }

    private PendingAck Accept(MqttMessage message, ushort packetId)
    {
        var refusal = JudgePublish(message);
        if (refusal != MqttReason.Success)
        {
            return new(packetId, refusal, default, default);
        }

        var receivedNs = BrokerClock.Ns(context.Time);
        var route = context.Exchange.Route(_who!.Tenant, _session, message, receivedNs);
        if (route.Reason != MqttReason.Success)
        {
            return new(packetId, route.Reason, default, default);
        }

        var decision = context.Hooks.ReceiveAsync(_who, message, receivedNs, context.Stopping);
        return new(packetId, MqttReason.Success, route.Stored, decision);
    }

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
            if (reason.IsFailure())
            {
                BrokerMetrics.Refused(reason);
            }

            if (pending.PacketId != 0)
            {
                Interlocked.Decrement(ref _unacknowledged);
            }

            await AnswerAsync(pending.PacketId, reason);
        }
    }

    private async ValueTask AnswerAsync(ushort packetId, MqttReason reason)
    {
        if (Ended)
        {
            return;
        }

        // Where there is no PUBACK to say no with, the connection says it: 3.1.1 (MQTT-3.3.5-2) and QoS 0.
        if (reason.IsFailure() && (_version == MqttVersion.V311 || packetId == 0))
        {
            if (reason is not MqttReason.QuotaExceeded || packetId != 0)
            {
                End(reason, "a message was refused");
            }
        }
        else if (packetId != 0 && !_outbox.Writer.TryWrite(Outbound.PubAck(new(packetId, reason))))
        {
            await WriteUnlessEndedAsync(Outbound.PubAck(new(packetId, reason)));
        }
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
