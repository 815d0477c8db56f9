using System.Text;
using Pilotage.Broker.Sessions;
using Pilotage.Broker.Topics;
using Pilotage.Protocols.Mqtt;

namespace Pilotage.Broker.Connections;

/// <content>SUBSCRIBE and UNSUBSCRIBE: answered when durable, retained messages after the answer.</content>
internal sealed partial class ClientConnection
{
    private ValueTask OnSubscribe(ReadOnlySpan<byte> body) =>
        MqttDecoder.TrySubscribe(body, _version, _limits, out var packet, out var reason)
            ? SubscribeAsync(packet)
            : Fail(reason, "SUBSCRIBE is malformed");

    private ValueTask OnUnsubscribe(ReadOnlySpan<byte> body) =>
        MqttDecoder.TryUnsubscribe(body, _version, _limits, out var packet, out var reason)
            ? UnsubscribeAsync(packet)
            : Fail(reason, "UNSUBSCRIBE is malformed");

    private async ValueTask SubscribeAsync(SubscribePacket packet)
    {
        var reasons = new MqttReason[packet.Filters.Count];
        var replays = new List<Subscription>();
        for (var i = 0; i < reasons.Length; i++)
        {
            reasons[i] = await SubscribeAsync(packet.Filters[i], packet.Properties, replays);
        }

        Send(Outbound.SubAck(new(packet.PacketId, reasons, Words(FirstFailure(reasons)))));
        Replay(replays);
    }

    private static MqttReason FirstFailure(IReadOnlyList<MqttReason> reasons)
    {
        foreach (var reason in reasons)
        {
            if (reason.IsFailure())
            {
                return reason;
            }
        }

        return MqttReason.Success;
    }

    private async ValueTask<MqttReason> SubscribeAsync(
        SubscribeFilter wish, MqttProperties? properties, List<Subscription> replays)
    {
        var refusal = JudgeFilter(wish.Filter);
        if (refusal != MqttReason.Success)
        {
            return refusal;
        }

        var granted = wish.Qos;
        var subscription = new Subscription(
            wish.Filter,
            granted,
            wish.NoLocal,
            wish.RetainAsPublished,
            wish.RetainHandling,
            properties?.SubscriptionIds?[0]);
        try
        {
            if (!context.Exchange.TrySubscribe(_session!, subscription, out var isNew, out var stored))
            {
                return MqttReason.QuotaExceeded;
            }

            await stored;
            // A shared subscription brings nothing retained (MQTT 5.0, section 4.8.2).
            if ((wish.RetainHandling == 0 || (wish.RetainHandling == 1 && isNew)) && !MqttTopic.IsShared(wish.Filter))
            {
                replays.Add(subscription);
            }

            return (MqttReason)granted;
        }
        catch (IOException refused)
        {
            // What cannot be kept is not promised.
            if (context.Exchange.Unsubscribe(_session!, wish.Filter, out var undone))
            {
                SessionLog.Unawaited(undone);
            }

            return ReasonOf(refused);
        }
    }

    private MqttReason JudgeFilter(string filter)
    {
        if (!MqttTopic.IsValidFilter(filter)
            || Encoding.UTF8.GetByteCount(filter) > context.Options.TopicBytesMax
            || MqttTopic.Levels(filter) > context.Options.TopicLevelsMax)
        {
            return MqttReason.TopicFilterInvalid;
        }

        return JudgeRight(_who!, filter);
    }

    /// <summary>A shared subscription hears what its filter matches, so that filter needs the right.</summary>
    private MqttReason JudgeRight(ClientIdentity who, string filter) =>
        context.Hooks.JudgeSubscribe(who, MqttTopic.TrySplitShare(filter, out _, out var inner) ? inner : filter);

    private async ValueTask UnsubscribeAsync(UnsubscribePacket packet)
    {
        var reasons = new MqttReason[packet.Filters.Count];
        for (var i = 0; i < reasons.Length; i++)
        {
            if (!MqttTopic.IsValidFilter(packet.Filters[i]))
            {
                reasons[i] = MqttReason.TopicFilterInvalid;
            }
            else if (context.Exchange.Unsubscribe(_session!, packet.Filters[i], out var stored))
            {
                await stored;
            }
            else
            {
                reasons[i] = MqttReason.NoSubscriptionExisted;
            }
        }

        Send(Outbound.UnsubAck(new(packet.PacketId, reasons, Words(FirstFailure(reasons)))));
    }
}
