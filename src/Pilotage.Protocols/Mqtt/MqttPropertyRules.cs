using static Pilotage.Protocols.Mqtt.MqttPacketType;

namespace Pilotage.Protocols.Mqtt;

/// <summary>Which packet may bear which property (MQTT 5.0, table 2-4).</summary>
internal static class MqttPropertyRules
{
    /// <summary>Will properties are a place of their own; zero is no packet type.</summary>
    public const MqttPacketType Will = 0;

    private static readonly ushort[] Allowed = Table();

    public static bool IsAllowed(MqttPropertyId id, MqttPacketType where) =>
        (byte)id < Allowed.Length && (Allowed[(byte)id] & (1 << (byte)where)) != 0;

    private static ushort[] Table()
    {
        var table = new ushort[(int)MqttPropertyId.SharedSubscriptionAvailable + 1];
        Set(
            table,
            [Publish, Will],
            MqttPropertyId.PayloadFormat,
            MqttPropertyId.MessageExpiry,
            MqttPropertyId.ContentType,
            MqttPropertyId.ResponseTopic,
            MqttPropertyId.CorrelationData);
        Set(table, [Publish, Subscribe], MqttPropertyId.SubscriptionId);
        Set(table, [Connect, ConnAck, Disconnect], MqttPropertyId.SessionExpiry);
        Set(table, [Connect, ConnAck, Auth], MqttPropertyId.AuthenticationMethod, MqttPropertyId.AuthenticationData);
        Set(table, [Connect], MqttPropertyId.RequestProblemInformation, MqttPropertyId.RequestResponseInformation);
        Set(table, [Will], MqttPropertyId.WillDelay);
        Set(table, [ConnAck, Disconnect], MqttPropertyId.ServerReference);
        Set(
            table,
            [ConnAck, PubAck, PubRec, PubRel, PubComp, SubAck, UnsubAck, Disconnect, Auth],
            MqttPropertyId.ReasonString);
        Set(
            table,
            [Connect, ConnAck],
            MqttPropertyId.ReceiveMaximum,
            MqttPropertyId.TopicAliasMaximum,
            MqttPropertyId.MaximumPacketSize);
        Set(table, [Publish], MqttPropertyId.TopicAlias);
        Set(
            table,
            [ConnAck],
            MqttPropertyId.AssignedClientId,
            MqttPropertyId.ServerKeepAlive,
            MqttPropertyId.ResponseInformation,
            MqttPropertyId.MaximumQos,
            MqttPropertyId.RetainAvailable,
            MqttPropertyId.WildcardSubscriptionAvailable,
            MqttPropertyId.SubscriptionIdsAvailable,
            MqttPropertyId.SharedSubscriptionAvailable);
        Set(
            table,
            [
                Will, Connect, ConnAck, Publish, PubAck, PubRec, PubRel, PubComp, Subscribe, SubAck, Unsubscribe,
                UnsubAck, Disconnect, Auth,
            ],
            MqttPropertyId.UserProperty);
        return table;
    }

    private static void Set(ushort[] table, ReadOnlySpan<MqttPacketType> where, params ReadOnlySpan<MqttPropertyId> ids)
    {
        foreach (var id in ids)
        {
            foreach (var packet in where)
            {
                table[(byte)id] |= (ushort)(1 << (byte)packet);
            }
        }
    }
}
