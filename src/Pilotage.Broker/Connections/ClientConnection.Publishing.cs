using System.Text;
using System.Text.Unicode;
using Pilotage.Broker.Sessions;
using Pilotage.Protocols.Mqtt;

namespace Pilotage.Broker.Connections;

/// <content>Messages in.</content>
internal sealed partial class ClientConnection
{
    private static readonly TimeSpan SlowPiece = TimeSpan.FromMilliseconds(500);

    private string?[] _topicAliases = [];
    private string _lastTopic = "";
    private byte[] _lastTopicBytes = [];
    private MqttReason _lastJudged;
    private int _unacknowledged;
    private DevicePace? _pace;

    private ValueTask OnPublish(byte flags, ReadOnlySpan<byte> body)
    {
        if (!MqttDecoder.TryPublish(body, flags, _version, _limits, out var packet, out var reason))
        {
            return Fail(reason, "PUBLISH is malformed");
        }

        if (packet.Properties is { SubscriptionIds: not null })
        {
            // Only a server sends them (MQTT-3.3.4-6).
            return Fail(MqttReason.ProtocolError, "PUBLISH from a client has a subscription identifier");
        }

        BrokerMetrics.Received(packet.Qos);
        Volatile.Write(ref _messagesIn, _messagesIn + 1);

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

        var pending = Accept(packet.Message(topic), packet.PacketId);
        if (pending is { Type: MqttPacketType.PubRec, Refusal: MqttReason.ReceiveMaximumExceeded })
        {
            return Fail(MqttReason.ReceiveMaximumExceeded, "more unreleased QoS 2 messages than the session may have");
        }

        if (packet.Qos > 0 && pending.State == IncomingState.None)
        {
            Interlocked.Increment(ref _unacknowledged);
        }

        var enqueued = Enqueue(pending);
        return _pace?.Count() is { Ticks: > 0 } wait ? SlowAsync(enqueued, wait) : enqueued;
    }

    /// <summary>A device above its rate is read more slowly: by TCP, and by the acks that it waits for, it slows down itself.</summary>
    private async ValueTask SlowAsync(ValueTask enqueued, TimeSpan wait)
    {
        BrokerMetrics.Slowed();
        await enqueued;

        // In pieces: the wait may be for what many other connections of the device have sent, and this one may end meanwhile.
        for (var left = wait; left > TimeSpan.Zero && !Ended; left -= SlowPiece)
        {
            await Task.Delay(left < SlowPiece ? left : SlowPiece, context.Time, context.Stopping);
        }
    }

    /// <summary>PUBREL: PUBCOMP says that the identifier is free, so it waits until that is durable.</summary>
    private ValueTask OnPubRel(ReadOnlySpan<byte> body)
    {
        if (!MqttDecoder.TryAck(body, MqttPacketType.PubRel, _version, _limits, out var ack, out var reason))
        {
            return Fail(reason, "PUBREL is malformed");
        }

        var known = context.Exchange.TryRelease(_session!, ack.PacketId, out var stored);

        // After a break the client releases once more what it has not seen PUBCOMP for: that message is complete, and the
        // answer is the one that was lost. An identifier that was never there is told, where the version has a word for it.
        var answer = known || _version == MqttVersion.V311 || context.Exchange.WasReleased(_session!, ack.PacketId)
            ? MqttReason.Success
            : MqttReason.PacketIdentifierNotFound;
        var state = known ? IncomingState.Stored : IncomingState.None;
        return Enqueue(new(MqttPacketType.PubComp, ack.PacketId, answer, stored, default, state));
    }

    private PendingAck Accept(in MessageView message, ushort packetId)
    {
        var type = message.Qos == 2 ? MqttPacketType.PubRec : MqttPacketType.PubAck;
        var refusal = JudgePublish(message);
        if (refusal != MqttReason.Success)
        {
            return new(type, packetId, refusal)
            {
                Why = refusal == MqttReason.NotAuthorized ? WhyNot(message.Topic) : null,
            };
        }

        var receivedNs = BrokerClock.Ns(context.Time);
        var onceId = message.Qos == 2 ? packetId : (ushort)0;
        var route = context.Exchange.Route(_who!.Tenant, _session, message, onceId);
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

    /// <summary>What the host says of it, as of a topic that means nothing here.</summary>
    private string WhyNot(string topic) => (IsForClients(topic) && !context.Hooks.MayPublish(_who!, topic) ? context.Hooks.WhyNotPublish(_who!, topic) : null)
        ?? $"this client may not publish to {Shown(topic)}, or not ask for answers there";

    /// <summary>The reason goes into the log too, where a topic must not begin a line of its own.</summary>
    private static string Shown(string topic) => topic.Any(char.IsControl) ? "a topic with control characters" : topic;

    private static async ValueTask<PublishDecision> EarlierAsync(Task<MqttReason> earlier) =>
        new(await earlier, null);

    /// <summary>Topics that begin with $ are the broker's own (MQTT-4.7.2-1 and the section's advice).</summary>
    private MqttReason JudgePublish(in MessageView message)
    {
        var judged = ReferenceEquals(message.Topic, _lastTopic) ? _lastJudged : JudgeTopic(message.Topic);
        if (judged != MqttReason.Success)
        {
            return judged;
        }

        if (IsPayloadForeign(message))
        {
            return MqttReason.PayloadFormatInvalid;
        }

        var allowed = IsForClients(message.Topic)
            && context.Hooks.MayPublish(_who!, message.Topic)
            && (message.Properties?.ResponseTopic is not { } answer || context.Hooks.MaySubscribe(_who!, answer));
        return allowed ? MqttReason.Success : MqttReason.NotAuthorized;
    }

    private bool IsForClients(string topic) => topic[0] != '$'
        || (context.Options.AllowsDollarTopics
            && !topic.StartsWith(StatusTopics.Root, StringComparison.Ordinal) && !MqttTopic.IsShared(topic));

    private bool IsPayloadForeign(in MessageView message) =>
        context.Options.ChecksPayloadFormat && message.Properties?.PayloadFormat == 1 && !Utf8.IsValid(message.Payload);

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
            _lastJudged = JudgeTopic(_lastTopic);
        }

        topic = _lastTopic;
        if (alias > 0)
        {
            _topicAliases[alias - 1] = topic;
        }

        return MqttReason.Success;
    }
}
